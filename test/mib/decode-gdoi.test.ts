import { describe, expect, it } from 'vitest';
import { MOST_GROUPS } from '../../src/gdoi/seen/row-bounds.ts';
import type { GmSnapshot, KsSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import type { SnmpValue, Varbind } from '../../src/gdoi/seen/varbind.ts';
import { decodeGdoi, type GdoiReading } from '../../src/mib/decode-gdoi.ts';
import { GDOI_ROOT } from '../../src/mib/gdoi-oids.ts';
import type { GdoiColumn } from '../../src/mib/gdoi-column.ts';
import { NOTHING_LEARNT_BY_SNMP, rememberReply } from '../../src/mib/snmp-memory.ts';
import { ascii, octets, replyOf, rowOf, walkOf } from '../builders/gdoi-reply-builder.ts';

const GM = '11.4.0.0.4.199.1.4.198.51.100.21';
const KS = '11.4.0.0.4.199.1.4.192.0.2.11';
const KEK_A = octets('a'.repeat(32));
const KEK_B = octets('b'.repeat(32));
const SPI_A = `0x${'A'.repeat(32)}`;
const SPI_B = `0x${'B'.repeat(32)}`;
const TEK_1 = octets('6b3cd27a');
const TEK_2 = octets('c41e6a87');
const REGISTERED_WITH_KS = { cgmGdoiGmRegKeyServerIdType: 1, cgmGdoiGmRegKeyServerIdValue: octets('C000020B') };

function read(...varbinds: readonly (readonly Varbind[])[]): GdoiReading {
  const reply = replyOf(varbinds.flat());
  return decodeGdoi(reply, rememberReply(NOTHING_LEARNT_BY_SNMP, reply));
}

function gmOf(...varbinds: readonly (readonly Varbind[])[]): GmSnapshot {
  const [snapshot, ...others] = read(...varbinds).snapshots;
  if (snapshot?.role !== 'gm' || others.length > 0) throw new Error('not one GM');
  return snapshot;
}

function ksOf(...varbinds: readonly (readonly Varbind[])[]): KsSnapshot {
  const [snapshot, ...others] = read(...varbinds).snapshots;
  if (snapshot?.role !== 'ks' || others.length > 0) throw new Error('not one KS');
  return snapshot;
}

const gmRow = (cells: Partial<Record<GdoiColumn, SnmpValue>>) => rowOf(GM, cells);
const kekRow = (index: number, spi: Uint8Array, remaining: number, status?: number) =>
  rowOf(`${GM}.${String(index)}`, {
    cgmGdoiGmKekSPI: spi,
    cgmGdoiGmKekRemainingLifetime: remaining,
    ...(status === undefined ? {} : { cgmGdoiGmKekStatus: status }),
  });
const tekRow = (index: string, spi: Uint8Array, remaining: number, status?: number) =>
  rowOf(`${GM}.${index}`, {
    cgmGdoiGmTekSPI: spi,
    cgmGdoiGmTekRemainingLifetime: remaining,
    ...(status === undefined ? {} : { cgmGdoiGmTekStatus: status }),
  });

describe('without groups', () => {
  it('a device that answers for its notification switches has the MIB but no group', () => {
    expect(read([{ oid: `${GDOI_ROOT}.1.4.5.0`, value: 2 }])).toMatchObject({ kind: 'no-group', snapshots: [] });
  });

  it.each([
    ['answers nothing', []],
    ['says noSuchObject', [{ oid: `${GDOI_ROOT}.1.4.5.0`, value: null }]],
  ])('a device that %s has no MIB, which does not mean that it is no GM', (_, varbinds) => {
    expect(read(varbinds)).toMatchObject({ kind: 'no-mib', snapshots: [], facts: null });
  });

  it('a device whose rows are all unreadable is unreadable', () => {
    expect(read(rowOf('11.9.1', { cgmGdoiGmRekeysReceived: 1 }))).toMatchObject({ kind: 'unreadable', unknown: 1 });
  });
});

describe('the KEK of a GM', () => {
  it('is still listed when its remaining lifetime is 0', () => {
    expect(gmOf(gmRow({}), kekRow(1, KEK_A, 0, 1)).kek).toMatchObject({ spi: SPI_A, remainingSeconds: 0 });
  });

  it('is null when there is no row and the active KEK of the GM is all zeros', () => {
    expect(gmOf(gmRow({ cgmGdoiGmActiveKEK: new Uint8Array(16), cgmGdoiGmRekeysReceived: 0 })).kek).toBeNull();
  });

  it('is the active KEK in the row of the GM, with unknown lifetime, when there is no KEK table', () => {
    const kek = gmOf(gmRow({ cgmGdoiGmActiveKEK: KEK_A })).kek;
    expect(kek).toMatchObject({ spi: SPI_A, remainingSeconds: null });
  });

  it('is null when the KEK table has lost its rows, even if the row of the GM still shows an active KEK', () => {
    const before = replyOf([...gmRow({ cgmGdoiGmActiveKEK: KEK_A }), ...kekRow(1, KEK_A, 100, 1)]);
    const now = replyOf(gmRow({ cgmGdoiGmActiveKEK: KEK_A }));
    const memory = rememberReply(rememberReply(NOTHING_LEARNT_BY_SNMP, before), now);
    expect(decodeGdoi(now, memory).snapshots).toMatchObject([{ kek: null }]);
  });

  it.each([
    ['in use rather than the new one', [kekRow(1, KEK_A, 150, 1), kekRow(2, KEK_B, 86_390, 2)], SPI_A],
    ['in use rather than the old one', [kekRow(1, KEK_A, 0, 3), kekRow(2, KEK_B, 86_390, 1)], SPI_B],
    ['that is new rather than old', [kekRow(1, KEK_A, 0, 3), kekRow(2, KEK_B, 86_390, 2)], SPI_B],
    ['that is active if both are in use', [kekRow(1, KEK_A, 100, 1), kekRow(2, KEK_B, 86_390, 1)], SPI_A],
    ['that is active if no status is shown', [kekRow(1, KEK_A, 100), kekRow(2, KEK_B, 86_390)], SPI_A],
  ])('of two rows is the one %s', (_, rows, spi) => {
    expect(gmOf(gmRow({ cgmGdoiGmActiveKEK: KEK_A }), ...rows).kek?.spi).toBe(spi);
  });

  it('is the longer-lived one if nothing else decides', () => {
    expect(gmOf(kekRow(1, KEK_A, 100, 1), kekRow(2, KEK_B, 86_390, 1)).kek?.spi).toBe(SPI_B);
  });

  it('exists but with unknown values when its SPI changed between two readings', () => {
    const twice = [...kekRow(1, KEK_A, 10, 1), ...rowOf(`${GM}.1`, { cgmGdoiGmKekSPI: KEK_B })];
    const reading = read(gmRow(REGISTERED_WITH_KS), twice);
    expect(reading.snapshots).toMatchObject([{ kek: { remainingSeconds: null }, registered: null }]);
    expect(reading.unknown).toBeGreaterThan(0);
  });

  it('has the later countdown when it counted down between two readings', () => {
    const twice = [...kekRow(1, KEK_A, 1109, 1), ...rowOf(`${GM}.1`, { cgmGdoiGmKekRemainingLifetime: 1108 })];
    expect(read(twice)).toMatchObject({ unknown: 0, snapshots: [{ kek: { spi: SPI_A, remainingSeconds: 1108 } }] });
  });

  it('is dropped and counted when it appeared while the columns were read one after the other', () => {
    const half = rowOf(`${GM}.2`, { cgmGdoiGmKekRemainingLifetime: 86_390, cgmGdoiGmKekStatus: 1 });
    const reading = read(kekRow(1, KEK_A, 100, 1), half);
    expect(reading).toMatchObject({ unknown: 1, snapshots: [{ kek: { spi: SPI_A, remainingSeconds: 100 } }] });
  });

  it.each([
    ['239.192.1.190', 'efc001be', 'multicast'],
    ['FF0E::101', `ff0e${'0'.repeat(24)}0101`, 'multicast'],
    ['198.51.100.21', 'C6336415', 'unicast'],
    ['240.0.0.1, which is not a multicast group', 'f0000001', 'unicast'],
    ['0.0.0.0', '00000000', null],
    ['nothing', '', null],
  ])('has the transport that its destination implies: %s', (_, destination, transport) => {
    const facts = rowOf(`${GM}.1`, { cgmGdoiGmKekDstIdValue: octets(destination) });
    expect(gmOf(kekRow(1, KEK_A, 100, 1), facts).kek?.transport).toBe(transport);
  });

  it.each([
    [3, '3DES', 2, 'HMAC_AUTH_SHA'],
    [12, 'AES', 7, 'HMAC_AUTH_SHA512'],
    [2, 'DES', 1, 'HMAC_AUTH_MD5'],
    [20, 'AES-GCM-16', 5, 'HMAC_AUTH_SHA256'],
    [0, null, 0, null],
    [22, '22', 42, '42'],
  ])('has algorithms spelled as the CLI spells them: %i is %s, %i is %s', (encryption, name, hash, hashName) => {
    const facts = rowOf(`${GM}.1`, { cgmGdoiGmKekEncryptAlg: encryption, cgmGdoiGmKekSigHashAlg: hash });
    expect(gmOf(kekRow(1, KEK_A, 100, 1), facts).kek).toMatchObject({ encryption: name, signatureHash: hashName });
  });
});

describe('the TEKs of a GM', () => {
  it('are listed once each, even though every selector has a row for each direction', () => {
    const rows = ['1.1', '1.2', '2.1', '2.2'].map((index, i) => tekRow(index, TEK_1, 511 - i, 1 + (i % 2)));
    expect(gmOf(...rows).teks).toEqual([
      { interface: null, spi: '0x6B3CD27A', transform: null, remainingSeconds: 511, antiReplay: null },
    ]);
  });

  it('are listed longest-lived first during a rollover', () => {
    expect(gmOf(tekRow('1.1', TEK_2, 35), tekRow('1.3', TEK_1, 510)).teks?.map(({ spi }) => spi)).toEqual([
      '0x6B3CD27A',
      '0xC41E6A87',
    ]);
  });

  it('are listed even when expired, but not if they are not in use', () => {
    const teks = gmOf(tekRow('1.1', TEK_1, 0, 1), tekRow('1.2', TEK_2, 0, 3)).teks;
    expect(teks).toMatchObject([{ spi: '0x6B3CD27A', remainingSeconds: 0 }]);
  });

  it('are unknown if no table was ever seen, and an empty list if the table has only rows of other GMs', () => {
    expect(gmOf(gmRow({ cgmGdoiGmRekeysReceived: 1 })).teks).toBeNull();
    const other = rowOf('11.4.0.0.0.7.1.4.198.51.100.21.1.1', { cgmGdoiGmTekSPI: TEK_1 });
    expect(read(gmRow({ cgmGdoiGmRekeysReceived: 1 }), other).snapshots[1]).toMatchObject({ group: '1223', teks: [] });
  });

  it('are read up to a limit, and those beyond it are counted', () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      tekRow(`1.${String(i)}`, Uint8Array.of(9, 9, i >> 8, i & 255), i),
    );
    const reading = read(...many);
    expect((reading.snapshots[0] as GmSnapshot).teks).toHaveLength(256);
    expect(reading.unknown).toBe(44);
  });
});

