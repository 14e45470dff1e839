import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import snmp from 'net-snmp';
import { afterEach, describe, expect, it } from 'vitest';
import type { SnmpCredential } from '../../src/access/device-snmp.ts';
import { createOwnEngine } from '../../src/access/listeners/traps/own-engine.ts';
import { TrapGate } from '../../src/access/listeners/traps/trap-gate.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { AUTH_PASSWORD, COMMUNITY, PRIVACY_PASSWORD, sendUdp, trapsUnderTest, v3User } from './pushed-under-test.ts';
import { type TrapDatagram, trapDatagram } from './trap-datagram.ts';

const ENGINE = Buffer.from('8000000903000c29000001', 'hex');
const RE_REGISTER = '1.3.6.1.4.1.9.9.759.0.7';

const community: SnmpCredential = { version: '2c', community: new Secret(COMMUNITY) };
const user = v3User('sha', null);
const v2c = (overrides: Partial<TrapDatagram> = {}) => trapDatagram({ community: COMMUNITY, ...overrides });
const v3 = (boots: number, timeSeconds: number) =>
  trapDatagram({ v3: { engineId: ENGINE, boots, timeSeconds, username: 'monitor', password: AUTH_PASSWORD } });

describe('a trap of v3', () => {
  it('that was recorded is refused once its engine has moved on by more than 150 s', async () => {
    const clock = new FakeClock();
    await using traps = await trapsUnderTest([user], { clock });
    const recorded = v3(7, 1000);
    await sendUdp(traps.port, recorded, v3(7, 1100), recorded);
    expect(await traps.arrived(3)).toHaveLength(3);
    await clock.advance(60_000);
    await sendUdp(traps.port, recorded);
    expect(await traps.dropped(1)).toEqual({ time_window: 1 });
    await sendUdp(traps.port, v3(7, 1159));
    expect(await traps.arrived(4)).toHaveLength(4);
  });

  it('of an earlier boot is refused, one of a later boot starts a new time', async () => {
    await using traps = await trapsUnderTest([user], { clock: new FakeClock() });
    await sendUdp(traps.port, v3(7, 1000), v3(8, 1), v3(7, 1001), v3(8, 2), v3(2 ** 31 - 1, 3));
    expect(await traps.dropped(2)).toEqual({ time_window: 2 });
    expect(await traps.arrived(3)).toHaveLength(3);
  });

  it('that is forged teaches nothing about its engine', async () => {
    await using traps = await trapsUnderTest([user], { clock: new FakeClock() });
    const forged = v3(2000, 0);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    await sendUdp(traps.port, forged, v3(7, 1000));
    expect(await traps.arrived(1)).toMatchObject([{ trapOid: RE_REGISTER, authenticated: true }]);
    expect(await traps.dropped(1)).toEqual({ wrong_digest: 1 });
  });

  it('of a user with two passwords in the configuration may have either', async () => {
    const old: SnmpCredential = {
      version: 3,
      username: 'monitor',
      auth: { protocol: 'sha', password: new Secret('the-password-before') },
      privacy: null,
    };
    await using traps = await trapsUnderTest([old, user]);
    await sendUdp(traps.port, v3(7, 1000));
    expect(await traps.arrived(1)).toHaveLength(1);
  });
});

describe("net-snmp's session", () => {
  let session: { close(): void } | null = null;
  afterEach(() => session?.close());

  it.each([
    ['sha', 'aes256'],
    ['sha256', 'aes256'],
    ['md5', 'aes256'],
    ['sha512', 'aes128'],
  ] as const)('is understood with %s and %s, in the key extension that Cisco uses', async (auth, privacy) => {
    await using traps = await trapsUnderTest([v3User(auth, privacy)]);
    const created = snmp.createV3Session(
      '127.0.0.1',
      {
        name: 'monitor',
        level: snmp.SecurityLevel.authPriv,
        authProtocol: snmp.AuthProtocols[auth],
        authKey: AUTH_PASSWORD,
        privProtocol: snmp.PrivProtocols[privacy === 'aes256' ? 'aes256r' : 'aes'],
        privKey: PRIVACY_PASSWORD,
      },
      { trapPort: traps.port },
    );
    session = created;
    const answered = new Promise<void>((resolve, reject) => {
      created.inform(RE_REGISTER, [], (error) => (error === null ? resolve() : reject(error)));
    });
    expect(await traps.arrived(1)).toMatchObject([{ trapOid: RE_REGISTER, authenticated: true }]);
    await answered;
  });
});

