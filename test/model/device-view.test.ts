import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { afterPollBeside, kekBehaviorOfDevice, observe, roleOf } from '../../src/model/device-view.ts';
import { buffer, log } from '../builders/tracker-builders.ts';
import { aDevice, aGm, aKs, aReport, facts, NOON, viewAfter } from '../builders/view-builder.ts';

const KEK = {
  transport: null,
  remainingSeconds: 500,
  encryption: null,
  keyBits: null,
  signatureHash: null,
  signatureKeyBits: null,
};
const MAIN = 'show crypto gdoi';

describe('the view of a device', () => {
  test('a failed poll keeps what was known and says why it failed', () => {
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

  describe('of a device that waits after a failure says what failed, and when', () => {
    const refused = { result: 'refused', error: 'connection refused: no SSH server there' } as const;
    const waits = { result: 'backoff', error: 'next try in 31 s' } as const;
    const told = 'connection refused: no SSH server there (at 12:00:00 UTC); next try in 31 s';

    test('by the transport that decides', () => {
      const view = viewAfter(aReport({}, refused), aReport({}, waits, NOON + 5000), aReport({}, waits, NOON + 9000));
      expect(view).toMatchObject({ result: 'backoff', failure: 'refused', error: told });
    });

    test('until it answers', () => {
      const view = viewAfter(aReport({}, refused), aReport({ [MAIN]: [aGm()] }), aReport({}, waits, NOON + 9000));
      expect(view.error).toBe('not tried after failures; next try in 31 s');
    });

    test('by what is asked beside it', () => {
      const view = [refused, waits].reduce(
        (known, over, n) => afterPollBeside(known, { by: 'snmp', report: aReport({}, over, NOON + n * 5000) }, 180_000),
        aDevice(),
      );
      expect(view.snmp).toMatchObject({ result: 'backoff', error: told });
    });
  });

  test('groups are in natural order, whichever the device shows first', () => {
    const shown = ['G10', 'G2', 'G1'].map((group) => aGm({ group }));
    expect([...viewAfter(aReport({ [MAIN]: shown })).groups.keys()]).toEqual(['G1', 'G2', 'G10']);
  });

  test('a group that the main answer no longer lists is removed', () => {
    const view = viewAfter(
      aReport({ [MAIN]: [aGm({ group: 'G1' }), aGm({ group: 'G2' })] }),
      aReport({ [MAIN]: [aGm({ group: 'G2' })] }),
    );
    expect([...view.groups.keys()]).toEqual(['G2']);
  });

  test('a detail answer joins the group, and is dropped when its command has been silent for three intervals', () => {
    const first = aReport({
      [MAIN]: [aKs({ members: 2 })],
      'show crypto gdoi ks coop': [aKs({ localRole: 'primary', redundancy: true })],
    });
    const soon = aReport({ [MAIN]: [aKs({ members: 3 })] }, {}, NOON + 120_000);
    const late = aReport({ [MAIN]: [aKs({ members: 3 })] }, {}, NOON + 181_000);
    expect(viewAfter(first, soon).groups.get('G1')?.ks?.snapshot).toMatchObject({ members: 3, localRole: 'primary' });
    expect(viewAfter(first, soon, late).groups.get('G1')?.ks?.snapshot).toMatchObject({ members: 3, localRole: null });
  });

  test('a countdown keeps the instant of the answer that showed it', () => {
    const view = viewAfter(
      aReport({ [MAIN]: [aGm({ kek: KEK })] }),
      aReport({ 'show crypto gdoi gm replay': [aGm({ kek: null })] }, {}, NOON + 30_000),
    );
    expect(view.groups.get('G1')?.gm?.at.receivedAtMs).toBe(NOON);
  });

  test('without a countdown the counters and ages count from the main answer, whatever was asked beside it', () => {
    const replay = 'show crypto gdoi gm replay';
    const view = viewAfter(
      aReport({ [MAIN]: [aGm()], [replay]: [aGm()] }),
      aReport({ [MAIN]: [aGm()] }, {}, NOON + 60_000),
    );
    expect(view.groups.get('G1')?.gm?.at.receivedAtMs).toBe(NOON + 60_000);
  });

  test('the role is what the device shows, before that what is configured', () => {
    expect(roleOf(viewAfter())).toBeNull();
    expect(roleOf({ ...viewAfter(), configuredRole: 'ks' })).toBe('ks');
    expect(roleOf(viewAfter(aReport({ [MAIN]: [aGm()] })))).toBe('gm');
    expect(roleOf(viewAfter(aReport({ [MAIN]: [aGm(), aKs({ group: 'G2' })] })))).toBe('both');
  });

  test('a GM that shows a KEK lifetime has the timer, whatever its release', () => {
    const old = facts({ version: '15.1(4)M8' });
    expect(kekBehaviorOfDevice(viewAfter(aReport({ 'show version': old, [MAIN]: [aGm()] })))).toBe('legacy');
    expect(kekBehaviorOfDevice(viewAfter(aReport({ 'show version': old, [MAIN]: [aGm({ kek: KEK })] })))).toBe('timer');
  });

  test('its log comes from it for the groups that pushed messages name, and for none by the log buffer', () => {
    const text = 'Received Rekey for group G1 from 10.1.11.2 to 10.1.12.2 with seq # 4';
    const after = (...observations: readonly Observation[]) =>
      observations.reduce((view, observation) => observe(view, observation, 180_000), viewAfter()).logsOf;
    expect(after(log(1, 'GDOI-5-GM_RECV_REKEY', text))).toEqual(new Map([['G1', expect.any(Number)]]));
    expect(after(log(1, 'SYS-5-CONFIG_I', 'Configured from console'))).toBeUndefined();
    expect(after(buffer(1, [{ stampAt: 1, mnemonic: 'GDOI-5-GM_RECV_REKEY', text }]))).toBeUndefined();
  });
});
