/** What can be done to a simulated fleet beside reloads and losses, and what its devices log then. */
import { expect, test } from 'vitest';
import { createFleetFromPlan, type SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import type { FleetOperations } from '../../src/simulator/scenarios/fleet-plan.ts';
import { drawWorld } from '../worlds/draw-world.ts';
import { G1, groupOf, numberOf, registrations, showAt, spisOf, START_MS } from '../builders/simulated-group.ts';

function messagesOf(fleet: SimulatedFleet): { device: string; mnemonic: string; text: string }[] {
  const messages: { device: string; mnemonic: string; text: string }[] = [];
  fleet.onLog(({ device, mnemonic, text }) => messages.push({ device, mnemonic, text }));
  return messages;
}

function at(atSeconds: number, act: (fleet: FleetOperations) => void) {
  return { atSeconds, act };
}

test('a GM whose interface went down and came back registers again, for that cause and no other', () => {
  const fleet = groupOf({ script: [at(30, (f) => f.flapInterface('gm1', 15))] });
  const messages = messagesOf(fleet);
  fleet.advance(START_MS + 120_000);
  const [again, ...others] = registrations(fleet, 'gm1');
  expect(others).toEqual([]);
  expect(again).toMatchObject({ cause: 'interface', sameKek: true });
  expect(again!.startedAtMs).toBeGreaterThan(START_MS + 45_000);
  expect(messages.filter(({ device }) => device === 'gm1').map(({ mnemonic }) => mnemonic)).toEqual([
    'LINK-3-UPDOWN',
    'LINEPROTO-5-UPDOWN',
    'LINK-3-UPDOWN',
    'LINEPROTO-5-UPDOWN',
    'CRYPTO-5-GM_REGSTER',
    'GDOI-5-GM_REKEY_TRANS_2_UNI',
    'GDOI-5-SA_KEK_UPDATED',
    'GDOI-5-SA_TEK_UPDATED',
    'GDOI-5-GM_REGS_COMPL',
    'GDOI-5-GM_INSTALL_POLICIES_SUCCESS',
  ]);
});

test('a rekey that comes while the interface is down is lost', () => {
  const fleet = groupOf({ script: [at(29, (f) => f.flapInterface('gm1', 50)), at(30, (f) => f.rekeyNow('ks1'))] });
  const before = spisOf(showAt(fleet, 'gm1', 20, 'show crypto gdoi'));
  expect(spisOf(showAt(fleet, 'gm1', 70, 'show crypto gdoi'))).toEqual(before);
});

test('rekeys of a new primary with another RSA key are refused until the GM registers with it', () => {
  const fleet = createFleetFromPlan(
    {
      groups: [G1],
      kss: [
        { name: 'ks1', release: '17.6.3', groups: ['G1'], priority: 200 },
        { name: 'ks2', release: '17.6.3', groups: ['G1'], priority: 100, rsaKey: 'another' },
      ],
      gms: [{ name: 'gm1', release: '17.6.3', groups: ['G1'] }],
      paths: [],
      script: [at(10, (f) => f.killKs('ks1'))],
    },
    { seed: 1, startMs: START_MS },
  );
  const messages = messagesOf(fleet);
  fleet.advance(START_MS + 1200_000);
  const refused = messages.filter(({ mnemonic }) => mnemonic === 'GDOI-3-GDOI_REKEY_FAILURE');
  expect(refused.length).toBeGreaterThan(0);
  const [again] = registrations(fleet, 'gm1');
  expect(again).toMatchObject({ cause: 'tek_expired', keyServer: 'ks2' });
  // From then on it knows the key.
  const later = messages.slice(messages.findLastIndex(({ mnemonic }) => mnemonic === 'GDOI-5-GM_REGS_COMPL'));
  expect(later.map(({ mnemonic }) => mnemonic)).not.toContain('GDOI-3-GDOI_REKEY_FAILURE');
});

test('a policy that replaces its keys at once leaves one TEK and a KEK of full life, without a registration', () => {
  const fleet = groupOf({ gms: 2, script: [at(60, (f) => f.replacePolicy('ks1'))] });
  const before = spisOf(showAt(fleet, 'gm1', 50, 'show crypto gdoi'));
  const after = spisOf(showAt(fleet, 'gm1', 70, 'show crypto gdoi'));
  expect(after).toHaveLength(1);
  expect(before).not.toContain(after[0]);
  expect(registrations(fleet)).toEqual([]);
});

test('a GM that lost its IPsec SAs stays registered without any until the next rekey', () => {
  const fleet = groupOf({ script: [at(30, (f) => f.loseTeks('gm1')), at(200, (f) => f.rekeyNow('ks1'))] });
  const messages = messagesOf(fleet);
  const without = showAt(fleet, 'gm1', 100, 'show crypto gdoi');
  expect(without).toContain('Registered');
  expect(spisOf(without)).toEqual([]);
  expect(messages.map(({ mnemonic }) => mnemonic)).toContain('GDOI-3-GM_NO_IPSEC_FLOWS');
  expect(spisOf(showAt(fleet, 'gm1', 260, 'show crypto gdoi')).length).toBeGreaterThan(0);
});

test('packets outside the replay window are counted and logged, if the group checks time', () => {
  const fleet = groupOf({
    group: { antiReplay: { kind: 'time', window: 5 } },
    script: [at(30, (f) => f.failReplayChecks('gm1', 60))],
  });
  const messages = messagesOf(fleet);
  const replay = showAt(fleet, 'gm1', 200, 'show crypto gdoi gm replay');
  const failed = messages.filter(({ mnemonic }) => mnemonic === 'GDOI-4-TIMEBASED_REPLAY_FAILED');
  expect(failed.length).toBeGreaterThan(2);
  expect(numberOf(replay, 'Input Error Packets')).toBe(failed.length);
});

test('a device whose clock was set stamps its messages and shows the time by it', () => {
  const fleet = groupOf({ script: [at(30, (f) => f.setDeviceClock('gm1', 3600))] });
  const clock = showAt(fleet, 'gm1', 60, 'show clock');
  expect(clock).toContain(new Date(START_MS + 3660_000).toISOString().slice(11, 16));
});

test('a seed draws one world; a smaller limit takes parts away and leaves the rest as it is', () => {
  const whole = drawWorld(7, { gms: 6, troubles: 12, hours: 4 });
  const again = drawWorld(7, { gms: 6, troubles: 12, hours: 4 });
  const smaller = drawWorld(7, { gms: 2, troubles: 0, hours: 4 });
  const shown = ({ plan, troubles }: typeof whole) =>
    JSON.stringify([plan, troubles.map(({ description, atSeconds }) => [description, atSeconds])]);
  expect(shown(again)).toBe(shown(whole));
  expect(smaller.plan.gms).toEqual(whole.plan.gms.slice(0, 2));
  expect(smaller.plan.groups).toEqual(whole.plan.groups);
  expect(smaller.troubles).toEqual([]);
});
