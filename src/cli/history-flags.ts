/** Flags of the commands that read a history: which one, since when, how much. */
import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { createSystemClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/user-error.ts';
import { MAX_PAGE_EVENTS } from '../store/event-store.ts';
import { type AgentClient, createAgentClient } from './agent-client.ts';
import { DEFAULT_CONFIG, readConfig } from './read-config.ts';
import { readToken, tokenFileFlag } from './secret-file.ts';
import { parseIsoInstant } from '../kernel/iso-instant.ts';

const WHICH_HISTORY = 'name one history to read: --config FILE, --store FILE or --agent URL';
/** Shown beside a `--config` that other flags can replace. */
export const ELSE_DEFAULT = `(default: the variable GDOIWATCH_CONFIG, else ${DEFAULT_CONFIG})`;
export const AGENT_TIMEOUT_MS = 30_000;

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

export interface WhichHistory {
  readonly config?: string;
  readonly store?: string;
  readonly agent?: string;
  readonly tokenFile?: string;
}

/** The filters of every history, wherever it is kept. */
export interface HistoryAsked {
  readonly since?: number;
  readonly until?: number;
  readonly device?: string;
  readonly group?: string;
  readonly limit: number;
}

export type HistorySource =
  | { readonly kind: 'store'; readonly path: string }
  | { readonly kind: 'agent'; readonly client: AgentClient };

export function withHistoryFlags(command: Command): Command {
  return command
    .option('--config <file>', `read the store of this configuration ${ELSE_DEFAULT}`)
    .option('--store <file>', 'read this store file instead')
    .option('--agent <url>', 'ask this running agent instead')
    .addOption(tokenFileFlag());
}

/** The history that the flags name; without flags, the store of the configuration in the present folder. */
export async function historySource({ agent, tokenFile, ...stored }: WhichHistory): Promise<HistorySource> {
  const given = [stored.config, stored.store, agent].filter((flag) => flag !== undefined);
  if (given.length > 1) throw new UserError('usage_invalid', WHICH_HISTORY);
  if (agent !== undefined) return { kind: 'agent', client: createAgentClient(agent, await readToken(tokenFile)) };
  const path = await storeFile(stored, { which: WHICH_HISTORY, instead: 'ask a running agent (--agent URL)' });
  return { kind: 'store', path };
}

/** The store's file. `said`: which flags there are, and what to do if the store is PostgreSQL. */
export async function storeFile(
  { config, store }: Pick<WhichHistory, 'config' | 'store'>,
  said: { readonly which: string; readonly instead: string },
): Promise<string> {
  if (config !== undefined && store !== undefined) throw new UserError('usage_invalid', said.which);
  if (store !== undefined) return store;
  const named = config ?? process.env['GDOIWATCH_CONFIG'];
  if (named === undefined && !existsSync(DEFAULT_CONFIG)) {
    throw new UserError('usage_invalid', `${said.which}; there is no ${DEFAULT_CONFIG} here`);
  }
  const configured = (await readConfig(named ?? DEFAULT_CONFIG)).config.store;
  if (configured.kind === 'sqlite') return configured.path;
  throw new UserError('usage_invalid', `the store of ${named ?? DEFAULT_CONFIG} is PostgreSQL: ${said.instead}`);
}

/** `--since`; `what` says which instant is meant. */
export function sinceFlag(what: string): Option {
  return new Option('--since <when>', `${what}: ISO 8601, or an age such as 30m, 24h, 7d`).argParser(instant);
}

/** `--until`, likewise. */
export function untilFlag(what: string): Option {
  return new Option('--until <when>', what).argParser(instant);
}

/** `--limit`, for what is listed. */
export function limitFlag(): Option {
  return new Option('--limit <n>', 'show at most this many').argParser(limit).default(50);
}

/** `--json`, one line per object of the API. */
export function jsonLinesFlag(): Option {
  return new Option('--json', 'print one JSON object per line, as the API returns them');
}

function instant(text: string): number {
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  if (age) return createSystemClock().wallMs() - Number(age[1]) * (UNIT_MS.get(age[2] ?? '') ?? 0);
  const ms = parseIsoInstant(text);
  if (ms === null) throw new InvalidArgumentError('it must be an ISO 8601 time or an age such as 30m, 24h, 7d.');
  return ms;
}

function limit(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MAX_PAGE_EVENTS) {
    throw new InvalidArgumentError(`it must be a whole number from 1 to ${MAX_PAGE_EVENTS}.`);
  }
  return value;
}

/** The filters that are given, as the query of a request. */
export function queryOf(asked: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value));
  return query.toString();
}

export function isoOrAbsent(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** If a damaged store left something out, a warning says so. */
export function warnOfDamage(fields: object, message: string): void {
  process.stderr.write(`warning: ${message}: ${JSON.stringify(fields)}\n`);
}
