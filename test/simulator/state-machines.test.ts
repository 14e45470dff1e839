/** The simulated devices against the specification of GETVPN's behaviour. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kekLeadMs, tekLeadMs } from '../../src/simulator/world/keys.ts';
import {
  START_MS,
  groupOf,
  numberOf,
  registrations,
  rekeys,
  showAt,
  spisOf,
  valueOf,
} from '../builders/simulated-group.ts';

const seconds = (atMs: number) => (atMs - START_MS) / 1000;
const seeds = fc.integer({ min: 1, max: 2 ** 31 });
const few = { numRuns: 30 };
/** KEK of 1800 s made 50 s before the start. */
const KEK_EXPIRY = 1750;

describe('key server', () => {
  test('a new KS renews the KEK 200 s plus the retransmit part before its expiry', () => {
    const fleet = groupOf({ gms: 3 });
    fleet.advance(START_MS + 3600_000);
    const first = rekeys(fleet).find((rekey) => rekey.kek);
    expect(seconds(first!.atMs)).toBe(KEK_EXPIRY - 225);
  });

  test('an old KS renews the KEK at its expiry', () => {
    const fleet = groupOf({ ks: '15.1(4)M8', gms: 3 });
    fleet.advance(START_MS + 3600_000);
    expect(seconds(rekeys(fleet).find((rekey) => rekey.kek)!.atMs)).toBe(KEK_EXPIRY);
  });

  test('the lead grows by 5 s with each batch of 50 GMs for unicast and is 200 s for multicast', () => {
    const timers = { kekLifetimeMs: 1_200_000, tekLifetimeMs: 600_000, retransmitPeriodMs: 10_000 };
    const unicast = { ...timers, transport: 'unicast' as const, retransmitAttempts: 2 };
    expect(kekLeadMs(unicast, 'timer', 50)).toBe(225_000);
    expect(kekLeadMs(unicast, 'timer', 51)).toBe(230_000);
    expect(kekLeadMs({ ...unicast, retransmitAttempts: 3 }, 'timer', 2)).toBe(235_000);
    expect(kekLeadMs({ ...unicast, transport: 'multicast' }, 'timer', 500)).toBe(200_000);
    expect(kekLeadMs(unicast, 'legacy', 50)).toBe(0);
  });

  test('the lead of a TEK of 600 s with three retransmits is about the 126 s of a real output', () => {
    const lead = tekLeadMs(
      {
        kekLifetimeMs: 1_200_000,
        tekLifetimeMs: 600_000,
        transport: 'unicast',
        retransmitPeriodMs: 10_000,
        retransmitAttempts: 3,
      },
      2,
    );
    expect(Math.abs(lead - 126_000)).toBeLessThanOrEqual(1_000);
  });

  test('a KEK rekey that falls into the retransmits of a TEK rekey goes out with it, as in a real output', () => {
    const fleet = groupOf({ group: { kekLifetimeSeconds: 1200, kekRemainingSeconds: 1150 } });
    fleet.advance(START_MS + 1100_000);
    const kek = rekeys(fleet).find((rekey) => rekey.kek);
    expect(kek?.tek).toBe(true);
  });

  test('remaining life minus time to rekey is the lead', () => {
    const fleet = groupOf({ gms: 2 });
    const policy = showAt(fleet, 'ks1', 100, 'show crypto gdoi ks policy');
    expect(
      Number(/remaining life\(sec\) {3}: (\d+)/u.exec(policy)![1]) - numberOf(policy, 'time to rekey (sec)')!,
    ).toBe(225);
  });

  test('a GM that acknowledges none of three rekeys in a row is dropped', () => {
    const fleet = groupOf({ gms: 2, paths: [{ gm: 'gm1', ks: 'ks1', ackLoss: 1 }] });
    fleet.advance(START_MS + 1600_000);
    const ejections = fleet.groundTruth().filter((event) => event.kind === 'ejection');
    expect(ejections.map((event) => event.device)).toEqual(['gm1']);
    expect(valueOf(showAt(fleet, 'ks1', 1600), 'Group Members')).toBe('1');
    expect(valueOf(showAt(fleet, 'gm1', 1600), 'Registration status')).toBe('Registered');
  });

  test('missed acknowledgements count up rekey by rekey, retransmits come twice', () => {
    const fleet = groupOf({ gms: 1, paths: [{ gm: 'gm1', ks: 'ks1', ackLoss: 1 }] });
    const missed = (at: number) =>
      numberOf(showAt(fleet, 'ks1', at, 'show crypto gdoi ks members'), 'Rekey Acks missed');
    const firstRekey = 600 - 115 - 50;
    expect(missed(firstRekey - 1)).toBe(0);
    expect(missed(firstRekey + 40)).toBe(1);
    const members = showAt(fleet, 'ks1', firstRekey + 41, 'show crypto gdoi ks members');
    expect(numberOf(members, 'Rekeys retries')).toBe(2);
    expect(numberOf(showAt(fleet, 'gm1', firstRekey + 41), 'Unicast rekey received')).toBe(1);
    expect(missed(firstRekey + 485 + 40)).toBe(2);
  });

  test('the sequence number grows with each rekey and restarts with a new KEK', () => {
    const fleet = groupOf({ gms: 1 });
    const sequence = (at: number) => numberOf(showAt(fleet, 'gm1', at), 'Last rekey seq num');
    expect(sequence(436)).toBe(1);
    expect(sequence(436 + 485)).toBe(2);
    expect(sequence(KEK_EXPIRY - 220)).toBe(0);
  });
});

