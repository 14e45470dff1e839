import { describe, expect, it } from 'vitest';
import { DEFAULT_REKEY_SECONDS, groupLead, ksLead, rekeySeconds } from '../../../src/gdoi/keys/ks-lead.ts';
import { emptyKsSnapshot, type KsSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { aKsKey } from '../../builders/snapshots.ts';

function ks(options: { remaining?: number; toRekey?: number; change?: Partial<KsSnapshot> }): KsSnapshot {
  return {
    ...emptyKsSnapshot('G1'),
    kek: aKsKey(options.remaining ?? null, { lifetimeSeconds: 1200, timeToRekeySeconds: options.toRekey ?? null }),
    ...options.change,
  };
}

describe('the lead of a KS', () => {
  it.each([
    [360, 305, 80, 225],
    [1200, 787, 552, 235],
  ])(
    'from a real output (orig life %i, remaining %i, time to rekey %i) is %i s',
    (_lifetime, remaining, toRekey, lead) => {
      expect(ksLead(ks({ remaining, toRekey }))).toMatchObject({ seconds: lead, source: 'ks', measuredSeconds: lead });
    },
  );

  it('is the floor of 200 s without a KS or if the KS shows no time to rekey', () => {
    expect(ksLead(null)).toMatchObject({ seconds: 200, source: 'floor', measuredSeconds: null });
    expect(ksLead(ks({ remaining: 787 }))).toMatchObject({ seconds: 200, source: 'floor', measuredSeconds: null });
  });

  it('is the floor if the KS rekeys at expiry, with a measured lead of 0 s', () => {
    expect(ksLead(ks({ remaining: 700, toRekey: 700 }))).toMatchObject({
      seconds: 200,
      source: 'floor',
      measuredSeconds: 0,
    });
  });

  it('is never taken from the inferred formula, which only gives an estimate', () => {
    const unicast = { transport: 'unicast', retransmit: { periodSeconds: 10, attempts: 2 }, members: 4 } as const;
    expect(ksLead(ks({ change: unicast }))).toMatchObject({ seconds: 200, source: 'floor', estimatedSeconds: 225 });
    expect(
      ksLead(ks({ change: { ...unicast, retransmit: { periodSeconds: 10, attempts: 3 } } })).estimatedSeconds,
    ).toBe(235);
    expect(ksLead(ks({ change: { ...unicast, members: 120 } })).estimatedSeconds).toBe(235);
  });

  it('has no estimate for multicast, which does not retransmit to single GMs', () => {
    expect(
      ksLead(ks({ change: { transport: 'multicast', retransmit: { periodSeconds: 10, attempts: 2 } } })),
    ).toMatchObject({ estimatedSeconds: null });
  });

  it('is for a group the lead of the primary, else of any KS that shows one, else the floor', () => {
    const primary = ksLead(ks({ remaining: 787, toRekey: 552 }));
    const secondary = ksLead(ks({ remaining: 787, toRekey: 562 }));
    expect(groupLead([primary, secondary]).seconds).toBe(235);
    expect(groupLead([ksLead(ks({})), secondary]).seconds).toBe(225);
    expect(groupLead([])).toMatchObject({ seconds: 200, source: 'floor' });
  });
});

describe('the duration of a rekey', () => {
  it('covers retransmissions and batches of 50 GMs, and has the command reference’s defaults without a KS', () => {
    expect(DEFAULT_REKEY_SECONDS).toBe(30);
    expect(rekeySeconds(ks({ change: { retransmit: { periodSeconds: 10, attempts: 3 }, members: 120 } }))).toBe(55);
  });
});
