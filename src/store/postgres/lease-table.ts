/** Leases as rows of the same database as the events, so that a write and its fence are one transaction. */
import type { AgentIdentity, ClusterView, LeaseTable } from '../leases.ts';
import type { PostgresConnections, ResultRow, Session } from './connections.ts';
import {
  ANNOUNCE,
  FENCE_DEAD,
  FORGET_FENCED,
  JOIN,
  LEAVE,
  RELEASE,
  RENEW,
  SELECT_AGENTS,
  SELECT_CELLS,
  TAKE,
  UNWANT,
  WANT,
} from './lease-sql.ts';
import { fromText, toText } from './plain-text.ts';
import type { ServerClock } from './server-clock.ts';

/**
 * `renewals`: connections for nothing else, because a renewal must not wait for a batch or a look. `time`: gets the
 * server's clock with each renewal.
 */
export function createLeaseTable(
  connections: PostgresConnections,
  renewals: PostgresConnections,
  time: ServerClock,
): LeaseTable {
  const run = (sql: string, values: readonly unknown[] = []) => connections.use((session) => session.run(sql, values));
  const runAtOnce = (sql: string, values: readonly unknown[]) => renewals.use((session) => session.run(sql, values));
  return {
    async join({ id, name, url, version, process }, leaseMs) {
      await runAtOnce(JOIN, [id, toText(name), toText(url), toText(version), leaseMs, toText(process)]);
    },
    async renew(id, { number, leaseMs, aloneMs }) {
      const row = await time.hearIn('now_ms', async () => (await runAtOnce(RENEW, [id, leaseMs, aloneMs, number]))[0]);
      return row === undefined ? null : Number(row['others']);
    },
    async announce(id, { weights, digest }) {
      const cells = Array.from(weights, ([cell, weight]) => ({ cell: toText(cell), weight }));
      await run(ANNOUNCE, [JSON.stringify(cells), id, digest]);
    },
    view: () => connections.use(viewOf),
    async fenceDead() {
      await run(FORGET_FENCED);
      const freed = cellsIn(await run(FENCE_DEAD));
      await run(UNWANT);
      return freed;
    },
    async take(id, cells) {
      const got = await run(TAKE, [id, cells.map(toText)]);
      return new Map(got.map((row) => [fromText(String(row['cell'])), Number(row['epoch'])]));
    },
    async want(id, cell) {
      await run(WANT, [id, toText(cell)]);
    },
    async release(id, cells) {
      await run(RELEASE, [id, cells.map(toText)]);
    },
    bury: leave,
    leave,
  };

  async function leave(id: string): Promise<void> {
    await runAtOnce(LEAVE, [id]);
  }
}

async function viewOf(session: Session): Promise<ClusterView> {
  const agents = await session.run(SELECT_AGENTS);
  const cells = await session.run(SELECT_CELLS);
  return {
    agents: agents.map((row) => ({
      ...identityOf(row),
      inventory: String(row['inventory']),
      leftMs: Number(row['left_ms']),
    })),
    cells: cells.map((row) => ({
      cell: fromText(String(row['cell'])),
      agent: idOf(row['agent']),
      term: Number(row['epoch']),
      weight: Number(row['weight']),
      wantedBy: idOf(row['wanted_by']),
    })),
  };
}

function identityOf(row: ResultRow): AgentIdentity {
  const text = (name: string) => fromText(String(row[name]));
  return {
    id: text('id'),
    name: text('name'),
    url: text('url'),
    version: text('version'),
    process: text('process'),
  };
}

function idOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function cellsIn(rows: readonly ResultRow[]): readonly string[] {
  return rows.map((row) => fromText(String(row['cell'])));
}
