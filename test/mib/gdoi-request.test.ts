/** What a device is asked for, and how its answers decide what it is asked for next. */
import { CPU_ONE_MINUTE } from '../../src/mib/cpu-load.ts';
import { describe, expect, it } from 'vitest';
import type { Varbind } from '../../src/gdoi/seen/varbind.ts';
import { decodeGdoi } from '../../src/mib/decode-gdoi.ts';
import { GDOI_COLUMNS, GDOI_ROOT } from '../../src/mib/gdoi-oids.ts';
import type { GdoiReply } from '../../src/mib/gdoi-reply.ts';
import { followUpRequest, type GdoiRequest, gdoiRequest, type PolledRole } from '../../src/mib/gdoi-request.ts';
import { withLaterSequence } from '../../src/mib/rekey-under-way.ts';
import { NOTHING_LEARNT_BY_SNMP, rememberReply, type SnmpMemory } from '../../src/mib/snmp-memory.ts';
import { answer, ascii, columnOid, octets, READ_AT_MS, rowOf, walkOf } from '../builders/gdoi-reply-builder.ts';

const SYS_DESCR = '1.3.6.1.2.1.1.1.0';
const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
const ENGINE_BOOTS = '1.3.6.1.6.3.10.2.1.2.0';
const DAY_MS = 86_400_000;

/** The names of the columns in a request, without `cgmGdoi`. */
function columnsOf(request: GdoiRequest | null): string[] {
  const names = new Map(Object.entries(GDOI_COLUMNS).map(([name, oid]) => [`${GDOI_ROOT}.${oid}`, name]));
  return (request?.columns ?? []).map((oid) => (names.get(oid) ?? oid).replace('cgmGdoi', ''));
}

function learn(objects: readonly Varbind[], role: PolledRole, rest: Partial<GdoiReply> = {}): SnmpMemory {
  return rememberReply(
    NOTHING_LEARNT_BY_SNMP,
    answer(objects, gdoiRequest(NOTHING_LEARNT_BY_SNMP, role, READ_AT_MS), rest),
  );
}

function routine(memory: SnmpMemory, role: PolledRole): GdoiRequest {
  return gdoiRequest(memory, role, READ_AT_MS + 60_000);
}

function replaced(objects: readonly Varbind[], oid: string, value: Varbind['value']): Varbind[] {
  return objects.map((object) => (object.oid === oid ? { oid, value } : object));
}

describe('the first request', () => {
  it('asks a device of unknown role for both roles, its release, its switches, and names and facts of keys', () => {
    const request = gdoiRequest(NOTHING_LEARNT_BY_SNMP, 'auto', READ_AT_MS);
    expect(request.scalars).toContain(SYS_DESCR);
    expect(request.scalars.filter((oid) => oid.startsWith(`${GDOI_ROOT}.1.4.`))).toHaveLength(15);
    expect(columnsOf(request)).toEqual(
      expect.arrayContaining([
        'GroupName',
        'GmActiveTEKNum',
        'GmKekEncryptAlg',
        'KeyServerRole',
        'KsTekOriginalLifetime',
      ]),
    );
  });

  it.each(['gm', 'ks', 'auto'] as const)('to role %s asks for nothing twice, and for no TEK selector', (role) => {
    const columns = columnsOf(gdoiRequest(NOTHING_LEARNT_BY_SNMP, role, READ_AT_MS));
    expect(new Set(columns).size).toBe(columns.length);
    expect(columns.filter((column) => /Tek(?:Src|Dst)/.test(column))).toEqual([]);
  });
});

