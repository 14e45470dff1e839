/** The named scenarios do what they say, and do it again with the same seed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { driveFleet } from '../../src/simulator/fleet/fleet-driver.ts';
import { type SimulatedFleet, createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import {
  FIDELITY_LIFETIMES,
  SCENARIOS,
  SCENARIO_NAMES,
  type ScenarioName,
} from '../../src/simulator/scenarios/scenario.ts';
import { START_MS, registrations, showAt, spisOf, valueOf } from '../builders/simulated-group.ts';

function fleetNamed(scenario: ScenarioName, seed = 1): SimulatedFleet {
  return createSimulatedFleet({ scenario, seed, startMs: START_MS });
}

/** Registrations after the start: [device, cause, seconds]. */
function seen(fleet: SimulatedFleet, untilSeconds: number): [string, string, number][] {
  fleet.advance(START_MS + untilSeconds * 1000);
  return registrations(fleet)
    .filter((event) => event.startedAtMs >= START_MS)
    .map((event) => [event.device, event.cause, (event.startedAtMs - START_MS) / 1000]);
}

function causes(fleet: SimulatedFleet, untilSeconds: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, cause] of seen(fleet, untilSeconds)) counts[cause] = (counts[cause] ?? 0) + 1;
  return counts;
}

test.each(SCENARIO_NAMES.filter((name) => name !== 'field'))(
  '%s is the same with the same seed, however finely it is advanced, and another with another',
  (scenario) => {
    const once = fleetNamed(scenario);
    once.advance(START_MS + 900_000);
    const stepwise = fleetNamed(scenario);
    for (let second = 1; second <= 900; second += 1) stepwise.advance(START_MS + second * 1000);
    expect(stepwise.groundTruth()).toEqual(once.groundTruth());
    for (const { name } of once.devices) {
      expect(showAt(stepwise, name, 900)).toBe(showAt(once, name, 900));
      expect(showAt(stepwise, name, 900, 'show logging')).toBe(showAt(once, name, 900, 'show logging'));
    }
    expect(showAt(fleetNamed(scenario, 2), 'ks1', 0, 'show crypto gdoi ks policy')).not.toBe(
      showAt(fleetNamed(scenario), 'ks1', 0, 'show crypto gdoi ks policy'),
    );
  },
);

test('time never goes back: an earlier instant changes nothing', () => {
  const fleet = fleetNamed('healthy');
  fleet.advance(START_MS + 100_000);
  const events = fleet.groundTruth().length;
  fleet.advance(START_MS);
  expect(fleet.nowMs).toBe(START_MS + 100_000);
  expect(fleet.groundTruth()).toHaveLength(events);
});

