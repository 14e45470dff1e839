/** Devices that the agent does not see are not said to be down: the agent’s own path to them may be broken. */
import { describe, expect, test } from 'vitest';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, silent } from './members.ts';

const told = (view: ReturnType<Fleet['see']>) =>
  view.explanations.map(({ cause, phase, status }) => `${cause} ${phase} ${status}`);

describe('a group whose devices all went silent at once', () => {
  test('is reported as not seen by the agent; its KS and its GMs are not said to be down', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    const view = fleet.see(silent(ks(0), 60), silent(member(1, 0), 75), silent(member(2, 0), 90));
    expect(told(view)).toEqual(['ks_down present critical']);
    expect(view.explanations[0]).toMatchObject({
      summary:
        'The agent sees nothing of G1: none of its 3 devices (gm1, gm2, ks1) has answered since 08:01:30 UTC, and all went silent at once: the agent’s own way to them is broken, or all of them are down',
      consequence: { what: 'whether G1 still has keys and traffic is not known' },
      deadlineMs: null,
      firstStep: expect.stringMatching(/^On the host of the agent/u),
      scope: ['gm1', 'gm2', 'ks1'],
      evidence: ['timeout: gm1, gm2, ks1'],
    });
    // The first device that answers again shows which of them is down.
    const seen = fleet.see(member(1, 400), member(2, 405));
    expect(seen.explanations[0]?.summary).toMatch(
      /^KS ks1, the only KS, has not answered since 08:01:00 UTC: if it is down/u,
    );
  });

  test('is reported as not seen by the agent when no KS is polled, too', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0), member(2, 0), member(3, 0));
    const view = fleet.see(...[1, 2, 3].map((number) => silent(member(number, 0), 60 + number)));
    expect(told(view)).toEqual(['gms_unreachable present warning']);
    expect(view.explanations[0]?.summary).toMatch(/^The agent sees nothing of G1: none of its 3 devices/u);
  });

  test('is not assumed when a GM had been silent long before its KS', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    fleet.see(silent(member(1, 0), 60), ks(3000));
    const view = fleet.see(silent(ks(3000), 3060));
    expect(view.explanations.map(({ summary }) => summary).join()).not.toMatch(/sees nothing/u);
  });
});

describe('silent GMs that acknowledged a rekey since, as their KS counts', () => {
  const ALL = { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 0, '10.0.0.4': 0 };
  const gone = (second: number) => [3, 4].map((number) => silent(member(number, second), second));

  test('are alive behind a broken path of the agent, or went down since', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: ALL }), ...[1, 2, 3, 4].map((number) => member(number, 0)));
    const before = fleet.see(...gone(60), ks(120, { members: ALL }));
    expect(before.explanations[0]?.summary).toMatch(/stopped answering .*: they reload, or the agent’s path to them/u);
    // The TEK of 3600 s that ends at 3900 was made at 300; the list is read some minutes after that.
    const rekeyed = { '0x0000000B': 3900 };
    const view = fleet.see(
      ks(900, { members: ALL, teks: rekeyed }),
      ...[1, 2].map((number) => member(number, 905, { teks: rekeyed })),
    );
    expect(view.explanations).toMatchObject([
      {
        cause: 'gms_unreachable',
        status: 'warning',
        summary:
          '2 of 4 GMs (gm3, gm4) have not answered the agent since 08:01:00 UTC, and acknowledged the rekey of 08:05:00 UTC, as their KS counts: the agent’s path to them is broken, or they went down since',
        consequence: { what: 'the agent does not see what gm3, gm4 show' },
        firstStep: expect.stringMatching(/^The path from the agent/u),
      },
    ]);
  });

  test('are not said to be alive by a rekey before their silence, or while one acknowledgement is missing', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: ALL }), ...[1, 2, 3, 4].map((number) => member(number, 0)));
    const rekeyed = { '0x0000000B': 3900 };
    fleet.see(...gone(600));
    const teks = { teks: rekeyed };
    const view = fleet.see(ks(1200, { members: ALL, ...teks }), member(1, 1205, teks), member(2, 1206, teks));
    expect(view.explanations[0]?.summary).toMatch(/stopped answering/u);
    const later = { teks: { '0x0000000C': 4900 } };
    const lost = fleet.see(
      ks(2000, { members: { ...ALL, '10.0.0.4': 1 }, ...later }),
      member(1, 2005, later),
      member(2, 2006, later),
    );
    const [first] = lost.explanations;
    expect(first?.summary).toMatch(/stopped answering/u);
    expect(first?.evidence).toEqual([
      'no answer from gm3, gm4',
      'gm3: its KS misses no acknowledgement of the rekey of 08:21:40 UTC',
    ]);
  });
});