describe('group member with the new behaviour', () => {
  test('under a new KS it never re-registers', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const fleet = groupOf({ gms: 3, seed });
        fleet.advance(START_MS + 3 * 3600_000);
        expect(registrations(fleet)).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });

  test('under an old KS it re-registers twice in every KEK cycle, in the two windows', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const fleet = groupOf({ ks: '15.1(4)M8', gms: 2, seed });
        fleet.advance(START_MS + (KEK_EXPIRY + 3 * 1800 + 100) * 1000);
        for (const gm of ['gm1', 'gm2']) {
          const seen = registrations(fleet, gm);
          expect(seen).toHaveLength(8);
          for (const [index, event] of seen.entries()) {
            const expiry = KEK_EXPIRY + 1800 * Math.floor(index / 2);
            const early = expiry - seconds(event.startedAtMs);
            const first = index % 2 === 0;
            // Whole-second lifetimes: the GM's KEK ends up to a second before the KS's.
            const [latest, earliest] = first ? [40, 191] : [-80, 1];
            expect(event).toMatchObject({ cause: 'legacy_ks', sameKek: first });
            expect(early).toBeGreaterThanOrEqual(latest);
            expect(early).toBeLessThanOrEqual(earliest);
          }
        }
      }),
      few,
    );
  });

  test('between the two re-registrations it holds no KEK from the expiry on, and says so in its log', () => {
    const fleet = groupOf({ ks: '15.1(4)M8', seed: 3 });
    const before = showAt(fleet, 'gm1', KEK_EXPIRY - 20);
    expect(numberOf(before, 'Lifetime (secs)')).toBe(19);
    expect(numberOf(before, 'Re-registers in')).toBeGreaterThanOrEqual(19);
    fleet.advance(START_MS + (KEK_EXPIRY + 100) * 1000);
    const [, second] = registrations(fleet);
    expect(seconds(second!.startedAtMs)).toBeGreaterThan(KEK_EXPIRY);
    const log = fleet.answer('gm1', 'show logging', fleet.nowMs);
    expect(log).toContain('%GDOI-5-GM_DELETE_EXPIRED_KEK: KEK expired for group G1 and was deleted');
  });

  test('a re-registration logs the messages of the specification in their order', () => {
    const fleet = groupOf({ ks: '15.1(4)M8' });
    const seen: string[] = [];
    fleet.onLog(({ device, mnemonic }) => {
      if (device === 'gm1') seen.push(mnemonic);
    });
    fleet.advance(START_MS + (KEK_EXPIRY - 30) * 1000);
    expect(seen.slice(seen.indexOf('GDOI-4-GM_RE_REGISTER'))).toEqual([
      'GDOI-4-GM_RE_REGISTER',
      'CRYPTO-5-GM_REGSTER',
      'GDOI-5-GM_REKEY_TRANS_2_UNI',
      'GDOI-5-SA_KEK_UPDATED',
      'GDOI-5-SA_TEK_UPDATED',
      'GDOI-5-GM_REGS_COMPL',
      'GDOI-5-GM_INSTALL_POLICIES_SUCCESS',
    ]);
  });

  test('that misses the KEK rekey re-registers in [expiry - 190 s, expiry - 40 s] and gets a new KEK', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const fleet = groupOf({ gms: 2, seed, paths: [{ gm: 'gm1', ks: 'ks1', kekRekeyLoss: 1 }] });
        fleet.advance(START_MS + KEK_EXPIRY * 1000);
        const seen = registrations(fleet);
        expect(seen.map((event) => [event.device, event.cause, event.sameKek])).toEqual([
          ['gm1', 'kek_missed_rekey', false],
        ]);
        const early = KEK_EXPIRY - seconds(seen[0]!.startedAtMs);
        expect(early).toBeGreaterThanOrEqual(40);
        expect(early).toBeLessThanOrEqual(191);
      }),
      few,
    );
  });

  test('keeps the old KEK on show while the rekey is overdue', () => {
    const fleet = groupOf({ paths: [{ gm: 'gm1', ks: 'ks1', kekRekeyLoss: 1 }] });
    const text = showAt(fleet, 'gm1', KEK_EXPIRY - 199);
    expect(numberOf(text, 'Lifetime (secs)')).toBeLessThanOrEqual(199);
    const left = numberOf(text, 'Re-registers in')!;
    expect(left).toBeGreaterThanOrEqual(8);
    expect(left).toBeLessThanOrEqual(160);
  });

  test('that misses TEK rekeys re-registers within max(5 %, 72 s) and 60 s of the TEK expiry', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(600, 3600), (seed, tekLifetimeSeconds) => {
        const fleet = groupOf({
          seed,
          group: { kekLifetimeSeconds: 86_400, kekRemainingSeconds: 86_350, tekLifetimeSeconds },
          paths: [{ gm: 'gm1', ks: 'ks1', rekeyLoss: 1 }],
        });
        fleet.advance(START_MS + tekLifetimeSeconds * 1000);
        const [first] = registrations(fleet);
        expect(first?.cause).toBe('tek_expired');
        const early = tekLifetimeSeconds - 50 - seconds(first!.startedAtMs);
        expect(early).toBeGreaterThanOrEqual(60);
        expect(early).toBeLessThanOrEqual(Math.max(72, 0.05 * tekLifetimeSeconds) + 1);
      }),
      few,
    );
  });

  test('shows the earlier of the KEK and the TEK cause as its countdown', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 4000 }), (seed, at) => {
        const fleet = groupOf({ ks: '15.1(4)M8', seed });
        const text = showAt(fleet, 'gm1', at);
        const left = numberOf(text, 'Re-registers in');
        fc.pre(valueOf(text, 'Registration status') === 'Registered');
        expect(left).not.toBeNull();
        fleet.advance(START_MS + (at + left! + 2) * 1000);
        const next = registrations(fleet).find((event) => seconds(event.startedAtMs) >= at);
        const rekeyed = rekeys(fleet).some(
          (rekey) => seconds(rekey.atMs) >= at && seconds(rekey.atMs) <= at + left! + 1,
        );
        fc.pre(!rekeyed);
        expect(Math.abs(seconds(next!.startedAtMs) - at - left!)).toBeLessThanOrEqual(1);
      }),
      few,
    );
  });

  test('loses a rekey that is sent while it holds no KEK', () => {
    // TEK rekey 25 s after the expiry of the KEK of an old KS.
    const fleet = groupOf({ ks: '15.1(4)M8', gms: 8, group: { kekLifetimeSeconds: 1200, kekRemainingSeconds: 1150 } });
    const expiry = 1150;
    const tekRekey = 435 + 485 + 485;
    expect(tekRekey).toBeGreaterThan(expiry);
    fleet.advance(START_MS + (expiry + 1) * 1000);
    fleet.rekeyNow('ks1');
    fleet.advance(START_MS + (expiry + 30) * 1000);
    const without = fleet.devices.filter(({ role, name }) => {
      if (role !== 'gm') return false;
      const [, second] = registrations(fleet, name);
      return second === undefined;
    });
    expect(without.length).toBeGreaterThan(0);
    const ksSpi = /spi {16}: (0x[0-9A-F]{8})/u.exec(
      showAt(fleet, 'ks1', expiry + 30, 'show crypto gdoi ks policy'),
    )![1];
    for (const { name } of without) expect(spisOf(showAt(fleet, name, expiry + 30))[0]).not.toBe(ksSpi);
  });
});