describe('an inform', () => {
  let socket: Socket | null = null;
  afterEach(() => socket?.close());

  it('gets its own varbinds back, from the address it was sent to', async () => {
    await using traps = await trapsUnderTest();
    socket = createSocket('udp4');
    const inform = v2c({ pduTag: 0xa6, requestId: 4711 });
    socket.send(inform, traps.port, '127.0.0.1');
    const [answer]: unknown[] = await once(socket, 'message');
    expect(answer).toEqual(v2c({ pduTag: 0xa2, requestId: 4711 }));
  });
});

describe('an inform of v3', () => {
  it('is accepted within 150 s of the time of the engine it addresses, and not from before its start', async () => {
    const clock = new FakeClock();
    const engine = createOwnEngine(162, clock);
    const gate = new TrapGate([user], engine, clock);
    await clock.advance(1_000_000);
    const { boots } = engine.now();
    const verdictOf = (boots: number, timeSeconds: number) => {
      const to = { engineId: engine.id, boots, timeSeconds, username: 'monitor', password: AUTH_PASSWORD };
      const verdict = gate.judge(trapDatagram({ pduTag: 0xa6, v3: to }));
      return verdict.kind === 'refused' ? verdict.reason : verdict.kind;
    };
    expect([849, 850, 1000, 1150, 1151].map((timeSeconds) => verdictOf(boots, timeSeconds))).toEqual([
      'time_window',
      'notification',
      'notification',
      'notification',
      'time_window',
    ]);
    expect(verdictOf(boots - 1, 1000)).toBe('time_window');
  });

  it('is answered with its own varbinds, signed, and asks for no report', () => {
    const clock = new FakeClock();
    const engine = createOwnEngine(162, clock);
    const { boots } = engine.now();
    const to = { engineId: engine.id, boots, timeSeconds: 0, username: 'monitor', password: AUTH_PASSWORD };
    const inform = trapDatagram({ pduTag: 0xa6, requestId: 4711, v3: { ...to, reportable: true } });
    expect(new TrapGate([user], engine, clock).judge(inform)).toMatchObject({
      kind: 'notification',
      answer: trapDatagram({ pduTag: 0xa2, requestId: 4711, v3: to }),
    });
  });

  it('for the engine of another receiver is refused, and its sender is told if it asks', () => {
    const clock = new FakeClock();
    const gate = new TrapGate([user], createOwnEngine(162, clock), clock);
    const to = { engineId: ENGINE, boots: 1, timeSeconds: 1, username: 'monitor', password: AUTH_PASSWORD };
    const silent = gate.judge(trapDatagram({ pduTag: 0xa6, v3: to }));
    expect(silent).toEqual({ kind: 'refused', reason: 'not_a_notification', answer: null });
    const asking = gate.judge(trapDatagram({ pduTag: 0xa6, v3: { ...to, reportable: true } }));
    expect(asking).toEqual({ kind: 'refused', reason: 'unknown_engine', answer: expect.any(Buffer) });
  });

  it('finds the same engine after a restart, in a later boot', async () => {
    const clock = new FakeClock();
    const before = createOwnEngine(162, clock);
    await clock.advance(60_000);
    const after = createOwnEngine(162, clock);
    expect(after.id).toEqual(before.id);
    expect(after.now().boots).toBe(before.now().boots + 60);
    expect(createOwnEngine(163, clock).id).not.toEqual(before.id);
  });
});