it('as many groups are read as over any other transport, and those beyond are counted', () => {
  const many = Array.from({ length: MOST_GROUPS + 3 }, (_, i) =>
    rowOf(`11.4.0.0.9.${String(i)}.1.4.3.3.1.1`, { cgmGdoiGmRekeysReceived: 1 }),
  );
  const reading = read(...many);
  expect(reading.snapshots).toHaveLength(MOST_GROUPS);
  expect(reading.unknown).toBe(3);
});

describe('whether a GM is registered is', () => {
  it.each([
    ['true with a KEK in use', [gmRow(REGISTERED_WITH_KS), kekRow(1, KEK_A, 100, 1)], true],
    ['true with a TEK in use', [gmRow(REGISTERED_WITH_KS), tekRow('1.1', TEK_1, 100, 2)], true],
    [
      'true with a TEK if the GM counts active TEKs',
      [gmRow({ ...REGISTERED_WITH_KS, cgmGdoiGmActiveTEKNum: 1 }), tekRow('1.1', TEK_1, 100)],
      true,
    ],
    ['unknown if the KEK is listed but has expired', [gmRow(REGISTERED_WITH_KS), kekRow(1, KEK_A, 0, 1)], null],
    ['unknown if the KEK is only new', [gmRow(REGISTERED_WITH_KS), kekRow(1, KEK_A, 100, 2)], null],
    ['unknown if nothing says that the TEK is in use', [gmRow(REGISTERED_WITH_KS), tekRow('1.1', TEK_1, 100)], null],
    [
      'unknown if its KS is 0.0.0.0',
      [gmRow({ cgmGdoiGmRegKeyServerIdValue: octets('00000000') }), kekRow(1, KEK_A, 100, 1)],
      null,
    ],
    [
      'unknown if its KS is empty',
      [gmRow({ cgmGdoiGmRegKeyServerIdValue: octets('') }), kekRow(1, KEK_A, 100, 1)],
      null,
    ],
    ['unknown if it has nothing but its row', [gmRow(REGISTERED_WITH_KS)], null],
  ])('%s', (_, rows, registered) => {
    expect(gmOf(...rows).registered).toBe(registered);
  });
});