test('a GM takes no rekey again that another one of its KS has replaced: sequence numbers rise (RFC 6407)', () => {
  const fleet = groupOf({
    group: { transport: 'multicast', retransmit: { periodSeconds: 20, attempts: 2 } },
    // Between them the first one's retransmits come.
    script: [100, 111].map((atSeconds) => ({ atSeconds, act: (each) => each.rekeyNow('ks1') })),
  });
  const second = spisOf(showAt(fleet, 'gm1', 119))[0];
  for (const atSeconds of [121, 125, 141, 160]) {
    expect(spisOf(showAt(fleet, 'gm1', atSeconds))[0]).toBe(second);
    expect(numberOf(showAt(fleet, 'gm1', atSeconds), 'Rekeys received')).toBe(2);
  }
});

describe('group member with the old behaviour', () => {
  test('shows no KEK lifetime', () => {
    const text = showAt(groupOf({ gm: '15.1(4)M8' }), 'gm1', 100);
    expect(text).toContain('KEK POLICY:');
    expect(text).not.toContain('Lifetime (secs)');
  });

  test('never re-registers under an old KS', () => {
    const fleet = groupOf({ ks: '15.1(4)M8', gm: '12.4(24)T8', gms: 3 });
    fleet.advance(START_MS + 3 * 3600_000);
    expect(registrations(fleet)).toEqual([]);
  });

  test('keeps its expired KEK when the KEK rekey is lost, and heals with its TEK only', () => {
    const fleet = groupOf({ gm: '15.1(4)M8', paths: [{ gm: 'gm1', ks: 'ks1', kekRekeyLoss: 1 }] });
    const received = (at: number) => numberOf(showAt(fleet, 'gm1', at), 'Unicast rekey received');
    const before = received(KEK_EXPIRY - 230);
    const after = showAt(fleet, 'gm1', KEK_EXPIRY + 20);
    expect(numberOf(after, 'Unicast rekey received')).toBe(before);
    expect(after).toContain('KEK POLICY:');
    fleet.advance(START_MS + (KEK_EXPIRY + 600) * 1000);
    expect(registrations(fleet).map((event) => event.cause)).toEqual(['tek_expired']);
  });
});