describe('a routine request', () => {
  it('asks a GM only for what changes', () => {
    const request = routine(learn(walkOf('gm-tek-rollover'), 'gm'), 'gm');
    expect(request.scalars).toEqual([SYS_UP_TIME, ENGINE_BOOTS, '1.3.6.1.6.3.10.2.1.3.0', `${GDOI_ROOT}.1.4.5.0`]);
    expect(columnsOf(request)).toEqual([
      'GmRegKeyServerIdValue',
      'GmActiveKEK',
      'GmRekeysReceived',
      'GmActiveTEKNum',
      'GmKekSPI',
      'GmKekRemainingLifetime',
      'GmKekStatus',
      'GmTekSPI',
      'GmTekRemainingLifetime',
    ]);
  });

  it('asks a KS only for the SPI and the countdown of its many TEK rows', () => {
    const columns = columnsOf(routine(learn(walkOf('ks-primary'), 'ks'), 'ks'));
    expect(columns.filter((column) => column.startsWith('KsTek'))).toEqual(['KsTekSPI', 'KsTekRemainingLifetime']);
    expect(columns).toContain('CoopPeerStatus');
    expect(columns).not.toContain('GroupName');
  });

  it.each([
    ['gm-tek-rollover', /^Gm/],
    ['ks-primary', /^(?:Group|KeyServer|CoopPeer|Ks)/],
  ])('to a device of unknown role asks only for the role that it has shown: %s', (walk, own) => {
    const columns = columnsOf(routine(learn(walkOf(walk), 'auto'), 'auto'));
    expect(columns.filter((column) => !own.test(column))).toEqual([]);
    expect(columns.length).toBeGreaterThan(5);
  });

  it('asks a device that has shown no row for both roles', () => {
    const columns = columnsOf(routine(learn(walkOf('mib-without-groups'), 'auto'), 'auto'));
    expect(columns).toEqual(expect.arrayContaining(['GmActiveKEK', 'KeyServerActiveKEK']));
  });

  it.each([
    ['gm-revision-2010', 'gm', ['GmActiveTEKNum']],
    [
      'ks-revision-2010',
      'ks',
      [
        'GroupMemberCount',
        'GroupLastRekeyRetransmits',
        'GroupLastRekeyTimeTaken',
        'KeyServerRole',
        'KeyServerRegisteredGMs',
        'CoopPeerRole',
        'CoopPeerStatus',
      ],
    ],
  ] as const)('does not ask %s for columns that an image of 2010 does not have', (walk, role, missing) => {
    const memory = learn(walkOf(walk), role);
    expect(memory.missing.map((column) => column.replace('cgmGdoi', ''))).toEqual(missing);
    expect(
      columnsOf(routine(memory, role)).filter((column) => (missing as readonly string[]).includes(column)),
    ).toEqual([]);
  });

  it('still asks a stand-alone KS of 2015 for peers, since having no peer does not mean having no table', () => {
    const alone = walkOf('ks-primary').filter(({ oid }) => !oid.startsWith(`${GDOI_ROOT}.1.2.3.`));
    expect(columnsOf(routine(learn(alone, 'ks'), 'ks'))).toContain('CoopPeerStatus');
  });

  it('asks for the columns below another root if there is one', () => {
    const root = '1.3.6.1.4.1.2636.5.759';
    const { columns } = gdoiRequest(NOTHING_LEARNT_BY_SNMP, 'gm', READ_AT_MS, root);
    const elsewhere = columns.filter((oid) => !oid.startsWith(`${root}.1.`));
    expect(elsewhere).toEqual([CPU_ONE_MINUTE]);
  });
});

