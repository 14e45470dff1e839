/** Every field of a tracker's state; what a change of it means for its format: `state-shape.ts`. */
import type { TrackerState } from '../../../src/gdoi/memory/tracker-state.ts';
import { LOG_MARK as MARK, shapeOf, STATED } from '../../builders/state-shape.ts';

const INTERVAL = { fromMs: 'number', toMs: 'number' } as const;
const READ_AT = { sentAtMs: 'number', receivedAtMs: 'number' } as const;
const KEK = { expiry: INTERVAL, anchor: 'number', cookies: 'string | null', spi: 'string | null' } as const;
const TEK = { spi: 'string', expiry: INTERVAL } as const;
const COUNT = { at: READ_AT, count: 'number', roseMs: 'number | null' } as const;
const REREGISTRATION = {
  atMs: 'number',
  'betweenMs?': { list: 'number' },
  cause: 'string',
  unexpected: 'boolean',
  'stated?': 'string',
  'statedBy?': 'string',
  'repeated?': 'number',
  'configuredAgain?': 'boolean',
} as const;

const VIEW = {
  sentMs: 'number',
  receivedMs: 'number',
  keyServer: 'string | null',
  kek: [null, KEK],
  kekShown: 'boolean',
  teks: { list: TEK },
  interfaces: { list: 'string' },
  keysCame: [null, INTERVAL],
  timer: [null, INTERVAL],
  timerAfterKek: 'number | null',
  timerBeforeTek: 'number | null',
  timerOf: 'string | null',
  'clockSet?': 'boolean',
} as const;

const PENDING = {
  kind: 'string',
  between: INTERVAL,
  drafts: {
    list: {
      number: 'number',
      between: INTERVAL,
      atMs: 'number',
      cause: 'string | null',
      evidence: { list: 'string' },
      stated: 'string | null',
      'statedBy?': 'string',
      'configuredAgain?': 'boolean',
    },
  },
  evidence: { list: 'string' },
  allRestarted: 'boolean',
  'toldUntilMs?': 'number',
  'configuredAgain?': 'boolean',
} as const;

const SNMP = {
  look: {
    sentMs: 'number',
    receivedMs: 'number',
    keyServer: 'string | null',
    sequence: 'number | null',
    sequenceOfKek: 'boolean',
    kek: [null, KEK],
    withoutKek: 'boolean',
    kekLost: [null, INTERVAL],
    teks: { list: TEK },
    'elsewhere?': { from: 'string', since: INTERVAL, wandering: 'boolean' },
  },
  sign: [null, { between: INTERVAL, evidence: 'string' }],
  disagreeing: 'number',
} as const;

const GROUP = {
  seen: READ_AT,
  sameBootMs: 'number | null',
  identity: 'string | null',
  registered: 'boolean',
  'multicast?': 'boolean',
  unregistered: [null, INTERVAL],
  'trying?': INTERVAL,
  'retrying?': { fromMs: 'number', toMs: 'number', attempts: 'number' },
  'failingFor?': STATED,
  'vanished?': { between: INTERVAL, answers: 'number', knownMs: 'number | null' },
  counters: {
    succeeded: 'number',
    attempted: 'number | null',
    received: 'number | null',
    sinceRegistration: 'number | null',
    acksSent: 'number | null',
  },
  epoch: { id: 'number', began: 'string', since: INTERVAL },
  emitted: 'number',
  everRegistered: 'boolean',
  countsRekeys: 'boolean',
  'countsTekRekeys?': 'boolean',
  'uncountedTek?': { between: INTERVAL, uptime: 'string | null' },
  view: [null, VIEW],
  tekLifetimeSeconds: 'number | null',
  legacyKek: 'number | null',
  forced: [null, { atMs: 'number', untilMs: 'number', evidence: 'string' }],
  marks: { list: MARK },
  pending: [null, PENDING],
  episodes: {
    overdueKek: 'number | null',
    kekMissing: 'boolean',
    registrationLost: 'boolean',
    registrationFailed: 'boolean',
    tekMissing: 'boolean',
    overdueTek: 'string | null',
    replayErrors: 'boolean',
  },
  withoutTek: [null, INTERVAL],
  replayErrors: [null, COUNT],
  dataplaneErrors: [null, COUNT],
  failedBefore: 'number | null',
  problems: { list: { kind: 'string', times: 'number', clean: 'number' } },
  tally: {
    expected: 'number',
    unexpected: 'number',
    last: [null, REREGISTRATION],
    recent: { list: 'number' },
    'lastUnexpected?': REREGISTRATION,
  },
  counted: 'boolean',
  snmp: [null, SNMP],
} as const;

const FAILURES = {
  inARow: 'number',
  firstMs: 'number',
  unreachable: 'boolean',
  result: 'string',
  'answeredBeside?': { by: 'string', failuresSince: 'number', failedMs: 'number | null' },
} as const;

export const TRACKER_SHAPE = shapeOf<TrackerState>()({
  device: 'string',
  answered: [null, READ_AT],
  answeredBySnmp: [null, READ_AT],
  'answeredBefore?': READ_AT,
  'answeringSinceMs?': 'number',
  'answeredBeforeSinceMs?': 'number',
  'primaryKeks?': { list: { group: 'string', expiry: INTERVAL, readMs: 'number' } },
  'oldBootAnsweredMs?': 'number',
  latestSentMs: 'number | null',
  factsSentMs: 'number | null',
  backInTime: [null, { sentMs: 'number', count: 'number', 'failed?': FAILURES }],
  clockSteps: 'number',
  boot: [
    null,
    {
      at: INTERVAL,
      uptimeSeconds: 'number',
      sentMs: 'number',
      'processor?': { uptimeSeconds: 'number | null', afterSwitchover: 'boolean', sentMs: 'number' },
    },
  ],
  emittedBoot: [null, INTERVAL],
  failures: [null, FAILURES],
  isKs: 'boolean',
  logClock: [
    null,
    {
      offset: INTERVAL,
      zone: 'string | null',
      learntMs: 'number',
      'behind?': { offset: INTERVAL, receivedMs: 'number' },
    },
  ],
  logTail: [null, { readMs: 'number', hashes: { list: 'number' } }],
  groups: { named: GROUP },
  ksMarks: { list: { mark: MARK, groups: { list: { list: 'string' } } } },
});
