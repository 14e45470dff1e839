/**
 * Every scenario, watched for up to 45 minutes in three ways: every statement of every event is true of what was observed,
 * each re-registration is reported once, and no cause is wrong. And the auditor can fail: it finds each kind of
 * statement when it is made false.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { SCENARIO_NAMES, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { half } from '../builders/half.ts';
import type { EmittedEvent } from './agent-model.ts';
import { audit } from './audit/audit.ts';
import { judge, type Judgement, warningsOf } from './judge.ts';
import { ALL_PUSHED, aWatch, phaseWatch, type Watch } from './watch.ts';
import { type Watched, watchFleet } from './watch-fleet.ts';

const START_MS = Date.UTC(2026, 0, 1);
const POLLS: Watch = phaseWatch({ name: 'polls alone' });
const PUSHED: Watch = phaseWatch({ name: 'pushed messages and traps', logs: ALL_PUSHED, traps: ALL_PUSHED });
const SNMP: Watch = aWatch({ name: 'SNMP alone with traps', transport: 'snmp', phaseAware: true, traps: ALL_PUSHED });

/** The field fleet runs for two days, in the accuracy benchmark. */
const SCENARIOS = SCENARIO_NAMES.filter((name) => name !== 'field');

/** Scenarios that are not watched by polls alone are watched with messages. */
const TOLD: ReadonlyMap<Watch, readonly ScenarioName[]> = new Map([
  [POLLS, half(SCENARIOS)],
  [PUSHED, half(SCENARIOS, { otherWay: true })],
  [SNMP, half(SCENARIOS)],
]);

/** Nothing new is said of these after 20 minutes, however they are watched: only rekeys and looks go on. */
const BRIEF: ReadonlySet<ScenarioName> = new Set([
  'healthy',
  'coop-failover',
  'ks-upgrade',
  'coop-split',
  'reload-storm',
  'operator-clear',
  'ks-clear-members',
  'mixed-old-gms',
  'unregistered',
  'unauthorized',
  'replay-errors',
  'interface-flap',
  'tek-missing',
]);

const watched = new Map<string, Watched>();

/** Each scenario is watched once, for all tests. */
function watchedScenario(scenario: ScenarioName, watch: Watch): Watched {
  const key = `${scenario}, by ${watch.name}`;
  const known = watched.get(key);
  if (known !== undefined) return known;
  const fleet = createSimulatedFleet({ scenario, seed: 3, startMs: START_MS });
  const hours = BRIEF.has(scenario) ? 0.4 : 0.75;
  const fresh = watchFleet(fleet, watch, { seed: 3, startMs: START_MS, hours });
  watched.set(key, fresh);
  return fresh;
}

for (const [watch, scenarios] of TOLD) {
  test.each(scenarios)(`%s, by ${watch.name}: every statement is true`, (scenario) => {
    const { emitted, observations } = watchedScenario(scenario, watch);
    const findings = audit(emitted, observations);
    expect(findings.map(({ event, said, wrong }) => `${event.id}: "${said}": ${wrong}`)).toEqual([]);
  });
}

/** What an operator would complain about. */
function faults({ registrations, invented }: Judgement) {
  const of = (verdict: string) => registrations.filter((each) => each.verdict === verdict);
  const missed = of('missed').filter(({ invisible }) => invisible === null);
  return { missed: missed.length, wrong: of('wrong').length, invented: invented.length };
}

for (const watch of [POLLS, PUSHED]) {
  test.each(TOLD.get(watch) ?? [])(
    `%s, by ${watch.name}: every re-registration is reported once, and no cause is wrong or needlessly unknown`,
    (scenario) => {
      const judgement = judge(watchedScenario(scenario, watch));
      expect(faults(judgement)).toEqual({ missed: 0, wrong: 0, invented: 0 });
      // A cause that the device's own figures leave open is unknown, never guessed; one that they decide is named.
      const unknown = judgement.registrations.filter(({ verdict }) => verdict === 'unknown');
      expect(unknown.filter(({ undecidable }) => undecidable === null)).toEqual([]);
    },
  );
}

