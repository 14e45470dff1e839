import { describe, expect, it } from 'vitest';
import { separateKeyServersText } from '../../../src/gdoi/fleet/separate-key-servers.ts';
import { Fleet, gm, ks } from '../../builders/fleet-group.ts';

const KS1 = '10.1.0.1';
const KS2 = '10.1.0.2';
const KS3 = '10.9.0.3';
/** A KS that shows all that identifies its group; by default it has nothing in common with another one. */
function keyServer(device: 'ks1' | 'ks2' | 'ks3', over: Parameters<typeof ks>[1] = {}) {
  const address = { ks1: KS1, ks2: KS2, ks3: KS3 }[device];
  return ks(0, { device, address, kekSpi: `0x${device}`, peers: {}, members: { [`${address}00`]: 0 }, ...over });
}

describe('KSs with one group name in one cell', () => {
  it.each([
    ['two that share nothing', [keyServer('ks1'), keyServer('ks3')], [['ks1'], ['ks3']]],
    [
      'two without COOP',
      [keyServer('ks1', { role: null, peers: null }), keyServer('ks3', { role: null, peers: null })],
      [['ks1'], ['ks3']],
    ],
    [
      'a pair and one apart',
      [keyServer('ks1', { peers: { [KS2]: 'Dead' } }), keyServer('ks2'), keyServer('ks3')],
      [['ks1', 'ks2'], ['ks3']],
    ],
    [
      'three apart with no member at all',
      [keyServer('ks3', { members: {} }), keyServer('ks1', { members: {} }), keyServer('ks2', { members: {} })],
      [['ks1'], ['ks2'], ['ks3']],
    ],
    [
      'two, and a GM that is configured with one of them',
      [keyServer('ks1'), keyServer('ks3'), gm(1, { keyServers: [KS1] })],
      [['ks1'], ['ks3']],
    ],
  ])('are reported as several groups: %s', (_name, facts, parts) => {
    expect(new Fleet().see(...facts).separateKeyServers).toEqual(parts);
  });

  it.each([
    ['one alone', [keyServer('ks1')]],
    [
      'a COOP split: each primary lists the other',
      [keyServer('ks1', { peers: { [KS2]: 'Dead' } }), keyServer('ks2', { peers: { [KS1]: 'Dead' } })],
    ],
    [
      'two that list a third one, which is not polled',
      [keyServer('ks1', { peers: { '10.1.0.7': 'Alive' } }), keyServer('ks2', { peers: { '10.1.0.7': 'Alive' } })],
    ],
    ['the same KEK', [keyServer('ks1', { kekSpi: '0xAB' }), keyServer('ks3', { kekSpi: '0xAB' })]],
    [
      'a GM that both list',
      [
        keyServer('ks1', { members: { '10.2.0.1': 0, '10.2.0.2': 0 } }),
        keyServer('ks3', { members: { '10.2.0.2': 1 } }),
      ],
    ],
    [
      'a GM that is configured with both',
      [keyServer('ks1'), keyServer('ks3'), gm(1, { keyServers: ['10.1.0.8', KS1, KS3] })],
    ],
    ['one whose members are not read yet', [keyServer('ks1', { members: null }), keyServer('ks3')]],
    ['one that shows no KEK', [keyServer('ks1', { kekExpiry: null }), keyServer('ks3')]],
    ['one whose KEK has no SPI', [keyServer('ks1', { kekSpi: null }), keyServer('ks3')]],
    ['one with a COOP role whose peers are not read yet', [keyServer('ks1', { peers: null }), keyServer('ks3')]],
  ])('are not reported as several groups: %s', (_name, facts) => {
    expect(new Fleet().see(...facts).separateKeyServers).toBeNull();
  });

  it('are not reported as several groups while one does not answer, because what it showed may be old', () => {
    const fleet = new Fleet();
    expect(fleet.see(keyServer('ks1'), keyServer('ks3')).separateKeyServers).not.toBeNull();
    expect(fleet.see(keyServer('ks3', { presence: 'unreachable' })).separateKeyServers).toBeNull();
  });

  it('are reported in one sentence that names a KS of each group', () => {
    expect(separateKeyServersText([['ks1', 'ks2'], ['ks3']])).toBe(
      'KSs ks1, ks3 share no peer, no KEK and no member: two groups of one name? Give their devices cells',
    );
    expect(separateKeyServersText([['a'], ['b'], ['c']])).toContain(': 3 groups of one name?');
  });
});
