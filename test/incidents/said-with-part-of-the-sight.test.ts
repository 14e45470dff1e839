/**
 * The scenarios again, for sites that see less: only GMs have a login, or only KSs, or no device sends log messages;
 * and for COOP sets of three. The agent does not report what it cannot know, and what it reports is true.
 */
import { describe, expect, test } from 'vitest';
import { deviceHealth } from '../../src/gdoi/health/health.ts';
import { oneGroup, SPREAD } from '../../src/simulator/scenarios/one-group.ts';
import type { ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { half } from '../builders/half.ts';
import { simulatedAgent, type SimulatedWatch } from '../builders/simulated-agent.ts';
import { headlinesOf, sequenceOf } from './headlines.ts';
import { LEGACY, SAID } from './scenario-headlines.ts';

const MINUTES = 25;
/** As long as with full sight, or longer where less sight means that things are seen later. */
const minutesOf = (scenario: ScenarioName) =>
  scenario === 'ks-upgrade' ? MINUTES : Math.min(MINUTES, SAID[scenario]?.minutes ?? MINUTES);
type Sequences = Readonly<Partial<Record<ScenarioName, readonly string[]>>>;

async function sequences(
  scenario: ScenarioName,
  watched: Omit<Parameters<typeof headlinesOf>[0], 'scenario'>,
): Promise<readonly string[]> {
  const { headlines, contradictions } = await headlinesOf({ scenario, ...watched }, minutesOf(scenario));
  expect([...contradictions]).toEqual([]);
  return sequenceOf(headlines, 'G1');
}

const OF_GMS_ALONE: Sequences = {
  healthy: ['ok'],
  'legacy-ks': ['path_loss? warning', LEGACY],
  'ks-upgrade': ['path_loss? warning', LEGACY, 'ok'],
  'rekey-loss': ['ok', 'path_loss warning', 'ok'],
  'rekey-loss-fleet': ['ok', 'path_loss? warning', 'ks_rekeys_lost critical', 'ks_rekeys_lost warning', 'ok'],
  'tek-loss': ['ok', 'path_loss warning'],
  'ks-down': [
    'ok',
    'path_loss? warning',
    'not_registered? warning',
    'not_registered critical',
    '(not_registered) ok',
    'ok',
  ],
  'coop-failover': ['ok'],
  'coop-split': ['ok', 'coop_split? warning', 'coop_split critical', 'ok'],
  'reload-storm': ['ok', 'gms_unreachable warning', 'gms_reloaded warning', 'gms_reloaded ok', 'ok'],
  'operator-clear': ['ok', 'operator_clear ok', 'ok'],
  'ks-clear-members': ['ok', 'ks_forced ok', 'ok'],
  'mixed-old-gms': ['ok', 'path_loss warning', 'ok'],
  unregistered: ['not_registered? warning', 'not_registered critical'],
};

const OF_KSS_ALONE: Sequences = {
  healthy: ['ok'],
  'legacy-ks': ['ok'],
  'rekey-loss': ['ok', 'path_loss warning', 'ok'],
  'rekey-loss-fleet': ['ok', 'ks_rekeys_lost critical', 'ok'],
  ejection: ['ok', 'path_loss warning', 'path_loss critical'],
  'ks-down': ['ok', 'ks_down? warning', 'ks_down critical', 'ok'],
  'coop-failover': ['ok', 'redundancy_lost? warning', 'redundancy_lost warning', 'ok'],
  'coop-split': ['ok', 'coop_split critical', 'ok'],
  'operator-clear': ['ok'],
  'ks-clear-members': ['ok'],
  multicast: ['ok'],
};

const WITHOUT_LOGS: Sequences = {
  'legacy-ks': [LEGACY],
  'rekey-loss': ['ok', 'path_loss? warning', 'path_loss warning', 'ok'],
  'rekey-loss-fleet': ['ok', 'ks_rekeys_lost critical', 'ks_rekeys_lost warning', 'ok'],
  'ks-down': ['ok', 'ks_down? warning', 'ks_down critical', '(ks_down) warning', '(ks_down) ok', 'ok'],
  'coop-split': ['ok', 'coop_split critical', 'ok'],
  'reload-storm': ['ok', 'gms_unreachable warning', 'gms_reloaded warning', 'gms_reloaded ok', 'ok'],
  'operator-clear': ['ok', 'operator_clear ok', 'ok'],
  'ks-clear-members': ['ok', 'ks_members_lost? warning', 'ks_forced ok', 'ok'],
};

/** SNMP shows keys but no registration: why a GM has no TEKs is in its log only. */
const OVER_SNMP_ALONE: Sequences = {
  healthy: ['ok'],
  // The image of the KS has no GDOI MIB, but SNMP shows its release.
  'legacy-ks': [LEGACY],
  'ks-upgrade': [LEGACY, '(legacy_ks) ok', 'ok'],
  'rekey-loss': ['ok', 'path_loss? warning', 'path_loss warning', 'ok'],
  'rekey-loss-fleet': ['ok', 'ks_rekeys_lost critical', 'ks_rekeys_lost warning', 'ok'],
  'ks-down': ['ok', 'ks_down? warning', 'ks_down critical', '(ks_down) ok', 'ok'],
  'coop-failover': ['ok', 'redundancy_lost? warning', 'redundancy_lost warning', 'ok'],
  'coop-split': ['ok', 'coop_split critical', 'ok'],
  'reload-storm': ['ok', 'gms_unreachable warning', 'gms_reloaded warning', 'gms_reloaded ok', 'ok'],
  'operator-clear': ['ok'],
  'ks-clear-members': ['ok', 'ks_forced ok', 'ok'],
  'mixed-old-gms': ['ok'],
  'tek-missing': ['ok', 'without_tek? warning', 'without_tek critical', 'ok'],
  unregistered: ['without_tek? warning', 'without_tek critical'],
  'registration-fails': [
    'ok',
    // A GM that shows a new KEK for the first time may have got it by registering.
    'path_loss? warning',
    'path_loss warning',
    'without_tek critical',
    'path_loss warning',
    '(without_tek) ok',
    'ok',
  ],
};

const OF_GMS_OVER_SNMP: Sequences = {
  healthy: ['ok'],
  // A registration that brings the same KEK is not seen: that the KEK was held to its end, and replaced after it, is.
  'legacy-ks': ['path_loss? warning', LEGACY],
  'ks-upgrade': ['path_loss? warning', LEGACY, 'ok'],
  'rekey-loss': ['ok', 'path_loss warning', 'ok'],
};

const OF_THREE_KSS: Sequences = {
  healthy: ['ok'],
  'rekey-loss': ['ok', 'path_loss? warning', 'path_loss warning', 'ok'],
  'coop-failover': [
    'ok',
    'coop_peer_lost? warning',
    'redundancy_lost? warning',
    'redundancy_lost warning',
    '(redundancy_lost) ok',
    'ok',
  ],
  'coop-split': ['ok', 'coop_split critical', 'ok'],
};

const cases = (of: Sequences, { otherWay = false } = {}) =>
  half(Object.entries(of) as [ScenarioName, readonly string[]][], { otherWay });

describe('when only GMs are polled', () => {
  test.each(cases(OF_GMS_ALONE))('%s gives the expected headlines', async (scenario, expected) => {
    const polled = ({ role }: { readonly role: string }) => role === 'gm';
    expect(await sequences(scenario, { polled })).toEqual(expected);
  });

  test('no summary or evidence cites what only a KS shows', async () => {
    const polled = ({ role }: { readonly role: string }) => role === 'gm';
    const { headlines: said } = await headlinesOf({ scenario: 'ks-down', polled }, MINUTES);
    const texts = said.flatMap(({ summary, first }) => [summary, ...(first?.evidence ?? [])]);
    expect(texts.filter((text) => /a KS answers|as the KS counts/u.test(text))).toEqual([]);
  });
});

describe('when only KSs are polled', () => {
  test.each(cases(OF_KSS_ALONE, { otherWay: true }))('%s gives the expected headlines', async (scenario, expected) => {
    const polled = ({ role }: { readonly role: string }) => role === 'ks';
    expect(await sequences(scenario, { polled })).toEqual(expected);
  });

  test('the headline for a KS of an old release says that it sends the KEK rekey only at expiry', async () => {
    const polled = ({ role }: { readonly role: string }) => role === 'ks';
    const { headlines } = await headlinesOf({ scenario: 'legacy-ks', polled }, 1);
    const [first] = headlines;
    expect(first?.summary).toMatch(/KS ks1 is of a release that sends the KEK rekey only at expiry/u);
  });
});

describe('when no log messages arrive', () => {
  test('the headline says between which two looks a GM registered, and not an instant in between', async () => {
    const { headlines } = await headlinesOf({ scenario: 'operator-clear' }, 8);
    const clear = headlines.filter(({ first }) => first?.cause === 'operator_clear');
    expect(clear.length).toBeGreaterThan(0);
    for (const { summary, first } of clear) {
      const said = /registered again between (\d\d:\d\d:\d\d) and (\d\d:\d\d:\d\d) UTC$/u.exec(summary);
      expect(said).not.toBeNull();
      expect(said?.slice(1).toSorted()).toEqual(said?.slice(1));
      expect(first?.evidence.join()).toMatch(/registered between \S+ and \S+ UTC/u);
    }
  });

  test.each(cases(WITHOUT_LOGS))('%s gives the expected headlines', async (scenario, expected) => {
    expect(await sequences(scenario, {})).toEqual(expected);
  });
});

describe('over SNMP alone', () => {
  test.each(cases(OVER_SNMP_ALONE, { otherWay: true }))(
    '%s gives the expected headlines',
    async (scenario, expected) => {
      expect(await sequences(scenario, { transport: 'snmp' })).toEqual(expected);
    },
  );

  test.each(cases(OF_GMS_OVER_SNMP, { otherWay: true }))(
    '%s gives the expected headlines when only GMs are polled',
    async (scenario, expected) => {
      const polled = ({ role }: { readonly role: string }) => role === 'gm';
      expect(await sequences(scenario, { transport: 'snmp', polled })).toEqual(expected);
    },
  );

  test('a GM without TEKs gives a tek_missing event, and whether it is registered is unknown', async () => {
    await using watching = await simulatedAgent({ scenario: 'tek-missing', pollInterval: '60s', transport: 'snmp' });
    watching.agent.start();
    await watching.clock.advance(200_000);
    expect(watching.events.map(({ type, device }) => [type, device])).toEqual([['tek_missing', 'gm1']]);
    const { readModel } = watching.agent;
    const health = deviceHealth(
      readModel.device('gm1')!,
      (group) => readModel.group(group) ?? null,
      watching.clock.wallMs(),
    );
    expect(health.checks.find(({ name }) => name === 'tek_remaining')).toMatchObject({ status: 'critical' });
    expect(health.checks.find(({ name }) => name === 'registered')).toMatchObject({ status: 'unknown' });
  });
});

describe('a healthy group in which some devices do not show themselves from two minutes on, for eight', () => {
  const isOut = (elapsedMs: number) => elapsedMs > 120_000 && elapsedMs < 600_000;
  const refusing = (role: string, kind: 'auth' | 'prompt'): NonNullable<SimulatedWatch['refuses']> => {
    return (device, elapsedMs) => (device.startsWith(role) && isOut(elapsedMs) ? kind : null);
  };
  const isKsOut: NonNullable<SimulatedWatch['outOfReach']> = (device, elapsedMs) =>
    device.startsWith('ks') && isOut(elapsedMs);
  const DOWN = ['ok', 'ks_down? warning', 'ks_down critical'];

  test.each<[string, Partial<SimulatedWatch>, readonly string[]]>([
    ['the primary refuses the login', { refuses: refusing('ks1', 'auth') }, ['ok', 'login_refused warning', 'ok']],
    ['the primary shows no prompt', { refuses: refusing('ks1', 'prompt') }, ['ok', 'ks_out_of_sight? warning', 'ok']],
    ['all GMs show no prompt', { refuses: refusing('gm', 'prompt') }, ['ok', 'gms_unreachable warning', 'ok']],
    [
      'no KS is reached, GMs over SNMP',
      { transport: 'snmp', outOfReach: isKsOut },
      [...DOWN, 'ks_out_of_sight? warning', 'ks_out_of_sight warning', 'ok'],
    ],
  ])('%s', async (_what, watched, expected) => {
    const plan = oneGroup({ gms: 6, kss: 2, lifetimes: SPREAD }, { kekRemainingSeconds: 500 });
    const { headlines, contradictions } = await headlinesOf({ scenario: 'healthy', plan, ...watched }, 14);
    expect([...contradictions]).toEqual([]);
    expect(sequenceOf(headlines, 'G1')).toEqual(expected);
  });
});

describe('with three KSs and nine GMs', () => {
  test.each(cases(OF_THREE_KSS))('%s gives the expected headlines', async (scenario, expected) => {
    expect(await sequences(scenario, { kss: 3, gms: 9, logs: true })).toEqual(expected);
  });
});

describe('a group of one GM', () => {
  const DROPPED = [
    'ejected? warning',
    'ejected critical',
    '(ejected) ok',
    'path_loss? warning',
    'path_loss warning',
    'path_loss critical',
    'ejected critical',
  ];
  test('is not reported as cleared when its KS drops it for missing acks and so empties the list', async () => {
    const { headlines, contradictions } = await headlinesOf({ scenario: 'ejection', gms: 1, logs: true }, MINUTES + 5);
    expect([...contradictions]).toEqual([]);
    expect(sequenceOf(headlines, 'G1')).toEqual(DROPPED);
    expect(headlines.map(({ summary }) => summary).join('\n')).not.toContain('members cleared');
  });

  test('of a legacy KS is reported to re-register twice around every KEK expiry', async () => {
    const { headlines } = await headlinesOf({ scenario: 'legacy-ks', gms: 1 }, 1);
    expect(headlines.at(-1)?.first?.consequence?.what).toMatch(/^two re-registrations of it around every KEK expiry/u);
  });
});