test.each(TOLD.get(SNMP) ?? [])('%s, by SNMP alone with traps: nothing is invented, no cause wrong', (scenario) => {
  expect(faults(judge(watchedScenario(scenario, SNMP)))).toMatchObject({ wrong: 0, invented: 0 });
});

test.each<ScenarioName>(['legacy-ks', 'rekey-loss', 'tek-loss'])(
  '%s, by SNMP alone with traps: no cause is unknown, and at most one re-registration is missed',
  (scenario) => {
    const judgement = judge(watchedScenario(scenario, SNMP));
    expect(judgement.registrations.length).toBeGreaterThan(1);
    // A registration at the very moment of a look may be missed if its keys stay the same.
    expect(judgement.registrations.filter(({ verdict }) => verdict === 'missed').length).toBeLessThanOrEqual(1);
    expect(judgement.registrations.filter(({ verdict }) => verdict === 'unknown')).toEqual([]);
  },
);

test('every KEK-driven re-registration is announced before it begins', () => {
  const { warnable, warned } = warningsOf(watchedScenario('legacy-ks', POLLS));
  expect(warnable).toBeGreaterThan(0);
  expect(warned).toBe(warnable);
});

test('a healthy fleet gives no events other than KEK rekeys', () => {
  const { emitted } = watchedScenario('healthy', POLLS);
  expect(new Set(emitted.map(({ event }) => event.type))).toEqual(new Set(['kek_rekey']));
});

/** The runs from which the sentences of each form are taken. */
const RUNS: readonly (readonly [ScenarioName, Watch])[] = [
  ['demo', PUSHED],
  ['demo', phaseWatch({ name: 'polls and log buffer', buffer: true })],
  ['demo', SNMP],
  ['ks-down', POLLS],
  ['coop-split', POLLS],
  ['coop-failover', POLLS],
  ['ks-clear-members', POLLS],
  ['mixed-old-gms', POLLS],
  ['reload-storm', PUSHED],
  ['operator-clear', POLLS],
  ['legacy-ks', aWatch({ name: 'polls each five minutes', intervalMs: 300_000 })],
];

interface Sentence {
  readonly watched: Watched;
  readonly emitted: EmittedEvent;
  readonly line: string;
}

let runs: readonly Watched[] = [];
/** One event for each sentence form: figures, names and instants left out. */
let sentences: ReadonlyMap<string, Sentence> = new Map();

