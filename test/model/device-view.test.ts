import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { afterPollBeside, kekBehaviorOfDevice, observe, roleOf } from '../../src/model/device-view.ts';
import { buffer, log } from '../builders/tracker-builders.ts';
import { aDevice, aReport, facts, NOON, viewAfter } from '../builders/view-builder.ts';
import { aGm, aKek, aKs, aKsKey } from '../builders/snapshots.ts';

const KEK = aKek(500);
const KS_KEK = aKsKey(500, { lifetimeSeconds: 1800 });
const MAIN = 'show crypto gdoi';

describe('the view of a device', () => {
  test('keeps what was known after a failed poll, and says why it failed', () => {
    const view = viewAfter(
      aReport({ [MAIN]: [aGm()] }),
      aReport({}, { result: 'timeout', error: 'no answer within 15 s' }, NOON + 60_000),
    );
    expect(view).toMatchObject({
      result: 'timeout',
      error: 'no answer within 15 s',
      polls: { ok: 1, timeout: 1 },
      lastSuccessAtMs: NOON,
      lastPollAtMs: NOON + 60_000,
    });
    expect(view.groups.get('G1')?.gm?.snapshot.registered).toBe(true);
  });

  describe('of a device in backoff after a failure says what failed, and when,', () => {
    const refused = { result: 'refused', error: 'connection refused: no SSH server there' } as const;
    const waits = { result: 'backoff', error: 'next try in 31 s' } as const;
    const told = 'connection refused: no SSH server there (at 12:00:00 UTC); next try in 31 s';

    test('if the deciding transport failed', () => {
      const view = viewAfter(aReport({}, refused), aReport({}, waits, NOON + 5000), aReport({}, waits, NOON + 9000));
      expect(view).toMatchObject({ result: 'backoff', failure: 'refused', error: told });
    });

    test('only until the device answers', () => {
      const view = viewAfter(aReport({}, refused), aReport({ [MAIN]: [aGm()] }), aReport({}, waits, NOON + 9000));
      expect(view.error).toBe('not tried after failures; next try in 31 s');
    });

    test('if the transport that is polled beside it failed', () => {
      const view = [refused, waits].reduce(
        (known, over, n) => afterPollBeside(known, { by: 'snmp', report: aReport({}, over, NOON + n * 5000) }, 180_000),
        aDevice(),
      );
      expect(view.snmp).toMatchObject({ result: 'backoff', error: told });
    });
  });

  test('lists the groups in natural order, whatever the order in which the device shows them', () => {
    const shown = ['G10', 'G2', 'G1'].map((group) => aGm({ group }));
    expect([...viewAfter(aReport({ [MAIN]: shown })).groups.keys()]).toEqual(['G1', 'G2', 'G10']);
  });

  test('drops a group that the main answer no longer lists', () => {
    const view = viewAfter(
      aReport({ [MAIN]: [aGm({ group: 'G1' }), aGm({ group: 'G2' })] }),
      aReport({ [MAIN]: [aGm({ group: 'G2' })] }),
    );
    expect([...view.groups.keys()]).toEqual(['G2']);
  });

  test('merges a detail answer into the group, and drops it after three intervals without another one', () => {
    const first = aReport({
      [MAIN]: [aKs({ members: 2 })],
      'show crypto gdoi ks coop': [aKs({ localRole: 'primary', redundancy: true })],
    });
    const soon = aReport({ [MAIN]: [aKs({ members: 3 })] }, {}, NOON + 120_000);
    const late = aReport({ [MAIN]: [aKs({ members: 3 })] }, {}, NOON + 181_000);
    expect(viewAfter(first, soon).groups.get('G1')?.ks?.snapshot).toMatchObject({ members: 3, localRole: 'primary' });
    expect(viewAfter(first, soon, late).groups.get('G1')?.ks?.snapshot).toMatchObject({ members: 3, localRole: null });
  });

  test('has the role of a KS by its newest answer, and the instant of it', () => {
    const first = aReport({
      [MAIN]: [aKs({ localRole: 'secondary', localStatus: 'Alive' })],
      'show crypto gdoi ks policy': [aKs({ kek: { ...KS_KEK, remainingSeconds: 500 } })],
      'show crypto gdoi ks coop': [
        aKs({
          localRole: 'secondary',
          localStatus: 'Alive',
          redundancy: true,
          peers: [{ address: '10.1.11.2', role: 'primary', status: 'Alive' }],
        }),
      ],
    });
    const tookOver = aReport({ [MAIN]: [aKs({ localRole: 'primary', localStatus: 'Alive' })] }, {}, NOON + 60_000);
    const ks = viewAfter(first, tookOver).groups.get('G1')?.ks;
    expect(ks).toMatchObject({ snapshot: { localRole: 'primary' }, at: { receivedAtMs: NOON }, roleMs: NOON + 60_000 });
    // Else it would be primary, and list the one that is gone as primary, too.
    expect(ks?.snapshot.peers).toEqual([{ address: '10.1.11.2', role: null, status: null }]);
    expect(viewAfter(first).groups.get('G1')?.ks).not.toHaveProperty('roleMs');
  });

  test('keeps the instant of the answer that showed the countdown', () => {
    const view = viewAfter(
      aReport({ [MAIN]: [aGm({ kek: KEK })] }),
      aReport({ 'show crypto gdoi gm replay': [aGm({ kek: null })] }, {}, NOON + 30_000),
    );
    expect(view.groups.get('G1')?.gm?.at.receivedAtMs).toBe(NOON);
  });

  test('takes the instant of the main answer if there is no countdown, whatever was asked beside it', () => {
    const replay = 'show crypto gdoi gm replay';
    const view = viewAfter(
      aReport({ [MAIN]: [aGm()], [replay]: [aGm()] }),
      aReport({ [MAIN]: [aGm()] }, {}, NOON + 60_000),
    );
    expect(view.groups.get('G1')?.gm?.at.receivedAtMs).toBe(NOON + 60_000);
  });

  test('has the role that the device shows, and until then the configured one', () => {
    expect(roleOf(viewAfter())).toBeNull();
    expect(roleOf({ ...viewAfter(), configuredRole: 'ks' })).toBe('ks');
    expect(roleOf(viewAfter(aReport({ [MAIN]: [aGm()] })))).toBe('gm');
    expect(roleOf(viewAfter(aReport({ [MAIN]: [aGm(), aKs({ group: 'G2' })] })))).toBe('both');
  });

  test('gives a GM that shows a KEK lifetime the timer behaviour, whatever its release', () => {
    const old = facts({ version: '15.1(4)M8' });
    expect(kekBehaviorOfDevice(viewAfter(aReport({ 'show version': old, [MAIN]: [aGm()] })))).toBe('legacy');
    expect(kekBehaviorOfDevice(viewAfter(aReport({ 'show version': old, [MAIN]: [aGm({ kek: KEK })] })))).toBe('timer');
  });

  test('records that the device sends logs only for groups that pushed messages name, not for the log buffer', () => {
    const text = 'Received Rekey for group G1 from 10.1.11.2 to 10.1.12.2 with seq # 4';
    const after = (...observations: readonly Observation[]) =>
      observations.reduce((view, observation) => observe(view, observation, 180_000), viewAfter()).logsOf;
    expect(after(log(1, 'GDOI-5-GM_RECV_REKEY', text))).toEqual(new Map([['G1', expect.any(Number)]]));
    expect(after(log(1, 'SYS-5-CONFIG_I', 'Configured from console'))).toBeUndefined();
    expect(after(buffer(1, [{ stampAt: 1, mnemonic: 'GDOI-5-GM_RECV_REKEY', text }]))).toBeUndefined();
  });
});
