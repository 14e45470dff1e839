/** A parsed answer as observations: the same for live polling and for a recorded timeline. */
import type { Observation, ReadAt } from '../gdoi/observation.ts';
import type { GroupSnapshot } from '../gdoi/snapshot.ts';
import type { ParseResult } from '../ios/parse-result.ts';

type Parsed = Extract<ParseResult, { kind: 'parsed' }>;

export function groupsOf(parsed: Parsed): readonly GroupSnapshot[] {
  return parsed.snapshots.filter((snapshot) => snapshot.role === 'gm' || snapshot.role === 'ks');
}

export function observationsOf(parsed: Parsed, source: ReadAt & { readonly device: string }): readonly Observation[] {
  const { device, sentAtMs, receivedAtMs } = source;
  const base = { device, sentAtMs, receivedAtMs };
  const observations: Observation[] = [];
  const others = parsed.snapshots.filter((snapshot) => snapshot.role !== 'gm' && snapshot.role !== 'ks');
  // An answer without any group is an observation too: it says that there is none.
  if (others.length === 0) {
    observations.push({
      ...base,
      kind: 'groups',
      command: parsed.command,
      snapshots: groupsOf(parsed),
      unknownLines: parsed.unknownLines.length,
    });
  }
  for (const snapshot of others) {
    if (snapshot.role === 'device') observations.push({ ...base, kind: 'facts', facts: snapshot });
    else if (snapshot.role === 'clock') observations.push({ ...base, kind: 'clock', clock: snapshot });
    else observations.push({ ...base, kind: 'log', messages: snapshot.messages, pushed: false });
  }
  if (parsed.logMessages.length > 0) {
    observations.push({ ...base, kind: 'log', messages: parsed.logMessages, pushed: false });
  }
  return observations;
}