/** Anyone who sends UDP with the address of the KS can forge them. */
describe('a silent KS in whose name messages come', () => {
  const heard = (second: number) => ({ heardMs: START + second * 1000, lastMs: START + (second + 90) * 1000 });

  test('is ks_down all the same, and the messages are mentioned', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    const view = fleet.see(silent(ks(0), 60, heard(200)), member(1, 205), member(2, 206));
    expect(told(view)).toEqual(['ks_down present critical']);
    expect(view.explanations[0]).toMatchObject({
      summary:
        'KS ks1, the only KS, has not answered since 08:00:00 UTC, though a message in its name came at 08:03:20 UTC: if it is down, no GM of G1 can register or get a rekey',
      confidence: 'likely',
      evidence: [expect.stringMatching(/^ks1: timeout .*; a message in its name came at 08:03:20 UTC$/u)],
    });
  });

  test('has the same cause as without the messages, and its incident stays open', () => {
    const fleet = new Fleet();
    fleet.see(ks(0));
    expect(told(fleet.see(silent(ks(0), 60)))).toEqual(['ks_down present critical']);
    expect(told(fleet.see(silent(ks(0), 60, heard(200))))).toEqual(['ks_down present critical']);
    expect(fleet.incidents.findLast(({ cause }) => cause === 'ks_down')?.status).toBe('open');
  });

  test('is said to register no GM when its GMs have lost their registrations', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    const off = (number: number) =>
      member(number, 300, { registered: false }, { unregisteredSinceMs: START + 250_000 });
    const view = fleet.see(silent(ks(0), 60, heard(200)), off(1), off(2));
    expect(told(view)[0]).toBe('ks_down present critical');
    expect(view.explanations[0]?.summary).toMatch(
      /^KS ks1, the only KS, has not answered since .*, though a message in its name came at 08:03:20 UTC: no GM of G1 can register/u,
    );
  });

  test('may be down together with its GMs when all went silent at once', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    const view = fleet.see(silent(ks(0), 60, heard(200)), silent(member(1, 0), 75));
    expect(view.explanations[0]?.summary).toBe(
      'The agent sees nothing of G1: none of its 2 devices (gm1, ks1) has answered since 08:01:15 UTC, and all went silent at once: the agent’s own way to them is broken, or all of them are down; messages in the name of ks1 came since',
    );
  });

  test('is redundancy_lost when its peer calls it dead, because a message proves less', () => {
    const fleet = new Fleet();
    const other = (second: number, peer: string) =>
      ks(second, {
        device: 'ks2',
        address: '10.1.0.2',
        role: peer === 'Dead' ? 'primary' : 'secondary',
        peers: { '10.1.0.1': peer },
      });
    fleet.see(ks(0, { peers: { '10.1.0.2': 'Alive' } }), other(1, 'Alive'), member(1, 2));
    const view = fleet.see(silent(ks(0), 60, heard(200)), other(300, 'Dead'), member(1, 301));
    expect(told(view)).toEqual(['redundancy_lost present warning']);
  });
});

describe('a silent KS of a COOP set', () => {
  const other = (second: number) =>
    ks(second, { device: 'ks2', address: '10.1.0.2', role: 'secondary', peers: { '10.1.0.1': 'Unknown' } });
  const afterRekey = (lastFrom: string) => {
    const fleet = new Fleet();
    fleet.see(ks(0, { peers: { '10.1.0.2': 'Alive' } }), other(1), member(1, 2, { keyServer: '10.1.0.2' }));
    fleet.see(silent(ks(0), 60, { lastMs: START + 500_000 }), other(300));
    return told(fleet.see(member(1, 310, { keyServer: '10.1.0.2', lastAge: 60, lastFrom }), other(311)));
  };

  test('is ks_out_of_sight in the same words while GMs get further rekeys from it', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { peers: { '10.1.0.2': 'Alive' } }), other(1), member(1, 2, { keyServer: '10.1.0.2' }));
    const at = (second: number) => {
      const served = member(1, second, { keyServer: '10.1.0.2', lastAge: 10, lastFrom: '10.1.0.1' });
      const view = fleet.see(silent(ks(0), 60, { lastMs: START + (second + 200) * 1000 }), served, other(second));
      const found = view.explanations.find(({ cause }) => cause === 'ks_out_of_sight');
      return [found?.phase, found?.summary, found?.evidence];
    };
    const first = at(310);
    expect(first[0]).toBe('present');
    expect(at(910)).toEqual(first);
    expect(fleet.incidents.filter(({ cause }) => cause === 'ks_out_of_sight')).toHaveLength(1);
  });

  test('is alive when a GM names it as the sender of a later rekey, whichever KS registered that GM', () => {
    expect(afterRekey('10.1.0.1')).toEqual(['ks_out_of_sight present warning']);
  });

  test('is not shown to be alive by a rekey from another KS', () => {
    expect(afterRekey('10.1.0.2')).not.toContain('ks_out_of_sight present warning');
  });
});
