import { describe, expect, it } from 'vitest';
import { Fleet, gm, ks } from '../../builders/fleet-group.ts';

const OLD = { behavior: 'legacy', version: '15.1(4)M8' } as const;

describe('mixed versions', () => {
  it('are reported from the inventory, before any KEK cycle, with the KS to upgrade', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, OLD));
    const view = fleet.see(gm(1));
    expect(view.mixedVersions).toEqual({
      legacyKss: [{ device: 'ks1', version: '15.1(4)M8' }],
      sending: ['ks1'],
      affectedGms: ['gm1'],
    });
    expect(fleet.events).toMatchObject([{ type: 'mixed_versions', severity: 'warning', device: null, group: 'G1' }]);
    expect(fleet.events[0]?.action).toContain('upgrade of KS ks1');
    expect(fleet.events[0]?.evidence.join('\n')).toContain('GM with KEK timer: gm1 (17.6.3)');
  });

  it.each([
    ['a new KS and a new GM', ks(0), gm(1)],
    ['an old GM at a new KS, where the rekey only comes early', ks(0), gm(1, { kekExpiry: null })],
    ['an old GM at an old KS', ks(0, OLD), gm(1, { kekExpiry: null })],
    ['a GM of unknown behaviour', ks(0, OLD), gm(1, { change: { kekBehavior: 'unknown' } })],
    ['a KS of unknown behaviour', ks(0, { behavior: 'unknown' }), gm(1)],
    [
      'an old KS that is not in the GM’s list',
      ks(0, { ...OLD, address: '10.1.0.9' }),
      gm(1, { keyServers: ['10.1.0.1'] }),
    ],
  ])('are not reported with %s', (_name, keyServer, member) => {
    const fleet = new Fleet();
    const view = fleet.see(keyServer, member);
    expect(view.mixedVersions).toBeNull();
    expect(fleet.events).toEqual([]);
  });

  it.each([
    ['its configured name, which no GM prints', 'ks1.example.net'],
    ['nothing, as in a recording without settings', 'ks1'],
    ['the address that its GMs name', '10.1.0.1'],
  ])('are reported of an old KS without COOP that shows no address of its own and is known by %s', (_name, host) => {
    const view = new Fleet().see(ks(0, { ...OLD, address: null, host, role: null }), gm(1));
    expect(view.mixedVersions?.affectedGms).toEqual(['gm1']);
  });

  it('include an old KS with which the GM is not registered but can be', () => {
    const fleet = new Fleet();
    const view = fleet.see(
      ks(0),
      ks(0, { ...OLD, device: 'ks2', address: '10.1.0.2', role: 'secondary' }),
      gm(1, { keyServers: ['10.1.0.1', '10.1.0.2'] }),
    );
    expect(view.mixedVersions?.legacyKss).toEqual([{ device: 'ks2', version: '15.1(4)M8' }]);
  });

  it('include an old primary, but no old secondary, if the GM shows only the new KS that registered it', () => {
    const primary = { ...OLD, peers: { '10.1.0.2': 'Alive' } } as const;
    const second = { device: 'ks2', address: '10.1.0.2', role: 'secondary', peers: { '10.1.0.1': 'Alive' } } as const;
    const member = gm(1, { keyServer: '10.1.0.2', keyServers: [] });
    expect(new Fleet().see(ks(0, primary), ks(0, second), member).mixedVersions).toEqual({
      legacyKss: [{ device: 'ks1', version: '15.1(4)M8' }],
      sending: ['ks1'],
      affectedGms: ['gm1'],
    });
    const passive = { ...primary, role: 'secondary' } as const;
    const active = { ...second, role: 'primary' } as const;
    expect(new Fleet().see(ks(0, passive), ks(0, active), member).mixedVersions).toBeNull();
  });

  it('are reported once while they last, whatever a GM between two KEKs shows, and again after they ended', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, OLD), gm(1));
    for (let second = 60; second < 600; second += 60) {
      fleet.see(ks(second, OLD), gm(second, { kekExpiry: 0, change: { kekBehavior: 'unknown' } }));
    }
    expect(fleet.types()).toEqual(['mixed_versions']);
    fleet.see(ks(600));
    fleet.see(gm(700));
    fleet.see(ks(800, OLD));
    expect(fleet.types()).toEqual(['mixed_versions', 'mixed_versions']);
    expect(new Set(fleet.events.map((event) => event.id)).size).toBe(2);
  });
});
