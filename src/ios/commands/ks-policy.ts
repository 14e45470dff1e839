/**
 * `show crypto gdoi ks policy`: the KEK and the TEKs of each group with their SPIs, and the only statement a KS makes
 * of its own lead: `time to rekey` beside `remaining life`.
 *
 * Two pairs stand in one line, and releases differ in the blanks inside labels (`orig life(sec):`, `override life
 * (sec):`).
 */
import { MOST_TEKS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsKey, type KsSnapshot, type RekeyTransport } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { isAddress, parseKekSpi, parseSeconds, parseTekSpi } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';
import { countOnce, type LabelRule, labelTable, pairsOf, takePairs, unused } from '../text/label-table.ts';

interface KeySketch {
  readonly kind: 'kek' | 'tek';
  spi: string | null;
  lifetimeSeconds: number | null;
  remainingSeconds: number | null;
  timeToRekeySeconds: number | null;
  timeToRekeyShown: boolean;
  /** `override life` is the last line before `time to rekey` of a TEK. */
  overrideShown: boolean;
}

interface PolicySketch {
  readonly group: string;
  readonly server: string | null;
  transport: RekeyTransport | null;
  tekCount: number | null;
  kek: KeySketch | null;
  readonly teks: KeySketch[];
  key: KeySketch | null;
  /** A line that comes after all keys of the group. */
  endShown: boolean;
}

// For group WAN (handle: 0x40000007) server 192.0.2.11 (handle: 0x40000009):
const GROUP_HEADING = /^For group (\S{1,128}) \(handle: ?\S{1,20}\) server (\S{1,45}) \(handle: ?\S{1,20}\):?$/i;
// KEK POLICY (transport type : Unicast)
const KEK_HEADING = /^KEK POLICY \(transport type ?: ?(Unicast|Multicast)\)$/i;
// TEK POLICY (encaps : ENCAPS_TUNNEL)
const TEK_HEADING = /^TEK POLICY(?: \(encaps ?: ?\S{1,40}\))?$/i;
/** A key begins also where the rest of its heading is not understood. */
const KEK_BEGINS = /KEK POL/i;
const TEK_BEGINS = /TEK POL/i;
// Replay Value 442843.29 secs (releases before 15.1 print it under each group's keys, without a colon)
const REPLAY_VALUE = /^Replay Value ?:? ?\d{1,12}(?:\.\d{1,6})? secs?$/i;
// Key Server Policy:
const TITLE = /^Key Server Policy ?:$/;

const NOT_APPLICABLE = /^n\/a$/i;

type SecondsField = 'lifetimeSeconds' | 'remainingSeconds';

function keySeconds(field: SecondsField): LabelRule<PolicySketch> {
  return ofKey(field, (key, value) => {
    key[field] = parseSeconds(value);
    return key[field] !== null;
  });
}

/**
 * A key that has the value already is not the one that this line is of: what follows is nobody's until the next key.
 */
function ofKey(
  field: SecondsField | 'spi' | 'timeToRekeySeconds',
  take: (key: KeySketch, value: string) => boolean,
): LabelRule<PolicySketch> {
  return (policy, value) => {
    if (policy.key !== null && policy.key[field] !== null) policy.key = null;
    return policy.key === null ? false : take(policy.key, value);
  };
}

const LABELS = labelTable<PolicySketch>([
  ['# of teks', countOnce('tekCount')],
  [
    'spi',
    ofKey('spi', (key, value) => {
      key.spi = key.kind === 'kek' ? parseKekSpi(value) : parseTekSpi(value);
      return key.spi !== null;
    }),
  ],
  [['orig life(sec)', 'orig life (sec)'], keySeconds('lifetimeSeconds')],
  [['remaining life(sec)', 'remaining life (sec)'], keySeconds('remainingSeconds')],
  [
    ['time to rekey (sec)', 'time to rekey(sec)'],
    ofKey('timeToRekeySeconds', (key, value) => {
      key.timeToRekeyShown = true;
      if (NOT_APPLICABLE.test(value)) return true;
      key.timeToRekeySeconds = parseSeconds(value);
      return key.timeToRekeySeconds !== null;
    }),
  ],
  [
    ['override life(sec)', 'override life (sec)'],
    (policy) => {
      if (policy.key !== null) policy.key.overrideShown = true;
      return true;
    },
  ],
  [
    [
      'Seq num',
      'management alg',
      'encrypt alg',
      'crypto iv length',
      'key size',
      'sig hash algorithm',
      'sig key length',
      'sig size',
      'sig key name',
      'acknowledgement',
      'access-list',
      'transform',
      '# of transforms',
      'hmac alg',
      'auth alg',
      'alg key size',
      'sig key size',
      'tek life(sec)',
      'elapsed time(sec)',
      'antireplay window size',
      'antireplay window size (sec)',
      'multicast group',
      'replay method',
      'tag method',
      'KGS',
      'SID length',
      'ckm',
      'D3P window',
      'ip d3p window size',
    ],
    unused,
  ],
]);

