/**
 * `show crypto gdoi ks rekey`: what the KS has sent, and the lifetimes of the keys it sends.
 *
 * No capture of this command exists. The labels follow the vendor's command reference; since `Remaining lifetime`
 * stands under the KEK as under each SA, the line before decides whose it is. Everything here is optional.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_TEKS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsKey, type KsSnapshot, type RekeyTransport } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { parseCount, parseSeconds } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';
import { findRule, type LabelRule, labelTable, unused } from '../text/label-table.ts';

interface KeySketch {
  lifetimeSeconds: number | null;
  remainingSeconds: number | null;
}

interface RekeySketch {
  readonly group: string;
  readonly transport: RekeyTransport | null;
  rekeysSent: number | null;
  retransmits: number | null;
  periodSeconds: number | null;
  attempts: number | null;
  kek: KeySketch | null;
  readonly teks: BoundedList<KeySketch>;
  key: KeySketch | null;
}

// Group diffint (Unicast)
const GROUP_HEADING = /^(?:Group|For group) (\S{1,128}) \((Unicast|Multicast)\):?$/i;
// IPSec SA 1  lifetime (sec)
const SA_LIFETIME = /^IPSec SA \d{1,5} lifetime ?\(secs?\)$/i;

const LIFETIME = /lifetime/i;
const REMAINING = /^Remaining\b/i;

function figure(
  parse: (value: string) => number | null,
  take: (sketch: RekeySketch, value: number) => void,
): LabelRule<RekeySketch> {
  return (sketch, value) => {
    const parsed = parse(value);
    if (parsed === null) return false;
    take(sketch, parsed);
    return true;
  };
}

const LABELS = labelTable<RekeySketch>([
  [
    ['Number of Rekeys sent', 'Rekeys sent'],
    figure(parseCount, (sketch, value) => {
      sketch.rekeysSent = value;
    }),
  ],
  [
    ['Number of Rekeys retransmitted', 'Rekeys retransmitted'],
    figure(parseCount, (sketch, value) => {
      sketch.retransmits = value;
    }),
  ],
  [
    ['KEK rekey lifetime (sec)', 'KEK rekey lifetime (secs)', 'KEK rekey lifetime', 'Rekey lifetime (sec)'],
    (sketch, value) => {
      const lifetimeSeconds = parseSeconds(value);
      if (lifetimeSeconds === null || sketch.kek !== null) return false;
      sketch.kek = { lifetimeSeconds, remainingSeconds: null };
      sketch.key = sketch.kek;
      return true;
    },
  ],
  [
    ['Remaining lifetime (sec)', 'Remaining lifetime (secs)', 'Remaining lifetime'],
    (sketch, value) => {
      if (sketch.key?.remainingSeconds !== null) sketch.key = null;
      if (sketch.key === null) return false;
      sketch.key.remainingSeconds = parseSeconds(value);
      return sketch.key.remainingSeconds !== null;
    },
  ],
  [
    ['Retransmit period', 'Retransmit period (sec)'],
    figure(parseSeconds, (sketch, value) => {
      sketch.periodSeconds = value;
    }),
  ],
  [
    ['Number of retransmissions', 'Retransmit attempts'],
    figure(parseCount, (sketch, value) => {
      sketch.attempts = value;
    }),
  ],
  [['Number of registrations after rekey', 'Multicast destination address'], unused],
]);

const saLifetime: LabelRule<RekeySketch> = (sketch, value) => {
  const lifetimeSeconds = parseSeconds(value);
  if (lifetimeSeconds === null) return false;
  const tek: KeySketch = { lifetimeSeconds, remainingSeconds: null };
  const taken = sketch.teks.add(tek);
  sketch.key = taken ? tek : null;
  return taken;
};

function readRekeys(answer: Answer): Reading {
  const { groups, read } = readByGroup(answer, {
    headingBegins: 'Group ',
    heading: GROUP_HEADING,
    newSketch: (name, transport) => newSketch(name, transport?.toLowerCase() === 'multicast' ? 'multicast' : 'unicast'),
    take: readLine,
    unnamed: () => newSketch(UNNAMED, null),
  });
  const last = groups.at(-1);
  const whole = last !== undefined && last.teks.rows.length > 0 && last.key?.remainingSeconds !== null;
  return {
    snapshots: groups.map(rekeySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: whole || answer.ending === 'prompt' ? null : 'the lifetime of the last IPsec SA',
  };
}

function readLine(sketch: RekeySketch, line: string): boolean {
  const colon = line.indexOf(':');
  const label = line.slice(0, Math.max(0, colon)).trimEnd();
  const rule = SA_LIFETIME.test(label) ? saLifetime : findRule(LABELS, label);
  const known = colon >= 0 && (rule?.(sketch, line.slice(colon + 1).trimStart()) ?? false);
  // a lifetime that is not understood began another key: what is left of that one is not the key's before
  if (!known && LIFETIME.test(label) && !REMAINING.test(label)) sketch.key = null;
  return known;
}

function newSketch(group: string, transport: RekeyTransport | null): RekeySketch {
  return {
    group,
    transport,
    rekeysSent: null,
    retransmits: null,
    periodSeconds: null,
    attempts: null,
    kek: null,
    teks: new BoundedList(MOST_TEKS),
    key: null,
  };
}

function rekeySnapshot(sketch: RekeySketch): KsSnapshot {
  return {
    ...emptyKsSnapshot(sketch.group),
    transport: sketch.transport,
    kek: sketch.kek === null ? null : keySnapshot(sketch.kek),
    retransmit: {
      periodSeconds: sketch.periodSeconds,
      attempts: sketch.attempts,
    },
    teks: sketch.teks.rows.length === 0 ? null : sketch.teks.rows.map(keySnapshot),
    ...(sketch.rekeysSent === null ? {} : { rekeysSent: sketch.rekeysSent }),
    ...(sketch.retransmits === null ? {} : { lastRekeyRetransmits: sketch.retransmits }),
  };
}

function keySnapshot(key: KeySketch): KsKey {
  return { spi: null, ...key, timeToRekeySeconds: null };
}

export const ksRekey: CommandGrammar = {
  names: ['show crypto gdoi ks rekey'],
  recognisedBy: [/^Number of Rekeys (?:sent|retransmitted) *:/i],
  closedLines: [],
  read: readRekeys,
};
