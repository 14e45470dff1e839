/**
 * `show crypto gdoi ks rekey`: what the KS has sent, and the lifetimes of the keys it sends.
 *
 * No capture of this command exists. The labels follow the vendor's command reference; since `Remaining lifetime`
 * stands under the KEK as under each SA, the line before decides whose it is. Everything here is optional.
 */
import { addWithin, MOST_TEKS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsKey, type KsSnapshot, type RekeyTransport } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { parseSeconds } from '../text/device-values.ts';
import { readByGroup } from '../text/group-drafts.ts';
import { findRule, type LabelRule, labelTable, unused } from '../text/label-table.ts';

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

const LIFETIME = /lifetime/i;
const REMAINING = /^Remaining\b/i;

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
    (draft, value) => {
      const lifetimeSeconds = parseSeconds(value);
      if (lifetimeSeconds === null || draft.kek !== null) return false;
      draft.kek = { lifetimeSeconds, remainingSeconds: null };
      draft.key = draft.kek;
      return true;
    },
  ],
  [
    ['Remaining lifetime (sec)', 'Remaining lifetime (secs)', 'Remaining lifetime'],
    (draft, value) => {
      if (draft.key?.remainingSeconds !== null) draft.key = null;
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
  const { groups, read } = readByGroup(answer, {
    headingBegins: 'Group ',
    heading: GROUP_HEADING,
    newDraft: (name, transport) => newDraft(name, transport?.toLowerCase() === 'multicast' ? 'multicast' : 'unicast'),
    take: readLine,
    unnamed: () => newDraft(UNNAMED, null),
  });
  const last = groups.at(-1);
  const whole = last !== undefined && last.teks.length > 0 && last.key?.remainingSeconds !== null;
  return {
    snapshots: groups.map(rekeySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: whole || answer.ending === 'prompt' ? null : 'the lifetime of the last IPsec SA',
  };
}

function readLine(draft: RekeyDraft, line: string): boolean {
  const colon = line.indexOf(':');
  const label = line.slice(0, Math.max(0, colon)).trimEnd();
  const rule = SA_LIFETIME.test(label) ? saLifetime : findRule(LABELS, label);
  const known = colon >= 0 && (rule?.(draft, line.slice(colon + 1).trimStart()) ?? false);
  // a lifetime that is not understood began another key: what is left of that one is not the key's before
  if (!known && LIFETIME.test(label) && !REMAINING.test(label)) draft.key = null;
  return known;
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
