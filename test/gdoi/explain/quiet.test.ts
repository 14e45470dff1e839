/** A group counts as quiet only if no rule would report anything about it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cause } from '../../../src/gdoi/events/event.ts';
import { EXPLANATION_CAUSES } from '../../../src/gdoi/explain/explanation.ts';
import {
  type GmFacts,
  type GroupFacts,
  type KsFacts,
  type MemberContext,
  NO_CONTEXT,
} from '../../../src/gdoi/explain/group-facts.ts';
import { isQuiet } from '../../../src/gdoi/explain/quiet.ts';
import { RULES } from '../../../src/gdoi/explain/rules.ts';
import { symptomsOf } from '../../../src/gdoi/explain/symptom.ts';
import type { LoggedReason } from '../../../src/gdoi/log/logged-reason.ts';

const NOW = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const FLAPS = [20, 10, 1].map((ago) => ({ atMs: NOW - ago * MINUTE, role: 'primary' as const }));

/** Usually the first value, sometimes one of the others. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: others.length === 0 ? fc.constant(usual) : fc.constantFrom(...others) },
  );
}

/** Just now, within the hour, somewhat more, long ago, and ahead of the agent's clock. */
const anInstant = fc
  .constantFrom(-1, -9, -30, -59, -61, -70, -130, -3000, 1, 30)
  .map((minutes) => NOW + minutes * MINUTE);

const aReason: fc.Arbitrary<LoggedReason> = fc.record({
  kind: fc.constantFrom(
    'unauthorized',
    'members_cleared',
    'rekey_refused',
    'no_rsa_key',
    'not_installed',
    'certificate_too_early',
  ),
  atMs: anInstant,
  group: fc.constant(null),
  text: fc.constant('%GDOI-1-TEXT: of 10.0.0.1'),
});

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

const aContext: fc.Arbitrary<MemberContext> = fc
  .record({
    bootMs: maybe(anInstant),
    forced: maybe(fc.record({ atMs: anInstant, evidence: fc.constant('a line') })),
    unregisteredSinceMs: maybe(anInstant),
    failedAttempts: mostly<number | null>(null, 0, 1, 7),
    reregistersAtMs: maybe(anInstant),
    nextLookMs: mostly<number | null>(NOW + MINUTE, null, NOW - MINUTE),
    reasons: fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(aReason, { maxLength: 2 }) },
    ),
    linkDown: maybe(fc.record({ sinceMs: anInstant, backMs: maybe(anInstant), evidence: fc.constant(['a line']) })),
    dropping: mostly<true | null>(null, true),
    clock: mostly<MemberContext['clock'] | null>(null, { readMs: NOW, synchronised: false, aheadSeconds: 900 }),
    failure: mostly<MemberContext['failure']>(null, {
      sinceMs: NOW - MINUTE,
      inARow: 3,
      result: 'timeout',
      established: true,
    }),
  })
  .map(({ linkDown, dropping, clock, ...context }) => ({
    ...NO_CONTEXT,
    ...context,
    ...(linkDown === null ? {} : { linkDown }),
    ...(dropping === null ? {} : { dropping }),
    ...(clock == null ? {} : { clock }),
  }));

const CAUSES: readonly Cause[] = [
  'kek_missed_rekey',
  'kek_expired',
  'tek_expired',
  'operator_clear',
  'ks_forced',
  'reload',
  'ks_failover',
  'interface',
  'recovery',
  'unknown',
];

const aGm = (device: string): fc.Arbitrary<GmFacts> =>
  fc
    .record({
      context: aContext,
      registered: mostly<boolean | null>(true, null, false),
      keyServer: mostly<string | null>('10.1.0.1', '10.1.0.2', null),
      behavior: mostly<GmFacts['behavior']>('timer', 'legacy', 'unknown'),
      kek: mostly<GmFacts['kek']>('shown', 'absent', 'unknown'),
      kekSinceMs: anInstant,
      tekExpiryMs: mostly<number | null>(NOW + 30 * MINUTE, null, NOW - MINUTE),
      flags: fc.record({
        tekMissing: mostly(false, true),
        tekOverdue: mostly(false, true),
        rekeyOverdue: mostly(false, true),
        divergent: mostly(false, true),
        kekBehind: mostly(false, true),
        teksBehind: mostly(false, true),
        kekExpiredInUse: mostly(false, true),
      }),
      kekMatchesKs: mostly<boolean | null>(true, null, false),
      tekMatchesKs: mostly<boolean | null>(true, null, false),
      listedByKs: mostly<boolean | null>(true, null, false),
      uncounted: mostly<true | null>(null, true),
      multicast: mostly<true | null>(null, true),
      acksMissed: mostly<number | null>(0, null, 2),
      lastRekeyMs: maybe(anInstant),
      lastReregistration: maybe(fc.record({ cause: fc.constantFrom(...CAUSES), atMs: anInstant })),
    })
    .map(({ context, flags, uncounted, multicast, ...gm }) => ({
      ...context,
      ...flags,
      ...gm,
      device,
      address: '10.0.0.1',
      sentMs: NOW - 5000,
      readMs: NOW - 4000,
      kekExpiryMs: NOW + 300 * MINUTE,
      tekSpis: ['0x0000000A'],
      lastRekeyFrom: null,
      ...(uncounted === null ? {} : { uncounted }),
      ...(multicast === null ? {} : { multicast }),
    }));