describe('every scenario', () => {
  test.each(SCENARIO_NAMES)('%s says what it is and what to expect in one line each', (name) => {
    expect(SCENARIOS[name].description).toMatch(/^[^\n]{20,160}$/u);
    expect(SCENARIOS[name].expect).toMatch(/^[^\n]{20,240}$/u);
  });

  test.each(SCENARIO_NAMES)('%s starts warm: its GMs have a history', (name) => {
    const fleet = fleetNamed(name);
    const initial = fleet.groundTruth().filter((event) => event.kind === 'registration' && event.cause === 'initial');
    expect(initial.length).toBeGreaterThan(0);
    expect(Math.max(...initial.map((event) => event.atMs))).toBeLessThan(START_MS);
  });

  test('an answer never throws and never shows a negative countdown', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SCENARIO_NAMES.filter((name) => name !== 'field')),
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 8 }),
        (scenario, seed, steps) => {
          const fleet = fleetNamed(scenario, seed);
          let at = 0;
          for (const step of steps) {
            at += step;
            for (const { name, role } of fleet.devices) {
              if (!fleet.isUp(name)) continue;
              const commands =
                role === 'ks' ? ['show crypto gdoi', 'show crypto gdoi ks policy'] : ['show crypto gdoi'];
              for (const command of commands)
                expect(showAt(fleet, name, at, command)).not.toMatch(/-\d+ ?secs?\b|\(-\d|NaN|undefined/u);
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

test('healthy: nothing re-registers', () => {
  expect(seen(fleetNamed('healthy'), 7200)).toEqual([]);
});

test('legacy-ks: each GM twice in the first five minutes', () => {
  expect(causes(fleetNamed('legacy-ks'), 300)).toEqual({ legacy_ks: 8 });
});

test('rekey-loss: gm1 alone, in the window before the expiry', () => {
  const events = seen(fleetNamed('rekey-loss'), 300);
  expect(events.map(([device, cause]) => [device, cause])).toEqual([['gm1', 'kek_missed_rekey']]);
  expect(events[0]![2]).toBeGreaterThanOrEqual(79);
  expect(events[0]![2]).toBeLessThanOrEqual(230);
});

test('rekey-loss-fleet: all GMs', () => {
  expect(causes(fleetNamed('rekey-loss-fleet'), 300)).toEqual({ kek_missed_rekey: 8 });
});

test('tek-loss: gm1 for its TEK, again and again', () => {
  const events = seen(fleetNamed('tek-loss'), 1500);
  expect(new Set(events.map(([device, cause]) => `${device} ${cause}`))).toEqual(new Set(['gm1 tek_expired']));
  expect(events.length).toBeGreaterThanOrEqual(3);
});

test('ks-down: no GM registers before the KS is back, then all do', () => {
  const fleet = fleetNamed('ks-down');
  expect(seen(fleet, 619)).toEqual([]);
  expect(valueOf(showAt(fleet, 'gm1', 619), 'Registration status')).toBe('Registering');
  expect(seen(fleet, 720)).toHaveLength(4);
});

test('rsa-mismatch: no GM can use a rekey of the new primary', () => {
  const fleet = fleetNamed('rsa-mismatch');
  expect(new Set(seen(fleet, 1200).map(([, cause]) => cause))).not.toContain('ks_forced');
  expect(new Set(seen(fleet, 1200).map(([device]) => device)).size).toBe(4);
});

test('replay-errors: packets are dropped and no GM re-registers', () => {
  expect(seen(fleetNamed('replay-errors'), 1200)).toEqual([]);
});

test('interface-flap: gm1 alone, each time its interface is back', () => {
  const events = seen(fleetNamed('interface-flap'), 1500);
  expect(events.map(([device, cause]) => [device, cause])).toEqual([
    ['gm1', 'interface'],
    ['gm1', 'interface'],
  ]);
});

test('tek-missing: gm1 stays registered, and no GM re-registers', () => {
  const fleet = fleetNamed('tek-missing');
  expect(seen(fleet, 900)).toEqual([]);
});

test('ejection-coop: the first KS drops gm1', () => {
  const fleet = fleetNamed('ejection-coop');
  fleet.advance(START_MS + 3_600_000);
  const ejections = fleet.groundTruth().filter((event) => event.kind === 'ejection');
  expect(ejections.map((event) => event.device)).toContain('gm1');
});

test('coop-failover: a change of roles and no re-registration', () => {
  const fleet = fleetNamed('coop-failover');
  expect(seen(fleet, 3600)).toEqual([]);
  expect(
    fleet.groundTruth().some((event) => event.kind === 'role' && event.device === 'ks2' && event.role === 'primary'),
  ).toBe(true);
});

test('ks-upgrade: legacy_ks in the first cycle only', () => {
  const fleet = fleetNamed('ks-upgrade');
  expect(causes(fleet, 300)).toEqual({ legacy_ks: 8 });
  expect(seen(fleet, 7200)).toHaveLength(8);
});

test('coop-split: GMs of the two sides hold different TEKs after the rekey', () => {
  const fleet = fleetNamed('coop-split');
  expect(spisOf(showAt(fleet, 'gm1', 300))[0]).not.toBe(spisOf(showAt(fleet, 'gm2', 300))[0]);
  expect(spisOf(showAt(fleet, 'gm1', 300))[0]).toBe(spisOf(showAt(fleet, 'gm3', 300))[0]);
  expect(spisOf(showAt(fleet, 'gm1', 1000))[0]).toBe(spisOf(showAt(fleet, 'gm2', 1000))[0]);
});

test('reload-storm, operator-clear, ks-clear-members and ejection: their own causes only', () => {
  expect(causes(fleetNamed('reload-storm'), 300)).toEqual({ reload: 8 });
  expect(causes(fleetNamed('operator-clear'), 200)).toEqual({ operator_clear: 3 });
  expect(causes(fleetNamed('ks-clear-members'), 200)).toEqual({ ks_forced: 6 });
  const ejection = fleetNamed('ejection');
  ejection.advance(START_MS + 3600_000);
  expect(ejection.groundTruth().filter((event) => event.kind === 'ejection').length).toBeGreaterThan(0);
});

test('mixed-old-gms: the old GM that lost the KEK rekey heals with its TEK only', () => {
  const events = seen(fleetNamed('mixed-old-gms'), 400);
  expect(events.map(([device, cause]) => [device, cause])).toEqual([['gm1', 'tek_expired']]);
  expect(events[0]![2]).toBeGreaterThan(270);
});

test('multicast: the GM behind the bad path misses the KEK rekey', () => {
  expect(causes(fleetNamed('multicast'), 300)).toEqual({ kek_missed_rekey: 1 });
});

test('unregistered: gm2 registers when its path is repaired, gm1 does not', () => {
  const fleet = fleetNamed('unregistered');
  fleet.advance(START_MS + 185_000);
  const initial = fleet.groundTruth().filter((event) => event.kind === 'registration' && event.atMs > START_MS);
  expect(initial).toMatchObject([{ device: 'gm2', cause: 'initial' }]);
  expect(valueOf(showAt(fleet, 'gm1', 185), 'Registration status')).toBe('Registering');
});

test('unauthorized: the KSs say whom they refuse, and gm1 registers when they know it again', () => {
  const fleet = fleetNamed('unauthorized');
  fleet.advance(START_MS + 350_000);
  for (const ks of ['ks1', 'ks2']) {
    expect(showAt(fleet, ks, 350, 'show logging')).toContain(
      '%GDOI-1-UNAUTHORIZED_IDENTITY: Group G1 received registration from unauthorized identity:    CN=gm1',
    );
  }
  expect(valueOf(showAt(fleet, 'gm1', 350), 'Registration status')).toBe('Registering');
  expect(Number(valueOf(showAt(fleet, 'gm1', 350), 'Attempted registration'))).toBeGreaterThan(4);
  expect(seen(fleet, 480)).toMatchObject([['gm1', 'reload', expect.any(Number)]]);
});

test('demo: legacy, lossy, multicast and operator events within the first minutes, with any seed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
      const fleet = fleetNamed('demo', seed);
      expect(fleet.devices).toHaveLength(15);
      const events = seen(fleet, 300);
      const of = (cause: string) => events.filter((event) => event[1] === cause).map((event) => event[0]);
      expect(of('legacy_ks').toSorted()).toEqual(['gm5', 'gm5', 'gm6', 'gm6', 'gm7', 'gm7']);
      expect(of('kek_missed_rekey')).toEqual(['gm3']);
      expect(of('tek_expired')).toEqual(['gm11']);
      expect(of('operator_clear')).toEqual(['gm2']);
      expect(of('reload')).toEqual(['gm10']);
      expect(events.filter((event) => event[2] < 180).length).toBeGreaterThanOrEqual(5);
    }),
    { numRuns: 20 },
  );
});