describe('the follow-up request after an answer', () => {
  const known = walkOf('gm-tek-rollover');
  const memory = learn(known, 'gm');
  const poll = (objects: readonly Varbind[]) => rememberReply(memory, answer(objects, routine(memory, 'gm')));

  it('does not exist if nothing is new', () => {
    expect(followUpRequest(poll(known))).toBeNull();
  });

  it('asks for the name of a new group', () => {
    const group = '11.4.0.0.0.7';
    const row = rowOf(`${group}.1.4.198.51.100.21`, {
      cgmGdoiGmActiveKEK: new Uint8Array(16),
      cgmGdoiGmRekeysReceived: 0,
    });
    const objects = [...known, ...rowOf(group, { cgmGdoiGroupName: ascii('second') }), ...row];
    const polled = answer(objects, routine(memory, 'gm'));
    const taught = rememberReply(memory, polled);
    const followUp = followUpRequest(taught);
    expect(columnsOf(followUp)).toEqual(['GroupName']);
    const complete = rememberReply(taught, answer(objects, followUp!));
    expect(followUpRequest(complete)).toBeNull();
    expect(decodeGdoi(polled, complete).snapshots.map(({ group }) => group)).toEqual(['second', 'wan-eu1']);
  });

  it('asks for the facts of a new KEK', () => {
    const index = '11.4.0.0.4.199.1.4.198.51.100.21.1';
    const spi = octets('c5ac603900112233a440633e44556677');
    const objects = replaced(known, `${columnOid('cgmGdoiGmKekSPI')}.${index}`, spi);
    const polled = answer(objects, routine(memory, 'gm'));
    const taught = rememberReply(memory, polled);
    const kek = { spi: '0xC5AC603900112233A440633E44556677', remainingSeconds: 1109 };
    expect(decodeGdoi(polled, taught).snapshots).toMatchObject([
      { kek: { ...kek, encryption: null, transport: null } },
    ]);

    const followUp = followUpRequest(taught);
    expect(columnsOf(followUp)).toEqual([
      'GmKekSPI',
      'GmKekDstIdValue',
      'GmKekEncryptAlg',
      'GmKekEncryptKeyLength',
      'GmKekSigHashAlg',
      'GmKekSigKeyLength',
      'GmKekOriginalLifetime',
      'GmRekeysReceived',
    ]);
    const complete = rememberReply(taught, answer(objects, followUp!));
    expect(followUpRequest(complete)).toBeNull();
    expect(decodeGdoi(polled, complete).snapshots).toMatchObject([
      { kek: { ...kek, encryption: 'AES', transport: 'unicast' } },
    ]);
  });

  describe('for the number of the last rekey, if a GM has a new TEK,', () => {
    const GM = '11.4.0.0.4.199.1.4.198.51.100.21';
    const number = `${columnOid('cgmGdoiGmRekeysReceived')}.${GM}`;
    const [{ oid: tek } = { oid: '' }] = known.filter(({ oid }) => oid.startsWith(`${columnOid('cgmGdoiGmTekSPI')}.`));
    const before = Number(known.find(({ oid }) => oid === number)?.value);
    const objects = replaced(known, tek, octets('7b1d4a40'));
    const polled = answer(objects, routine(memory, 'gm'));
    const taught = rememberReply(memory, polled);
    const later = answer(replaced(objects, number, before + 1), followUpRequest(taught)!);
    const complete = rememberReply(taught, later);

    it('is sent, so that a rekey that came between the two rows is not taken for a registration', () => {
      expect(columnsOf(followUpRequest(taught))).toEqual(['GmRekeysReceived']);
      const { first, others } = withLaterSequence(polled.varbinds, later.varbinds);
      expect(others).toEqual([]);
      const [snapshot] = decodeGdoi({ ...polled, varbinds: first }, complete).snapshots;
      expect(snapshot).toMatchObject({ rekeys: { lastSequence: before + 1 } });
    });

    it('is not sent again while the TEK stays', () => {
      expect(followUpRequest(complete)).toBeNull();
      expect(followUpRequest(rememberReply(complete, answer(objects, routine(complete, 'gm'))))).toBeNull();
    });
  });

  it('asks for the lifetimes of the TEKs of a KS that has a new one, and the KEK is not forgotten', () => {
    const ks = walkOf('ks-primary');
    const before = learn(ks, 'ks');
    const index = '11.4.0.0.4.199.1.4.192.0.2.11.1.1';
    const objects = replaced(ks, `${columnOid('cgmGdoiKsTekSPI')}.${index}`, octets('00000001'));
    const polled = answer(objects, routine(before, 'ks'));
    const taught = rememberReply(before, polled);
    const followUp = followUpRequest(taught);
    expect(columnsOf(followUp)).toEqual(['KsTekSPI', 'KsTekOriginalLifetime']);
    const complete = rememberReply(taught, answer(objects, followUp!));
    const [snapshot] = decodeGdoi(polled, complete).snapshots;
    expect(snapshot).toMatchObject({ kek: { lifetimeSeconds: 1200 } });
    expect(snapshot?.teks).toContainEqual(expect.objectContaining({ spi: '0x00000001', lifetimeSeconds: 900 }));
  });

  it('is made up for by the next poll if it failed', () => {
    const group = '11.4.0.0.0.7';
    const taught = poll([...known, ...rowOf(`${group}.1.4.198.51.100.21`, { cgmGdoiGmRekeysReceived: 0 })]);
    expect(columnsOf(routine(taught, 'gm'))).toContain('GroupName');
  });

  it('does not ask again for the name of a group if the device shows no name', () => {
    const nameless = known.filter(({ oid }) => !oid.startsWith(columnOid('cgmGdoiGroupName')));
    const taught = learn(nameless, 'gm');
    expect(followUpRequest(taught)).toBeNull();
    expect(columnsOf(routine(taught, 'gm'))).not.toContain('GroupName');
  });
});