beforeAll(() => {
  runs = RUNS.map(([scenario, watch]) => watchedScenario(scenario, watch));
  const found = new Map<string, Sentence>();
  for (const watched of runs) {
    for (const emitted of watched.emitted) {
      for (const line of emitted.event.evidence) {
        const key = `${emitted.event.type}: ${formOf(line)}`;
        if (!found.has(key)) found.set(key, { watched, emitted, line });
      }
    }
  }
  sentences = found;
});

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/gu;
const ADDRESS = /\b\d+\.\d+\.\d+\.\d+\b/gu;
const SPI = /0x[0-9A-F]{8}/gu;
const DEVICE = /\b(?:gm|ks)\d+\b/gu;
const MNEMONIC = /\b(?:GM_[A-Z_]+|RESTART|Gm[A-Z]\w+)\b/gu;
/** Figures that are not part of an instant, an address, an SPI, a release, or the bounds of a window. */
const FIGURE = /(?<![\w.:-])\d+(?![\w.:-]|\(| s (?:before|after) expiry|, expiry)/gu;

function formOf(line: string): string {
  return line
    .replaceAll(INSTANT, 'T')
    .replaceAll(ADDRESS, 'A')
    .replaceAll(SPI, 'S')
    .replaceAll(DEVICE, 'D')
    .replaceAll(MNEMONIC, 'M')
    .replaceAll(/\d+/gu, 'N')
    .replaceAll(/(?:S, )+S/gu, 'S');
}

/** The line with one of its quoted parts made false, for each of them. */
function falsified(line: string): readonly string[] {
  const parts: readonly (readonly [RegExp, (quoted: string) => string])[] = [
    [INSTANT, (at) => new Date(Date.parse(at) + 40 * 60_000).toISOString()],
    [ADDRESS, () => '192.0.2.99'],
    [SPI, () => '0xDEADBEEF'],
    [MNEMONIC, () => 'GM_NEVER_SAID'],
  ];
  const bare = line
    .replaceAll(INSTANT, (at) => '#'.repeat(at.length))
    .replaceAll(ADDRESS, (at) => '#'.repeat(at.length));
  const figures = [...bare.matchAll(FIGURE)]
    .filter(({ 0: figure, index }) => !isWindowBound(line, index, figure))
    .map(
      ({ 0: figure, index }) => `${line.slice(0, index)}${Number(figure) + 977}${line.slice(index + figure.length)}`,
    );
  const quoted = parts.flatMap(([pattern, change]) =>
    [...line.matchAll(pattern)].map(
      ({ 0: was, index }) => `${line.slice(0, index)}${change(was)}${line.slice(index + was.length)}`,
    ),
  );
  return [...quoted, ...figures];
}

/** `[expiry - 190 s, expiry - 40 s]` is the window's name, not a figure. */
function isWindowBound(line: string, index: number, figure: string): boolean {
  return /\[expiry[^\]]*$/u.test(line.slice(0, index)) && line.slice(index + figure.length).startsWith(' s');
}

function findingsOf(watched: Watched, emitted: EmittedEvent, change: Partial<GdoiEvent>): readonly string[] {
  const event = { ...emitted.event, ...change };
  const before = watched.emitted.slice(0, watched.emitted.indexOf(emitted));
  const place = (other: EmittedEvent) => other.event.device === event.device && other.event.group === event.group;
  return audit([...before.filter(place), { ...emitted, event }], watched.observations)
    .filter((finding) => finding.event === event)
    .map(({ said }) => said);
}

function planted(watched: Watched, emitted: EmittedEvent, line: string, instead: string): readonly string[] {
  const evidence = emitted.event.evidence.map((other) => (other === line ? instead : other));
  return findingsOf(watched, emitted, { evidence }).filter((said) => said === instead);
}

test('the auditor finds every quoted figure, instant, address, SPI and message that is replaced by another', () => {
  const unnoticed: string[] = [];
  let tried = 0;
  for (const [form, { watched, emitted, line }] of sentences) {
    for (const instead of falsified(line)) {
      tried += 1;
      if (planted(watched, emitted, line, instead).length === 0) unnoticed.push(`${form}: ${instead}`);
    }
  }
  expect(tried).toBeGreaterThan(60);
  expect(unnoticed).toEqual([]);
});

/** Sentences without figures, and others that do not hold in their place. */
const NOT_SO: readonly (readonly [said: string, instead: string])[] = [
  [
    'the KEK afterwards is the same: the KS had not changed it',
    'a new KEK afterwards: the KS had sent a rekey that this GM did not get',
  ],
  [
    'a new KEK afterwards: the KS had sent a rekey that this GM did not get',
    'the KEK afterwards is the same: the KS had not changed it',
  ],
  [
    'a new KEK afterwards: the KS had sent a rekey that this GM did not get',
    'the KEK it brought expired with the old one: it was the same',
  ],
];

test.each(NOT_SO)('the auditor finds it when "%s" is replaced by "%s"', (said, instead) => {
  const found = runs.flatMap((watched) =>
    watched.emitted.filter(({ event }) => event.evidence.includes(said)).map((emitted) => ({ watched, emitted })),
  );
  const [first] = found;
  expect(first).toBeDefined();
  expect(planted(first!.watched, first!.emitted, said, instead)).toEqual([instead]);
});

/** Sentences that are false for a registration after a clear, an hour before any key ran out. */
const NEVER_OF_A_CLEAR = [
  'two registrations in one KEK cycle',
  'that was not due yet',
  'no KEK before, one now: no rekey can have brought it',
  'SNMP only: no counters',
  'the device does not answer: known from its log only',
  'more than one timer can have made it: not decided',
  'the KEK it brought was not seen: not decided',
  'the KS had replaced its KEK long before it was due, and no rekey told this GM',
  'a registration before, in the KEK’s window, that brought the same KEK would not be seen: then the KS is an old one',
  'a sentence that nobody has written a check for',
] as const;

describe('for a registration after a clear,', () => {
  test.each(NEVER_OF_A_CLEAR)('the auditor rejects "%s"', (sentence) => {
    const [watched] = runs;
    const emitted = watched?.emitted.find(({ event }) => event.cause === 'operator_clear');
    const evidence = [...(emitted?.event.evidence ?? []), sentence];
    expect(findingsOf(watched!, emitted!, { evidence })).toContain(sentence);
  });
});

test('the auditor rejects "the uptime was not seen" when an uptime was seen', () => {
  const [first] = runs.flatMap((watched) =>
    watched.emitted.flatMap((emitted) => {
      const line =
        emitted.event.type === 'reregistration' && emitted.event.evidence.find((said) => said.startsWith('uptime '));
      return typeof line === 'string' ? [{ watched, emitted, line }] : [];
    }),
  );
  const instead = 'the uptime was not seen';
  expect(planted(first!.watched, first!.emitted, first!.line, instead)).toEqual([instead]);
});

test('the auditor rejects a first step for the other transport (unicast or multicast)', () => {
  const [demo] = runs;
  const stepOf = (isMulticast: boolean) => {
    const emitted = demo!.emitted.find(
      ({ event }) => event.cause === 'kek_missed_rekey' && (event.group === 'MCAST') === isMulticast,
    );
    return { emitted: emitted!, action: emitted!.event.action };
  };
  const [unicast, multicast] = [stepOf(false), stepOf(true)];
  expect(findingsOf(demo!, multicast.emitted, { action: unicast.action })).toContain(unicast.action);
  expect(findingsOf(demo!, unicast.emitted, { action: multicast.action })).toContain(multicast.action);
});

const HOUR_MS = 3_600_000;
const CHANGES: readonly (readonly [string, string, (event: GdoiEvent) => Partial<GdoiEvent>])[] = [
  ['an instant outside its interval', 'shape', ({ betweenMs }) => ({ atMs: betweenMs[1] + 1 })],
  ['an event without evidence', 'shape', () => ({ evidence: [] })],
  ['a repeated line of evidence', 'shape', ({ evidence }) => ({ evidence: [...evidence, evidence[0] ?? ''] })],
  [
    'an interval that reaches back before the last answer',
    'between',
    ({ betweenMs: [from, to], atMs }) => ({ betweenMs: [from - HOUR_MS / 2, to], atMs }),
  ],
];

test.each(CHANGES)('the auditor finds %s', (_, said, change) => {
  const [watched] = runs;
  const emitted = watched?.emitted.findLast(({ event }) => event.type === 'reregistration');
  expect(findingsOf(watched!, emitted!, change(emitted!.event))).toContain(said);
});

test('the auditor rejects a summary, an expectation and a first step that belong to another cause', () => {
  const [watched] = runs;
  const told = watched!.emitted.filter(({ event }) => event.type === 'reregistration' && event.cause !== 'initial');
  const legacy = told.find(({ event }) => event.cause === 'legacy_ks')!;
  const missed = told.find(({ event }) => event.cause === 'kek_missed_rekey')!;
  const { summary, action } = missed.event;
  const [place = ''] = legacy.event.summary.split(' re-registered');
  const other = summary.replace(/^.*? re-registered/u, `${place} re-registered`);
  expect(findingsOf(watched!, legacy, { summary: other })).toContain(other);
  expect(findingsOf(watched!, legacy, { action })).toContain(legacy.event.summary);
  expect(findingsOf(watched!, legacy, { unexpected: false })).toContain(legacy.event.summary);
  expect(findingsOf(watched!, missed, { summary })).toEqual([]);
});