test('field: every cause but a failover appears within two days of default lifetimes', () => {
  const fleet = fleetNamed('field');
  const found = Object.keys(causes(fleet, 48 * 3600));
  for (const cause of ['legacy_ks', 'kek_missed_rekey', 'tek_expired', 'reload', 'operator_clear', 'ks_forced']) {
    expect(found).toContain(cause);
  }
});

test('a fleet of 2,000 GMs starts and runs an hour of default lifetimes in seconds', () => {
  const fleet = createSimulatedFleet({
    scenario: 'healthy',
    seed: 1,
    gms: 2000,
    kss: 2,
    startMs: START_MS,
    lifetimes: FIDELITY_LIFETIMES,
  });
  expect(fleet.devices).toHaveLength(2002);
  expect(seen(fleet, 7200)).toEqual([]);
});

test('a driven fleet keeps the time of the clock and delivers its log', async () => {
  const clock = createSystemClock(600);
  const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: clock.wallMs() });
  const rekeyed = new Promise<string>((resolve) => {
    fleet.onLog(({ mnemonic, line }) => {
      if (mnemonic === 'GDOI-5-GM_RECV_REKEY') resolve(line);
    });
  });
  await using _driver = driveFleet(fleet, clock);
  expect(await rekeyed).toContain('%GDOI-5-GM_RECV_REKEY: Received Rekey for group G1 from 10.1.11.2');
});
