import { describe, expect, it } from 'vitest';
import { cellDoubts, sharersOfKek } from '../../../src/gdoi/fleet/misplaced-cells.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { Fleet, gm, ks } from '../../builders/fleet-group.ts';

const KEK_A = '0xAAAA';
const KEK_B = '0xBBBB';

function keyServer(device: string, kekSpi: string, over: Parameters<typeof ks>[1] = {}): MemberFacts {
  const address = `10.1.0.${device.slice(2)}`;
  return ks(0, { device, address, kekSpi, peers: {}, members: { [`${address}00`]: 0 }, ...over });
}

/** All devices were seen in one group of the default cell, and are configured in these cells now. */
function doubts(cells: Readonly<Record<string, string>>, ...facts: readonly MemberFacts[]) {
  const fleet = new Fleet();
  fleet.see(...facts);
  const of = new Map(Object.entries(cells));
  return cellDoubts([fleet.state], (device) => of.get(device) ?? null);
}

const TWO = [keyServer('ks1', KEK_A), keyServer('ks3', KEK_B)];

describe('the cells of a configuration, compared with the groups seen so far,', () => {
  it('are doubted if two groups of one name are in one cell', () => {
    expect(doubts({ ks1: 'default', ks3: 'default' }, ...TWO)).toEqual([
      {
        group: 'G1',
        cells: ['default'],
        summary: 'KSs ks1, ks3 share no peer, no KEK and no member: two groups of one name? Give their devices cells',
      },
    ]);
  });

  it('are doubted if two groups of one name are in a named cell, too', () => {
    expect(doubts({ ks1: 'acme', ks3: 'acme' }, ...TWO)).toMatchObject([{ cells: ['acme'] }]);
  });

  it('are right once each customer has its own cell, even if all was seen in the default one', () => {
    expect(doubts({ ks1: 'acme', ks3: 'beta' }, ...TWO)).toEqual([]);
  });

  it('are doubted if KSs of two cells hold one KEK, because that cuts one group in two', () => {
    expect(doubts({ ks1: 'acme', ks2: 'beta' }, keyServer('ks1', KEK_A), keyServer('ks2', KEK_A))).toEqual([
      {
        group: 'G1',
        cells: ['acme', 'beta'],
        summary:
          'KSs ks1 (cell acme), ks2 (cell beta) hold one KEK: one group that lies in several cells? Give all its devices one cell',
      },
    ]);
  });

  it('are doubted if a GM holds the TEKs of another cell and none of its own', () => {
    const acme = keyServer('ks1', KEK_A, { teks: { '0x0000000A': 3000 } });
    const beta = keyServer('ks3', KEK_B, { teks: { '0x0000000B': 3000 } });
    const stray = gm(0, { device: 'gm7', teks: { '0x0000000A': 3000 } });
    const cells = { ks1: 'acme', ks3: 'beta', gm7: 'beta' };
    expect(doubts(cells, acme, beta, stray)).toEqual([
      {
        group: 'G1',
        cells: ['beta', 'acme'],
        summary: 'GM gm7 (cell beta) holds the TEKs of cell acme and of no KS of its own: in the wrong cell?',
      },
    ]);
    expect(doubts({ ...cells, gm7: 'acme' }, acme, beta, stray)).toEqual([]);
  });

  it.each([
    ['a KS without a KEK SPI', [keyServer('ks1', KEK_A, { kekSpi: null }), keyServer('ks2', KEK_A)]],
    [
      'KSs with KEKs of their own and the same addresses',
      [keyServer('ks1', KEK_A), keyServer('ks2', KEK_B, { address: '10.1.0.1' })],
    ],
  ])('are not doubted because of %s', (_name, facts) => {
    expect(doubts({ ks1: 'acme', ks2: 'beta' }, ...facts)).toEqual([]);
  });

  it('are not doubted because of a device that is no longer configured', () => {
    expect(doubts({ ks1: 'default' }, ...TWO)).toEqual([]);
  });

  it('are those in which a device was seen if the configuration does not have the device', () => {
    const fleet = new Fleet();
    fleet.see(...TWO);
    expect(cellDoubts([{ ...fleet.state, cell: 'acme' }], (_device, seenIn) => seenIn)).toMatchObject([
      { cells: ['acme'] },
    ]);
  });
});

describe('groups of several cells that hold one KEK', () => {
  const view = (cell: string | undefined, ...facts: readonly MemberFacts[]) => {
    const { kss } = new Fleet().see(...facts);
    return cell === undefined ? { kss } : { kss, cell };
  };

  it('are found with the cell of each KS', () => {
    const own = view(undefined, keyServer('ks1', KEK_A));
    const other = view('acme', keyServer('ks2', KEK_A));
    const third = view('beta', keyServer('ks3', KEK_B));
    expect(sharersOfKek(own, [own, other, third])).toEqual([
      { ks: 'ks1', cell: 'default', kekSpi: KEK_A },
      { ks: 'ks2', cell: 'acme', kekSpi: KEK_A },
    ]);
    expect(sharersOfKek(third, [own, other, third])).toEqual([]);
  });

  it('are not found within one cell, where two names may stand for one group', () => {
    const own = view('acme', keyServer('ks1', KEK_A));
    expect(sharersOfKek(own, [own, view('acme', keyServer('ks2', KEK_A))])).toEqual([]);
  });
});
