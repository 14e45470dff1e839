/** What a poll showed of a device's groups, as one text: the same as long as nothing happened but time. */
import type { Observation } from '../../gdoi/seen/observation.ts';

/** Countdowns and ages run; an answer that differs in them only shows nothing new. */
const RUNS = /Seconds$/;

export function shownState(observations: readonly Observation[]): string {
  const groups = observations.flatMap((observation) => (observation.kind === 'groups' ? [observation] : []));
  // Data-plane counters run too: only what tells of keys, registrations and members counts.
  const telling = groups.filter(({ command }) => !/ (?:replay|dataplane)\b/.test(command));
  return JSON.stringify(
    telling.map(({ command, snapshots }) => [command, snapshots]),
    (key, value: unknown) => (RUNS.test(key) ? undefined : value),
  );
}