describe('a GM', () => {
  it.each([
    ['an address', 1, 'C000020B', '192.0.2.11'],
    ['an IPv6 address', 5, `20010db8${'0'.repeat(23)}9`, '2001:DB8::9'],
    ['a name', 2, Buffer.from('ks1.example').toString('hex'), 'ks1.example'],
    ['an address without its type', null, 'C000020B', '192.0.2.11'],
    [
      'a name of sixteen letters without its type',
      null,
      Buffer.from('ks1.example.test').toString('hex'),
      'ks1.example.test',
    ],
    ['none if it is 0.0.0.0', 1, '00000000', null],
  ])('names its KS: %s', (_, type, value, keyServer) => {
    const row = gmRow({ cgmGdoiGmRegKeyServerIdType: type, cgmGdoiGmRegKeyServerIdValue: octets(value) });
    expect(gmOf([...row, ...kekRow(1, KEK_A, 1)]).keyServer).toBe(keyServer);
  });

  it('has no rekey count: the "counter" is the sequence number of the last rekey', () => {
    const { rekeys } = gmOf(gmRow({ cgmGdoiGmRekeysReceived: 25 }));
    expect(rekeys).toMatchObject({ lastSequence: 25, received: null, sinceRegistration: null });
  });

  it.each([
    ['a number of 64 bits', 2n ** 40n],
    ['a fraction', 1.5],
    ['a negative number', -1],
    ['an OID', '1.3.6.1'],
    ['octets', octets('01')],
  ])('has no sequence number if it is %s, and the value is counted as unknown', (_, value) => {
    const reading = read(gmRow({ ...REGISTERED_WITH_KS, cgmGdoiGmRekeysReceived: value }));
    expect(reading.snapshots).toMatchObject([{ rekeys: { lastSequence: null }, keyServer: '192.0.2.11' }]);
    expect(reading.unknown).toBe(1);
  });

  it('belongs to a group with its name, or with its identity if the device shows no name', () => {
    const name = rowOf('11.4.0.0.4.199', { cgmGdoiGroupName: ascii('wan-eu1') });
    const row = gmRow({ cgmGdoiGmRekeysReceived: 1 });
    expect(gmOf(name, row)).toMatchObject({ group: 'wan-eu1', identity: '1223', address: '198.51.100.21' });
    expect(gmOf(row)).toMatchObject({ group: '1223', identity: '1223' });
  });

  it('is the only one read in its group, and another one there is reported as a problem', () => {
    const other = rowOf('11.4.0.0.4.199.1.4.9.9.9.9', { cgmGdoiGmRekeysReceived: 1 });
    const reading = read(gmRow({ cgmGdoiGmRekeysReceived: 1 }), other);
    expect(reading.snapshots.map((snapshot) => snapshot.role === 'gm' && snapshot.address)).toEqual(['198.51.100.21']);
    expect(reading.problems).toEqual(['group 1223: 9.9.9.9 beside 198.51.100.21']);
  });
});