describe('counters', () => {
  test('start at zero after a reload, with the uptime', () => {
    const fleet = groupOf({ gms: 1 });
    fleet.advance(START_MS + 1000_000);
    fleet.reloadDevice('gm1', 60);
    fleet.advance(START_MS + 1000_000 + 90_000);
    const text = fleet.answer('gm1', 'show crypto gdoi', fleet.nowMs);
    expect(numberOf(text, 'Succeeded registration')).toBe(1);
    expect(numberOf(text, 'Total received')).toBe(0);
    expect(fleet.answer('gm1', 'show version', fleet.nowMs)).toContain('GM1 uptime is 0 minutes');
    expect(registrations(fleet).map((event) => event.cause)).toEqual(['reload']);
  });

  test('start at zero after `clear crypto gdoi`, while the uptime goes on', () => {
    const fleet = groupOf({ gms: 1 });
    fleet.advance(START_MS + 1000_000);
    fleet.clearGm('gm1');
    fleet.advance(START_MS + 1010_000);
    const text = fleet.answer('gm1', 'show crypto gdoi', fleet.nowMs);
    expect(numberOf(text, 'Succeeded registration')).toBe(1);
    expect(numberOf(text, 'Unicast rekey received')).toBe(0);
    expect(fleet.answer('gm1', 'show version', fleet.nowMs)).toMatch(/GM1 uptime is .*(day|week)/u);
    expect(registrations(fleet).map((event) => event.cause)).toEqual(['operator_clear']);
  });

  test('of rekeys since registration restart with each registration', () => {
    const fleet = groupOf({ paths: [{ gm: 'gm1', ks: 'ks1', kekRekeyLoss: 1 }] });
    fleet.advance(START_MS + KEK_EXPIRY * 1000);
    const text = fleet.answer('gm1', 'show crypto gdoi', fleet.nowMs);
    expect(numberOf(text, 'Total received')).toBeGreaterThan(0);
    expect(numberOf(text, 'After latest register')).toBe(0);
  });
});