const aKs = (device: string): fc.Arbitrary<KsFacts> =>
  fc
    .record({
      context: aContext,
      role: mostly<KsFacts['role']>('primary', 'secondary', null),
      roleSinceMs: anInstant,
      behavior: mostly<KsFacts['behavior']>('timer', 'legacy'),
      members: mostly<number | null>(2, null, 3),
      unread: mostly<true | null>(null, true),
      flaps: mostly(false, true),
      tekSpis: mostly<readonly string[]>(['0x0000000A'], [], ['0x0000000B']),
      kekSinceMs: anInstant,
    })
    .map(({ context, unread, flaps, ...ks }) => ({
      ...context,
      ...ks,
      device,
      address: '10.1.0.1',
      version: '17.6.3',
      readMs: NOW - 3000,
      kekExpiryMs: NOW + 300 * MINUTE,
      tekExpiryMs: NOW + 30 * MINUTE,
      tekMadeMs: NOW - 30 * MINUTE,
      nextRekeyMs: NOW + 25 * MINUTE,
      ...(unread === null ? {} : { unread }),
      ...(flaps ? { roleChanges: FLAPS } : {}),
    }));

const aGroup: fc.Arbitrary<GroupFacts> = fc
  .record({
    gms: fc.array(fc.nat(), { maxLength: 3 }).chain((all) => fc.tuple(...all.map((_, index) => aGm(`gm${index}`)))),
    kss: fc.array(fc.nat(), { maxLength: 2 }).chain((all) => fc.tuple(...all.map((_, index) => aKs(`ks${index}`)))),
    tekLifetimeMs: mostly(60 * MINUTE, 600 * MINUTE),
    split: mostly<GroupFacts['split']>(null, { primaries: ['ks0', 'ks1'], sinceMs: NOW - MINUTE, forMs: MINUTE }),
    primaryMissing: mostly(false, true),
    otherServers: mostly<GroupFacts['otherServers']>([], ['10.1.0.9'], null),
    lost: mostly<boolean | null>(false, null, true),
    mixed: mostly<GroupFacts['mixed']>(null, {
      legacyKss: [{ device: 'ks0', version: '15.1(4)M8' }],
      sending: ['ks0'],
      affectedGms: ['gm0'],
    }),
    listed: fc.constant(new Map()),
    acknowledging: mostly(0, 5),
    acksMissed: mostly<number | null>(null, 2),
  })
  .map(({ lost, acksMissed, ...group }) => ({
    ...group,
    group: 'G1',
    nowMs: NOW,
    pollIntervalMs: MINUTE,
    listAgeMs: 5 * MINUTE,
    rekeyTakesMs: 30_000,
    leadMs: 200_000,
    ofOtherGroup: null,
    members: group.gms.length + group.acknowledging,
    peers: [{ address: '10.1.0.2', device: 'ks1', lost, readMs: NOW - MINUTE, ike: [] }],
    unacknowledged: acksMissed === null ? [] : [{ address: '10.0.0.77', device: null, acksMissed }],
  }));

describe('in a quiet group', () => {
  test('no rule reports anything', () => {
    let quiet = 0;
    fc.assert(
      fc.property(aGroup, (facts) => {
        const open = symptomsOf(facts);
        if (!isQuiet([], open, facts)) return;
        quiet += 1;
        for (const cause of EXPLANATION_CAUSES) {
          const said = RULES[cause]({ facts, open, before: null, last: null, said: [], now: [] });
          expect([cause, said]).toEqual([cause, null]);
        }
      }),
      { numRuns: 3000 },
    );
    expect(quiet).toBeGreaterThan(100);
  });
});