describe('an image that leaves all lifetimes at 0', () => {
  const KEYS = [gmRow({ cgmGdoiGmActiveKEK: KEK_A }), kekRow(1, KEK_A, 0, 1), tekRow('1.1', TEK_1, 0, 1)] as const;
  const made = (seconds: number) => rowOf(`${GM}.1`, { cgmGdoiGmKekOriginalLifetime: seconds });

  it('shows keys of a GM with unknown lifetimes, not keys that have expired', () => {
    expect(gmOf(...KEYS, made(0))).toMatchObject({
      registered: null,
      kek: { spi: SPI_A, remainingSeconds: null },
      teks: [{ spi: '0x6B3CD27A', remainingSeconds: null }],
    });
  });

  it('is told from one whose keys have expired by the lifetime that they were made for', () => {
    for (const rows of [[...KEYS, made(86_400)], KEYS]) {
      expect(gmOf(...rows)).toMatchObject({ kek: { remainingSeconds: 0 }, teks: [{ remainingSeconds: 0 }] });
    }
  });

  it('shows a KEK of a KS with unknown lifetimes', () => {
    const kek = {
      cgmGdoiKsKekSPI: KEK_A,
      cgmGdoiKsKekRemainingLifetime: 0,
      cgmGdoiKsKekOriginalLifetime: 0,
      cgmGdoiKsKekStatus: 1,
    };
    expect(ksOf(rowOf(KS, { cgmGdoiKeyServerActiveKEK: KEK_A }), rowOf(`${KS}.1`, kek)).kek).toMatchObject({
      spi: SPI_A,
      lifetimeSeconds: null,
      remainingSeconds: null,
    });
  });
});