describe('the agent learns everything again', () => {
  const gm = walkOf('gm-tek-rollover');
  const memory = learn(gm, 'gm');
  const after = (objects: readonly Varbind[], rest: Partial<GdoiReply> = {}) =>
    rememberReply(memory, answer(objects, routine(memory, 'gm'), { receivedAtMs: READ_AT_MS + 60_000, ...rest }));
  const learnsNext = (learnt: SnmpMemory) => routine(learnt, 'gm').scalars.includes(SYS_DESCR);

  it('when the SNMP engine has restarted', () => {
    expect(learnsNext(after(replaced(gm, ENGINE_BOOTS, 13)))).toBe(true);
  });

  it('when SNMPv3 shows that the engine has restarted', () => {
    const v3 = learn(walkOf('gm-revision-2010'), 'gm', { engine: { boots: 4, timeSeconds: 100 } });
    const polled = answer(walkOf('gm-revision-2010'), routine(v3, 'gm'), { engine: { boots: 5, timeSeconds: 1 } });
    expect(learnsNext(rememberReply(v3, polled))).toBe(true);
  });

  it('when sysUpTime fell and did not wrap', () => {
    expect(learnsNext(after(replaced(gm, SYS_UP_TIME, 500)))).toBe(true);
  });

  it('unless sysUpTime fell because it wrapped', () => {
    const old = walkOf('gm-revision-2010');
    const before = learn(old, 'gm');
    const wrapped = answer(replaced(old, SYS_UP_TIME, 300), routine(before, 'gm'), {
      receivedAtMs: READ_AT_MS + 76_000,
    });
    const next = rememberReply(before, wrapped);
    expect(learnsNext(next)).toBe(false);
    expect(decodeGdoi(wrapped, next).facts?.uptimeSeconds).toBe(Math.floor((2 ** 32 + 300) / 100));
  });

  it('when a day has passed, and then not for another day', () => {
    const request = gdoiRequest(memory, 'gm', READ_AT_MS + DAY_MS + 1000);
    expect(request.scalars).toContain(SYS_DESCR);
    const again = rememberReply(memory, answer(gm, request, { receivedAtMs: READ_AT_MS + DAY_MS + 2000 }));
    expect(gdoiRequest(again, 'gm', READ_AT_MS + 2 * DAY_MS).scalars).not.toContain(SYS_DESCR);
  });

  it('so that it finds the columns of 2015 after an upgrade of the image', () => {
    const old = learn(walkOf('gm-revision-2010'), 'gm');
    const upgraded = answer(gm, gdoiRequest(old, 'gm', READ_AT_MS + DAY_MS), { receivedAtMs: READ_AT_MS + DAY_MS });
    expect(rememberReply(old, upgraded).missing).toEqual([]);
  });
});

describe('whether a device would send a notification', () => {
  it('is known from its switches', () => {
    const { notifications } = learn(walkOf('gm-tek-rollover'), 'gm');
    expect(notifications).toMatchObject({ GmReRegister: true, KeyServerRoleChange: false });
  });

  it('is unknown if its image is of 2010 and has no such switch', () => {
    expect(learn(walkOf('gm-revision-2010'), 'gm').notifications.KeyServerRoleChange).toBeUndefined();
  });
});
