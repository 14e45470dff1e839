/** Flags of the commands that read a history: which store, from when, how much. */
import { InvalidArgumentError } from 'commander';
import { createSystemClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/user-error.ts';
import { MAX_PAGE_EVENTS } from '../store/event-store.ts';
import { readConfig } from './read-config.ts';

export const WHICH_HISTORY = 'one of --config FILE, --store FILE and --agent URL says which history to read';
export const AGENT_TIMEOUT_MS = 30_000;

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

export interface WhichStore {
  readonly config?: string;
  readonly store?: string;
}

export async function storePath({ config, store }: WhichStore): Promise<string> {
  if ((config === undefined) === (store === undefined)) throw new UserError('usage_invalid', WHICH_HISTORY);
  return store ?? (await readConfig(config ?? '')).config.store.sqlitePath;
}

export function instant(text: string): number {
  const age = /^(\d{1,6})([smhd])$/.exec(text);
  if (age) return createSystemClock().wallMs() - Number(age[1]) * (UNIT_MS.get(age[2] ?? '') ?? 0);
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('it is an ISO 8601 instant or an age such as 30m, 24h, 7d.');
  return ms;
}

export function limit(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MAX_PAGE_EVENTS) {
    throw new InvalidArgumentError(`it is a whole number from 1 to ${MAX_PAGE_EVENTS}.`);
  }
  return value;
}