describe('a KS', () => {
  const ksRow = (cells: Partial<Record<GdoiColumn, SnmpValue>>) =>
    rowOf(KS, { cgmGdoiKeyServerActiveKEK: KEK_A, ...cells });
  const group = (cells: Partial<Record<GdoiColumn, SnmpValue>>) => rowOf('11.4.0.0.4.199', cells);

  it('has no count of sent rekeys: the "counter" is a sequence number', () => {
    expect(ksOf(ksRow({ cgmGdoiKeyServerRekeysPushed: 33 }))).not.toHaveProperty('rekeysSent');
  });

  it('has the member count of the group, or its own if only that is shown', () => {
    expect(ksOf(ksRow({ cgmGdoiKeyServerRegisteredGMs: 7 }), group({ cgmGdoiGroupMemberCount: 12 })).members).toBe(12);
    expect(ksOf(ksRow({ cgmGdoiKeyServerRegisteredGMs: 7 })).members).toBe(7);
    expect(ksOf(ksRow({})).members).toBeNull();
  });

  it('shows the last rekey only if it is primary, since a secondary sends none', () => {
    const last = group({ cgmGdoiGroupLastRekeyRetransmits: 1, cgmGdoiGroupLastRekeyTimeTaken: 10_000 });
    const shown = { lastRekeyRetransmits: 1, lastRekeyDurationMs: 10_000 };
    expect(ksOf(ksRow({ cgmGdoiKeyServerRole: 1 }), last)).toMatchObject(shown);
    expect(ksOf(ksRow({ cgmGdoiKeyServerRole: 2 }), last)).not.toHaveProperty('lastRekeyRetransmits');
    expect(ksOf(ksRow({ cgmGdoiKeyServerRole: 1 }))).not.toHaveProperty('lastRekeyRetransmits');
  });

  it('is not its own peer, even if the table of key servers has both', () => {
    const peerIndex = '11.4.0.0.4.199.1.4.0.0.0.9';
    const peer = rowOf(peerIndex, { cgmGdoiKeyServerRole: 2, cgmGdoiCoopPeerRole: 2, cgmGdoiCoopPeerStatus: 1 });
    expect(ksOf(ksRow({ cgmGdoiKeyServerRole: 1 }), peer)).toMatchObject({
      localAddress: '192.0.2.11',
      localRole: 'primary',
      peers: [{ address: '0.0.0.9', role: 'secondary', status: 'Alive' }],
    });
  });

  it('may be a GM of another group', () => {
    const gm = rowOf('11.4.0.0.0.7.1.4.192.0.2.11', { cgmGdoiGmRekeysReceived: 3 });
    expect(read(ksRow({}), gm).snapshots.map(({ role, identity }) => [role, identity])).toEqual([
      ['gm', '7'],
      ['ks', '1223'],
    ]);
  });
});