describe('a datagram that is no notification', () => {
  it.each<[title: string, datagram: Buffer, reason: string]>([
    ['of no SNMP', Buffer.from('<189>45: %SYS-5-X: y'), 'malformed'],
    ['of nothing', Buffer.alloc(0), 'malformed'],
    ['cut short', v2c().subarray(0, 40), 'malformed'],
    ['of a version that does not exist', v2c({ version: 2 }), 'malformed'],
    ['that asks', v2c({ pduTag: 0xa0 }), 'not_a_notification'],
    ['with a v1 trap in v2c', v2c({ pduTag: 0xa4 }), 'not_a_notification'],
    ['with a v2 trap in v1', v2c({ version: 0 }), 'not_a_notification'],
    ['without a trap OID', v2c({ trapOid: null }), 'malformed'],
    ['with a trap OID that is none', v2c({ trapOid: Buffer.from('0401ff', 'hex') }), 'malformed'],
    ['with more varbinds than are read', v2c({ varbinds: 300 }), 'malformed'],
    ['above the size of any', v2c({ varbinds: 1500 }), 'too_long'],
    ['of an indefinite length', Buffer.from('3080020101', 'hex'), 'malformed'],
    ['of a length of 2^32', Buffer.from('3084ffffffff02', 'hex'), 'malformed'],
    ['with an endless OID', v2c({ trapOid: Buffer.from(`0650${'ff'.repeat(80)}`, 'hex') }), 'malformed'],
  ])('%s is counted and dropped', async (_, datagram, reason) => {
    await using traps = await trapsUnderTest();
    await sendUdp(traps.port, datagram, v2c());
    expect(await traps.arrived(1)).toHaveLength(1);
    expect(await traps.dropped(1)).toEqual({ [reason]: 1 });
    expect(traps.listener.status().received).toBe(2);
  });

  it('never throws, whatever comes', async () => {
    await using traps = await trapsUnderTest([community, user, v3User('sha', 'aes128', 'other')]);
    const datagrams = fc.sample(fc.uint8Array({ maxLength: 300 }), 300);
    await sendUdp(traps.port, ...datagrams, v2c({ requestId: 99 }));
    await traps.arrived(1);
    expect(traps.logger.messages('error')).toEqual([]);
  });

  it('has a verdict, however it was made', () => {
    const clock = new FakeClock();
    const credentials = [community, v3User(null, null), v3User('sha', 'aes128', 'other')];
    const gate = new TrapGate(credentials, createOwnEngine(162, clock), clock);
    const plain = { engineId: ENGINE, boots: 1, timeSeconds: 1, username: 'monitor', password: null };
    const valid = [v2c(), v2c({ pduTag: 0xa6 }), v3(7, 1000), trapDatagram({ v3: plain })];
    expect(valid.map((datagram) => gate.judge(datagram).kind)).toEqual([
      'notification',
      'notification',
      'refused',
      'notification',
    ]);
    const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...valid), changes, fc.nat(200), (datagram, changes, end) => {
        const copy = Buffer.from(datagram.subarray(0, Math.max(1, datagram.length - Math.max(0, end - 100))));
        for (const [at, octet] of changes) copy[at % copy.length] = octet;
        expect(['notification', 'discovery', 'refused']).toContain(gate.judge(copy).kind);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the numbers of a trap', () => {
  it('keep their type and their sign', async () => {
    await using traps = await trapsUnderTest();
    const values = [
      '0201ff',
      '4105 00ffffffff',
      '4104 ffffffff',
      '4609 00ffffffffffffffff',
      '0500',
      '8000',
      '060388 3703',
      '4004 0a010203',
    ];
    const datagram = v2c({ values: values.map((value) => Buffer.from(value.replaceAll(' ', ''), 'hex')) });
    await sendUdp(traps.port, datagram);
    const [trap] = await traps.arrived(1);
    expect(trap?.varbinds.map(({ value }) => value)).toEqual([
      -1,
      4_294_967_295,
      4_294_967_295,
      18_446_744_073_709_551_615n,
      null,
      null,
      '2.999.3',
      new Uint8Array([10, 1, 2, 3]),
    ]);
  });
});

describe('a flood of traps', () => {
  it('of one sender is dropped above its rate, and no inform of it answered', async () => {
    const rate = { source: { perSecond: 1, burst: 3 }, overall: { perSecond: 100, burst: 100 }, sources: 10 };
    await using traps = await trapsUnderTest([community], { clock: new FakeClock(), rate });
    await sendUdp(traps.port, ...Array.from({ length: 10 }, () => v2c()));
    expect(await traps.dropped(7)).toEqual({ source_rate: 7 });
    expect(await traps.arrived(3)).toHaveLength(3);
  });
});
