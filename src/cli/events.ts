/** `gdoiwatch events`: what happened, from a running agent or from the store of a running or stopped one. */
import { Command, Option } from 'commander';
import { CAUSES, type Cause, EVENT_TYPES, type EventType } from '../gdoi/events/event.ts';
import { type EventDocument, eventDocument, isoInstant } from '../gdoi/events/event-document.ts';
import { UserError } from '../kernel/user-error.ts';
import { openSqliteStoreReadOnly } from '../store/sqlite/sqlite-store.ts';
import { createAgentClient } from './agent-client.ts';
import { AGENT_TIMEOUT_MS, instant, limit, storePath, WHICH_HISTORY } from './history-flags.ts';
import { readToken } from './secret-file.ts';

interface EventsFlags {
  readonly config?: string;
  readonly store?: string;
  readonly agent?: string;
  readonly tokenFile?: string;
  readonly since?: number;
  readonly until?: number;
  readonly device?: string;
  readonly group?: string;
  readonly type?: EventType;
  readonly cause?: Cause;
  readonly unexpected?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

export function eventsCommand(): Command {
  return new Command('events')
    .description('query the event history of an agent, newest first')
    .option('--config <file>', 'the configuration whose store is read')
    .option('--store <file>', 'a store file (instead of --config)')
    .option('--agent <url>', 'a running agent (instead of --config)')
    .option('--token-file <file>', 'token for the agent (or the variable GDOIWATCH_TOKEN)')
    .option('--since <when>', 'from this instant on: ISO 8601, or an age such as 30m, 24h, 7d', instant)
    .option('--until <when>', 'before this instant', instant)
    .option('--device <name>', 'of this device')
    .option('--group <name>', 'of this group')
    .addOption(new Option('--type <type>', 'of this type').choices(EVENT_TYPES))
    .addOption(new Option('--cause <cause>', 're-registrations with this cause').choices(CAUSES))
    .option('--unexpected', 'only re-registrations that on-call must look at')
    .option('--limit <n>', 'at most so many', limit, 50)
    .option('--json', 'one JSON object a line, as the API gives them')
    .action(async (flags: EventsFlags) => {
      const { events, more } = await (flags.agent === undefined ? fromStore(flags) : fromAgent(flags.agent, flags));
      process.stdout.write(flags.json ? jsonLines(events) : table(events));
      if (more) process.stderr.write(`more than ${flags.limit} events; see --limit, --since, --until\n`);
    });
}

interface Found {
  readonly events: readonly EventDocument[];
  readonly more: boolean;
}

async function fromStore(flags: EventsFlags): Promise<Found> {
  await using history = await openSqliteStoreReadOnly(await storePath(flags));
  const { device, group, type, cause, unexpected, limit } = flags;
  const page = await history.query({
    sinceMs: flags.since,
    untilMs: flags.until,
    device,
    group,
    type,
    cause,
    unexpected,
    limit,
    order: 'newest_first',
  });
  return { events: page.events.map(eventDocument), more: page.nextCursor !== null };
}

async function fromAgent(url: string, flags: EventsFlags): Promise<Found> {
  if (flags.config !== undefined || flags.store !== undefined) throw new UserError('usage_invalid', WHICH_HISTORY);
  const client = createAgentClient(url, await readToken(flags.tokenFile));
  const { device, group, type, cause, unexpected, since, until, limit } = flags;
  const asked = { device, group, type, cause, unexpected, limit, since: iso(since), until: iso(until) };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value));
  const answer = await client.get(`/api/v1/events?${query.toString()}`, AGENT_TIMEOUT_MS);
  const page = answer.kind === 'document' ? eventPage(answer.document) : null;
  if (page === null) throw new UserError('agent_unsuitable', `no gdoiwatch of this version listens at ${client.url}`);
  return page;
}

function eventPage(document: unknown): Found | null {
  if (document === null || typeof document !== 'object') return null;
  const { events, next_cursor: next } = Object.fromEntries(Object.entries(document));
  return Array.isArray(events) && events.every(isEventDocument) ? { events, more: next !== null } : null;
}

function isEventDocument(value: unknown): value is EventDocument {
  if (value === null || typeof value !== 'object') return false;
  return ['id', 'at', 'type', 'severity', 'summary'].every((name) => typeof Reflect.get(value, name) === 'string');
}

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function jsonLines(events: readonly EventDocument[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

function table(events: readonly EventDocument[]): string {
  if (events.length === 0) return 'no such events\n';
  const rows = events.map((event) => [
    isoInstant(Math.round(Date.parse(event.at) / 1000) * 1000),
    event.severity,
    event.type,
    event.device ?? '',
    event.group ?? '',
    event.cause ?? '',
    event.summary,
  ]);
  const all = [['at', 'severity', 'type', 'device', 'group', 'cause', 'summary'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