describe('the uptime', () => {
  const uptime = (engineSeconds: number | null, ticks: number | null) =>
    read([
      { oid: '1.3.6.1.6.3.10.2.1.3.0', value: engineSeconds },
      { oid: '1.3.6.1.2.1.1.3.0', value: ticks },
    ]).facts?.uptimeSeconds;

  it.each([
    ['that of the SNMP engine, which does not wrap', 50_000_000, 705_032_704, 50_000_000],
    ['sysUpTime if the engine was started later', 60, 100_000, 1000],
    ['sysUpTime if only that is shown', null, 100_050, 1000],
    ['that of the engine if only that is shown', 77, null, 77],
    ['unknown if neither is shown', null, null, undefined],
  ])('is %s', (_, engineSeconds, ticks, seconds) => {
    expect(uptime(engineSeconds, ticks)).toBe(seconds);
  });

  it('comes from the v3 engine if the device shows no scalar', () => {
    const reply = replyOf([], { engine: { boots: 3, timeSeconds: 4711 } });
    expect(decodeGdoi(reply, NOTHING_LEARNT_BY_SNMP).facts).toMatchObject({ uptimeSeconds: 4711, version: null });
  });
});

it('decodes the MIB below another root in the same way', () => {
  const root = '1.3.6.1.4.1.2636.5.759';
  const moved = walkOf('gm-tek-rollover').map(({ oid, value }) => ({ oid: oid.replace(GDOI_ROOT, root), value }));
  const here = replyOf(walkOf('gm-tek-rollover'));
  const there = replyOf(moved);
  expect(decodeGdoi(there, rememberReply(NOTHING_LEARNT_BY_SNMP, there, root), root)).toEqual(
    decodeGdoi(here, rememberReply(NOTHING_LEARNT_BY_SNMP, here)),
  );
});

it('counts odd values in a name or in the facts of a key, in the answer that contains them', () => {
  const names = rowOf('11.4.0.0.4.199', { cgmGdoiGroupName: 7 });
  const facts = rowOf(`${GM}.1`, { cgmGdoiGmKekEncryptAlg: octets('0c'), cgmGdoiGmKekSigKeyLength: -1 });
  expect(read(gmRow(REGISTERED_WITH_KS), kekRow(1, KEK_A, 900, 1)).unknown).toBe(0);
  expect(read(gmRow(REGISTERED_WITH_KS), kekRow(1, KEK_A, 900, 1), names, facts)).toMatchObject({
    unknown: 3,
    snapshots: [{ group: '1223', kek: { encryption: null, signatureKeyBits: null } }],
  });
});