describe('key servers that fail', () => {
  test('a GM without any KS stays Registering, counts attempts, loses its TEKs, and registers when the KS is back', () => {
    const fleet = groupOf({ gms: 1 });
    fleet.killKs('ks1');
    const dead = showAt(fleet, 'gm1', 700);
    expect(valueOf(dead, 'Registration status')).toBe('Registering');
    expect(numberOf(dead, 'Attempted registration')).toBeGreaterThan(1);
    expect(spisOf(dead)).toEqual([]);
    expect(fleet.isUp('ks1')).toBe(false);
    fleet.reviveKs('ks1');
    const alive = showAt(fleet, 'gm1', 800);
    expect(valueOf(alive, 'Registration status')).toBe('Registered');
    expect(spisOf(alive)).toHaveLength(1);
  });

  test('a GM goes to the next KS of its list when the first does not answer', () => {
    const fleet = groupOf({ gms: 1, kss: 2, paths: [{ gm: 'gm1', ks: 'ks1', registrationLoss: 1, rekeyLoss: 1 }] });
    expect(valueOf(showAt(fleet, 'gm1', 60), 'Registered with')).toBe('10.1.12.2');
    expect(numberOf(showAt(fleet, 'gm1', 60), 'Attempted registration')).toBe(2);
  });

  test('a secondary becomes primary 30 s after the death of the primary and rekeys with the keys it knew', () => {
    const fleet = groupOf({ gms: 3, kss: 2 });
    fleet.killKs('ks1');
    const coop = (at: number) => showAt(fleet, 'ks2', at, 'show crypto gdoi ks coop');
    expect(coop(29)).toContain('Local KS Role: Secondary');
    expect(coop(31)).toContain('Local KS Role: Primary');
    expect(coop(31)).toContain('Peer KS Status: Dead');
    fleet.advance(START_MS + 2 * 3600_000);
    expect(registrations(fleet)).toEqual([]);
    expect(valueOf(showAt(fleet, 'gm1', 7200), 'Last rekey from')).toBe('10.1.12.2');
  });

  test('the old primary comes back as secondary', () => {
    const fleet = groupOf({ gms: 1, kss: 2 });
    fleet.reloadDevice('ks1');
    const coop = showAt(fleet, 'ks1', 120, 'show crypto gdoi ks coop');
    expect(coop).toContain('Local KS Role: Secondary');
    expect(coop).toContain('Peer KS Role: Primary');
  });

  test('a cut COOP path makes two primaries whose keys part with the next rekey, and healing leaves one', () => {
    const fleet = groupOf({ gms: 2, kss: 2, group: { kekRemainingSeconds: 400 } });
    fleet.cutCoop('ks1', 'ks2');
    const kekSpi = (ks: string, at: number) =>
      /spi : (0x\w+)/u.exec(showAt(fleet, ks, at, 'show crypto gdoi ks policy'))![1];
    expect(showAt(fleet, 'ks1', 40, 'show crypto gdoi ks coop')).toContain('Local KS Role: Primary');
    expect(showAt(fleet, 'ks2', 40, 'show crypto gdoi ks coop')).toContain('Local KS Role: Primary');
    expect(kekSpi('ks1', 40)).toBe(kekSpi('ks2', 40));
    expect(kekSpi('ks1', 200)).not.toBe(kekSpi('ks2', 200));
    fleet.healCoop('ks1', 'ks2');
    expect(showAt(fleet, 'ks2', 210, 'show crypto gdoi ks coop')).toContain('Local KS Role: Secondary');
    expect(kekSpi('ks1', 210)).toBe(kekSpi('ks2', 210));
  });

  test('an upgraded KS renews the KEK ahead, and its new GMs are quiet from then on', () => {
    const fleet = groupOf({ ks: '15.1(4)M8', gms: 2, kss: 2 });
    fleet.upgradeKs('ks2');
    fleet.advance(START_MS + 200_000);
    fleet.upgradeKs('ks1');
    fleet.advance(START_MS + 3 * 3600_000);
    expect(registrations(fleet)).toEqual([]);
    expect(fleet.devices.find(({ name }) => name === 'ks1')?.version).toBe('17.6.3');
  });

  test('`clear crypto gdoi ks members` makes every GM register again', () => {
    const fleet = groupOf({ gms: 4 });
    fleet.clearKsMembers('ks1');
    fleet.advance(START_MS + 120_000);
    expect(registrations(fleet).map((event) => event.cause)).toEqual(Array(4).fill('ks_forced'));
    expect(new Set(registrations(fleet).map((event) => event.device)).size).toBe(4);
  });
});

describe('multicast', () => {
  test('has no acknowledgements, and a KEK rekey 200 s before the expiry', () => {
    const fleet = groupOf({ gms: 3, group: { transport: 'multicast' } });
    const text = showAt(fleet, 'gm1', 600);
    expect(numberOf(text, 'Multicast rekey rcvd')).toBe(1);
    expect(text).not.toContain('ACKs');
    fleet.advance(START_MS + 1700_000);
    expect(seconds(rekeys(fleet).find((rekey) => rekey.kek)!.atMs)).toBe(KEK_EXPIRY - 200);
    expect(registrations(fleet)).toEqual([]);
  });

  test('retransmits help a GM on a path that loses half of the packets', () => {
    const fleet = groupOf({ gms: 40, group: { transport: 'multicast' }, paths: [] });
    for (let gm = 1; gm <= 40; gm += 1) fleet.setPath(`gm${gm}`, 'ks1', { rekeyLoss: 0.5 });
    fleet.advance(START_MS + 600_000);
    const received = Array.from({ length: 40 }, (_, index) =>
      numberOf(showAt(fleet, `gm${index + 1}`, 600), 'Multicast rekey rcvd'),
    ).filter((count) => count === 1).length;
    expect(received).toBeGreaterThan(28);
  });
});
