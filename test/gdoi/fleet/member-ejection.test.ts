/** A KS that drops a GM shows it in one of three ways; each makes one event, and a new registration ends it. */
import { describe, expect, it } from 'vitest';
import type { LogMark } from '../../../src/gdoi/log/log-evidence.ts';
import { Fleet, gm, ks, START } from '../../builders/fleet-group.ts';

const GM1 = '10.0.0.1';
const GM2 = '10.0.0.2';
const LISTED = { [GM1]: 0, [GM2]: 0 };

const ejections = (fleet: Fleet) => fleet.events.filter(({ type }) => type === 'member_ejected');

/** A line of the KS's log. */
function said(second: number, mnemonic: string, about: string): LogMark {
  const atMs = START + second * 1000;
  return {
    proof: 'ejected',
    mnemonic,
    detail: about,
    fromMs: atMs,
    atMs,
    key: `${mnemonic} ${second}`,
    sources: ['log'],
  };
}

describe('a GM that its KS dropped', () => {
  it('is reported when the list shows three rekeys without acknowledgement, whether it is polled or not', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: LISTED }), gm(10));
    fleet.see(ks(60, { members: { [GM1]: 2, [GM2]: 2 } }));
    expect(ejections(fleet)).toEqual([]);
    fleet.see(ks(120, { members: { [GM1]: 3, [GM2]: 3 } }));
    expect(ejections(fleet).map(({ device }) => device)).toEqual(['gm1', null]);
    expect(ejections(fleet)[0]).toMatchObject({ severity: 'critical', group: 'G1' });
    fleet.see(ks(180, { members: { [GM1]: 3, [GM2]: 3 } }), gm(190));
    expect(ejections(fleet)).toHaveLength(2);
  });

  it('is reported from the list of a secondary when only that KS is polled', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { role: 'secondary', members: { [GM1]: 3 } }), gm(10));
    expect(ejections(fleet)).toHaveLength(1);
  });

  it('is reported from a log message of its KS with its address, unless a later list still has it', () => {
    for (const word of ['KS_NACK_GM_EJECT', 'KS_BLACKHOLE_ACK', 'KS_GM_REVOKED']) {
      const fleet = new Fleet();
      fleet.see(gm(0), gm(0, { device: 'gm2', address: GM2 }), ks(10, { members: LISTED }));
      fleet.see({ ...ks(70, { members: LISTED }), ksSaid: [said(60, word, GM2)] });
      // The list is newer than the message and has the GM without a missed rekey.
      expect(ejections(fleet)).toEqual([]);
      fleet.see({ ...ks(130, { members: { [GM1]: 0 } }), ksSaid: [said(125, word, GM2)] });
      expect(ejections(fleet).map(({ device }) => device)).toEqual(['gm2']);
      expect(ejections(fleet)[0]?.evidence.join()).toContain(`ks1 log: ${word}`);
    }
  });

  it('is dated by the log message of the KS, even if the last answer of the KS is older', () => {
    const fleet = new Fleet();
    fleet.see(gm(0), ks(10));
    fleet.see({ ...ks(10), ksSaid: [said(45, 'KS_GM_REVOKED', GM1)] });
    fleet.see(gm(60));
    const [event] = ejections(fleet);
    expect(event?.atMs).toBe(START + 45_000);
    expect(event?.betweenMs).toEqual([START + 45_000, START + 45_000]);
  });

  it('is reported when it is not listed any more but shows that it is registered', () => {
    const fleet = new Fleet();
    fleet.see(gm(0), ks(10, { members: LISTED }));
    fleet.see(gm(600), ks(610, { members: { [GM2]: 0 } }));
    expect(ejections(fleet)).toEqual([]);
    fleet.see(gm(700), ks(710, { members: { [GM2]: 0 } }));
    expect(ejections(fleet).map(({ device }) => device)).toEqual(['gm1']);
    // A KS that restarted has no list either: nobody saw that it dropped the GM.
    expect(ejections(fleet)[0]?.summary).toBe(
      'No KS of group G1 that answers lists GM gm1 (10.0.0.1), which is registered: no rekey reaches it until it registers again',
    );
    expect(ejections(fleet)[0]?.action).toContain('did it restart');
  });

  describe('and that is not polled', () => {
    const list = (second: number, members: Readonly<Record<string, number>>) => ks(second, { members });

    it('is reported when it is gone from the list after missed acknowledgements and a later list lacks it, too', () => {
      const fleet = new Fleet();
      fleet.see(list(0, { [GM1]: 0, [GM2]: 0 }));
      fleet.see(list(300, { [GM1]: 2, [GM2]: 0 }));
      fleet.see(list(600, { [GM2]: 0 }));
      expect(ejections(fleet)).toEqual([]);
      fleet.see(list(900, { [GM2]: 0 }));
      expect(ejections(fleet)).toMatchObject([
        {
          device: null,
          severity: 'critical',
          summary: `No KS of group G1 that answers lists GM ${GM1} any more, of which acknowledgements were missing: no rekey reaches it until it registers again`,
          evidence: [`${GM1}: Rekey Acks missed: 2 when it was listed last, and no KS that answers lists it`],
          action: expect.stringContaining('did it restart, or were its members cleared?'),
        },
      ]);
      fleet.see(list(1200, { [GM2]: 0 }));
      expect(ejections(fleet)).toHaveLength(1);
    });

    it('is explained with what is known of it and what is not, until a KS lists it again', () => {
      const fleet = new Fleet();
      fleet.see(list(0, { [GM1]: 0, [GM2]: 0 }));
      fleet.see(list(300, { [GM1]: 1, [GM2]: 0 }));
      const [first] = fleet.see(list(600, { [GM2]: 0 })).explanations;
      expect(first).toMatchObject({ cause: 'ejected', phase: 'unclear', scope: [GM1] });
      const view = fleet.see(list(900, { [GM2]: 0 }));
      expect(view.explanations).toMatchObject([
        {
          cause: 'ejected',
          phase: 'present',
          status: 'critical',
          summary: `GM ${GM1}, of which acknowledgements were missing, is on no list of a KS that answers any more since 08:10:00 UTC: a KS drops a GM after three, and sends it no rekey; no GM that the agent has seen has that address, so whether it has keys is not known`,
          consequence: { what: 'traffic of that GM stops when its last TEK ends' },
          deadlineMs: null,
        },
      ]);
      expect(view.unacknowledged).toMatchObject([{ address: GM1, device: null, acksMissed: 1, ejected: true }]);
      expect(fleet.see(list(1200, { [GM1]: 0, [GM2]: 0 })).explanations).toEqual([]);
      expect(fleet.incidents.at(-1)).toMatchObject({ cause: 'ejected', endedBy: 'a KS lists the GMs again' });
    });

    it('is no longer reported after a day', () => {
      const fleet = new Fleet();
      fleet.see(list(0, { [GM1]: 2, [GM2]: 0 }));
      for (const second of [300, 600]) fleet.see(list(second, { [GM2]: 0 }));
      expect(fleet.see(list(87_000, { [GM2]: 0 })).explanations).toEqual([]);
      expect(fleet.incidents.at(-1)?.endedBy).toBe('a day passed in which no KS listed the GMs');
    });

    it('is not reported if it had acknowledged, nor if the whole list is gone', () => {
      const fleet = new Fleet();
      fleet.see(list(0, { [GM1]: 0, [GM2]: 2, '10.0.0.3': 0 }));
      for (const second of [300, 600]) fleet.see(list(second, {}));
      expect(ejections(fleet)).toEqual([]);
      fleet.see(list(900, { [GM1]: 0, [GM2]: 0 }));
      for (const second of [1200, 1500]) fleet.see(list(second, { [GM2]: 0 }));
      expect(ejections(fleet)).toEqual([]);
    });

    it('is not reported while another KS that answers lists it', () => {
      const fleet = new Fleet();
      const other = (second: number) => ks(second, { device: 'ks2', address: '10.1.0.2', members: { [GM1]: 0 } });
      fleet.see(list(0, { [GM1]: 2, [GM2]: 0 }), other(1));
      for (const second of [300, 600]) fleet.see(list(second, { [GM2]: 0 }), other(second + 1));
      expect(ejections(fleet)).toEqual([]);
    });
  });

  it('is reported when no list ever had it and it holds other keys than its KS', () => {
    const fleet = new Fleet();
    fleet.see(gm(0, { teks: { '0x0000000B': 2000 } }), ks(10, { members: { [GM2]: 0 } }));
    for (const second of [700, 800])
      fleet.see(gm(second, { teks: { '0x0000000B': 2000 } }), ks(second + 10, { members: { [GM2]: 0 } }));
    expect(ejections(fleet).map(({ device }) => device)).toEqual(['gm1']);
  });

  it('is reported again only after it registered', () => {
    const fleet = new Fleet();
    fleet.see(gm(0), ks(10, { members: { [GM1]: 3 } }));
    fleet.see(gm(100, { succeeded: 2 }), ks(110, { members: { [GM1]: 0 } }));
    fleet.see(ks(200, { members: { [GM1]: 0 } }));
    fleet.see(ks(300, { members: { [GM1]: 3 } }));
    expect(ejections(fleet)).toHaveLength(2);
    expect(new Set(ejections(fleet).map(({ id }) => id)).size).toBe(2);
  });
});

