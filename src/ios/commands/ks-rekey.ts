/**
 * `show crypto gdoi ks rekey`: what the KS has sent, and the lifetimes of the keys it sends.
 *
 * No capture of this command exists. The labels follow the vendor's command reference; since `Remaining lifetime` stands
 * under the KEK as under each SA, the line before decides whose it is. Everything here is optional.
 */
import { addWithin, MOST_TEKS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsKey, type KsSnapshot, type RekeyTransport } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { collapseBlanks, parseSeconds } from '../text/device-values.ts';
import { findRule, type LabelRule, labelTable, unused } from '../text/label-table.ts';
import { readGroups } from '../text/read-groups.ts';

interface KeyDraft {
  lifetimeSeconds: number | null;
  remainingSeconds: number | null;
}

interface RekeyDraft {
  readonly group: string;
  readonly transport: RekeyTransport | null;
  rekeysSent: number | null;
  retransmits: number | null;
  periodSeconds: number | null;
  attempts: number | null;
  kek: KeyDraft | null;
  readonly teks: KeyDraft[];
  key: KeyDraft | null;
}

// Group diffint (Unicast)
const GROUP_HEADING = /^(?:Group|For group) (\S{1,128}) \((Unicast|Multicast)\):?$/i;
// IPSec SA 1  lifetime (sec)
const SA_LIFETIME = /^IPSec SA \d{1,5} lifetime ?\(secs?\)$/i;

function seconds(take: (draft: RekeyDraft, value: number) => void): LabelRule<RekeyDraft> {
  return (draft, value) => {
    const parsed = parseSeconds(value);
    if (parsed === null) return false;
    take(draft, parsed);
    return true;
  };
}

const LABELS = labelTable<RekeyDraft>([
  [
    ['Number of Rekeys sent', 'Rekeys sent'],
    seconds((draft, value) => {
      draft.rekeysSent = value;
    }),
  ],
  [
    ['Number of Rekeys retransmitted', 'Rekeys retransmitted'],
    seconds((draft, value) => {
      draft.retransmits = value;
    }),
  ],
  [
    ['KEK rekey lifetime (sec)', 'KEK rekey lifetime (secs)', 'KEK rekey lifetime', 'Rekey lifetime (sec)'],
    seconds((draft, value) => {
      draft.kek = { lifetimeSeconds: value, remainingSeconds: null };
      draft.key = draft.kek;
    }),
  ],
  [
    ['Remaining lifetime (sec)', 'Remaining lifetime (secs)', 'Remaining lifetime'],
    (draft, value) => {
      if (draft.key === null) return false;
      draft.key.remainingSeconds = parseSeconds(value);
      return draft.key.remainingSeconds !== null;
    },
  ],
  [
    ['Retransmit period', 'Retransmit period (sec)'],
    seconds((draft, value) => {
      draft.periodSeconds = value;
    }),
  ],
  [
    ['Number of retransmissions', 'Retransmit attempts'],
    seconds((draft, value) => {
      draft.attempts = value;
    }),
  ],
  [['Number of registrations after rekey', 'Multicast destination address'], unused],
]);

const saLifetime: LabelRule<RekeyDraft> = (draft, value) => {
  const lifetimeSeconds = parseSeconds(value);
  if (lifetimeSeconds === null) return false;
  const tek: KeyDraft = { lifetimeSeconds, remainingSeconds: null };
  const taken = addWithin(MOST_TEKS, draft.teks, tek);
  draft.key = taken ? tek : null;
  return taken;
};

function readRekeys(answer: Answer): Reading {
  const first = answer.filter === null ? [] : [newDraft(UNNAMED, null)];
  const { groups, read } = readGroups(answer.lines, first, (all, line) => readLine(all, collapseBlanks(line)));
  const last = groups.at(-1);
  const whole = last !== undefined && last.teks.length > 0 && last.key?.remainingSeconds !== null;
  return {
    snapshots: groups.map(rekeySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: whole || answer.ending === 'prompt' ? null : 'the lifetime of the last IPsec SA',
  };
}

function readLine(groups: RekeyDraft[], line: string): boolean {
  const heading = GROUP_HEADING.exec(line);
  if (heading?.[1] !== undefined) {
    groups.push(newDraft(heading[1], heading[2]?.toLowerCase() === 'multicast' ? 'multicast' : 'unicast'));
    return true;
  }
  const draft = groups.at(-1);
  const colon = line.indexOf(':');
  if (draft === undefined || colon < 0) return false;
  const label = line.slice(0, colon).trimEnd();
  const rule = SA_LIFETIME.test(label) ? saLifetime : findRule(LABELS, label);
  return rule?.(draft, line.slice(colon + 1).trimStart()) ?? false;
}

function newDraft(group: string, transport: RekeyTransport | null): RekeyDraft {
  return {
    group,
    transport,
    rekeysSent: null,
    retransmits: null,
    periodSeconds: null,
    attempts: null,
    kek: null,
    teks: [],
    key: null,
  };
}

function rekeySnapshot(draft: RekeyDraft): KsSnapshot {
  return {
    ...emptyKsSnapshot(draft.group),
    transport: draft.transport,
    kek: draft.kek === null ? null : keySnapshot(draft.kek),
    retransmit: {
      periodSeconds: draft.periodSeconds,
      attempts: draft.attempts,
    },
    teks: draft.teks.length === 0 ? null : draft.teks.map(keySnapshot),
    ...(draft.rekeysSent === null ? {} : { rekeysSent: draft.rekeysSent }),
    ...(draft.retransmits === null ? {} : { lastRekeyRetransmits: draft.retransmits }),
  };
}

function keySnapshot(key: KeyDraft): KsKey {
  return { spi: null, ...key, timeToRekeySeconds: null };
}

export const ksRekey: CommandGrammar = {
  names: ['show crypto gdoi ks rekey'],
  recognisedBy: [/^Number of Rekeys (?:sent|retransmitted) *:/i],
  closedLines: [],
  read: readRekeys,
};