function readPolicies(answer: Answer): Reading {
  const { groups, read } = readByGroup(answer, {
    headingBegins: 'For group ',
    title: TITLE,
    heading: GROUP_HEADING,
    newSketch: newPolicy,
    take: readLine,
    unnamed: () => newPolicy(UNNAMED),
  });
  return {
    snapshots: groups.map(policySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: answer.ending === 'prompt' ? null : missingIn(groups),
  };
}

function readLine(policy: PolicySketch, line: string): boolean | "another's" {
  if (KEK_BEGINS.test(line)) return policy.kek === null ? startKek(policy, line) : "another's";
  if (TEK_BEGINS.test(line)) return startTek(policy, line);
  if (REPLAY_VALUE.test(line)) {
    policy.endShown = true;
    return true;
  }
  return takePairs(LABELS, policy, pairsOf(line));
}

/** The KEK begins here also where the heading is not understood: what follows is not another key's. */
function startKek(policy: PolicySketch, line: string): boolean {
  const transport = KEK_HEADING.exec(line)?.[1]?.toLowerCase();
  if (transport === 'multicast' || transport === 'unicast') policy.transport = transport;
  policy.kek = newKey('kek');
  policy.key = policy.kek;
  return transport !== undefined;
}

function startTek(policy: PolicySketch, line: string): boolean {
  policy.key = null;
  if (policy.teks.length >= MOST_TEKS) return false;
  policy.key = newKey('tek');
  policy.teks.push(policy.key);
  return TEK_HEADING.test(line);
}

function newPolicy(group: string, server = ''): PolicySketch {
  return {
    group,
    server: isAddress(server) ? server : null,
    transport: null,
    tekCount: null,
    kek: null,
    teks: [],
    key: null,
    endShown: false,
  };
}

function newKey(kind: 'kek' | 'tek'): KeySketch {
  return {
    kind,
    spi: null,
    lifetimeSeconds: null,
    remainingSeconds: null,
    timeToRekeySeconds: null,
    timeToRekeyShown: false,
    overrideShown: false,
  };
}

/** Of the last group all TEKs that it announces must be there, and each key to its last line. */
function missingIn(policies: readonly PolicySketch[]): string | null {
  const last = policies.at(-1);
  if (last === undefined) return 'the policy of a group';
  if (last.tekCount === null && last.kek === null && last.teks.length === 0) return 'the number of TEKs';
  const left = (last.tekCount ?? 0) - last.teks.length;
  if (left > 0) return `${left} ${left === 1 ? 'TEK' : 'TEKs'}`;
  if (last.kek === null && last.teks.length === 0 && last.tekCount !== 0) return 'the KEK policy';
  if (last.kek !== null && last.kek.remainingSeconds === null) return 'the remaining life of the KEK';
  if (last.key?.kind === 'kek' && !last.key.timeToRekeyShown) return 'the time to the KEK rekey';
  const key = last.key;
  if (key === null || key.kind === 'kek' || last.endShown) return null;
  if (key.spi === null || key.remainingSeconds === null) return 'the remaining life of the last TEK';
  const siblingsShow = policies.some((policy) =>
    [policy.kek, ...policy.teks].some((other) => other !== key && other?.timeToRekeyShown === true),
  );
  if (siblingsShow && !key.timeToRekeyShown) return 'the time to rekey of the last TEK';
  return key.overrideShown || key.timeToRekeyShown ? null : 'the end of the last TEK';
}

function policySnapshot(policy: PolicySketch): KsSnapshot {
  return {
    ...emptyKsSnapshot(policy.group),
    transport: policy.transport,
    localAddress: policy.server,
    kek: policy.kek === null ? null : keySnapshot(policy.kek),
    teks: policy.teks.length > 0 || policy.tekCount === 0 ? policy.teks.map(keySnapshot) : null,
  };
}

function keySnapshot(key: KeySketch): KsKey {
  return {
    spi: key.spi,
    lifetimeSeconds: key.lifetimeSeconds,
    remainingSeconds: key.remainingSeconds,
    timeToRekeySeconds: key.timeToRekeySeconds,
  };
}

export const ksPolicy: CommandGrammar = {
  names: ['show crypto gdoi ks policy'],
  recognisedBy: [TITLE, /^For group \S{1,128} \(handle:/],
  closedLines: [
    // Replay Value 442843.29 secs (not read)
    REPLAY_VALUE,
    // time to rekey (sec): n/a
    /^time to rekey ?\(sec\) *: *n\/a$/i,
    // override life(sec) : 0             antireplay window size: 64 (neither is read)
    /^override life ?\(sec\) *: *\d{1,10} +antireplay window size *: *\d{1,6}$/,
  ],
  read: readPolicies,
};