describe('a GM that its KS lists under another address than the GM shows', () => {
  const NAT = '192.0.2.7';

  it('is not reported as unlisted while it has the current keys, because its listed address is not known', () => {
    const fleet = new Fleet();
    for (const second of [0, 700, 1400]) fleet.see(gm(second), ks(second + 10, { members: { [NAT]: 0, [GM2]: 0 } }));
    const view = fleet.see(gm(1500));
    expect(view.gms.map(({ device, listedByKs }) => [device, listedByKs])).toEqual([['gm1', null]]);
    expect(view.notListed).toEqual([]);
    expect(view.explanations).toEqual([]);
    expect(fleet.events).toEqual([]);
  });

  it('is reported as unlisted when every address in the list is that of another polled GM', () => {
    const fleet = new Fleet();
    const other = (second: number) => gm(second, { device: 'gm2', address: GM2 });
    for (const second of [0, 700, 1400])
      fleet.see(gm(second), other(second), ks(second + 10, { members: { [GM2]: 0 } }));
    expect(ejections(fleet).map(({ device }) => device)).toEqual(['gm1']);
  });

  it('is recognized by the address at which it is polled', () => {
    const fleet = new Fleet();
    const polledAt = (second: number) => ({ ...gm(second), host: NAT });
    fleet.see(polledAt(0), ks(10, { members: { [NAT]: 2, [GM2]: 0 } }));
    const view = fleet.see(polledAt(700));
    expect(view.gms).toMatchObject([{ device: 'gm1', listedByKs: true, acksMissed: 2 }]);
    expect(view.unacknowledged).toMatchObject([{ address: NAT, device: 'gm1' }]);
    expect(view.notPolled).toEqual([GM2]);
    expect(view.members).toBe(2);
    for (const second of [710, 1410, 1420]) fleet.see(polledAt(second - 5), ks(second, { members: { [GM2]: 0 } }));
    expect(ejections(fleet).map(({ device }) => device)).toEqual(['gm1']);
  });
});
