/** SNMPv3 engines that are found, restarted, set back, replaced and lied about. */
import { describe, expect, test } from 'vitest';
import { Authentication } from 'net-snmp';
import type { SnmpCredential } from '../../src/access/device-snmp.ts';
import { encodeV3 } from '../../src/simulator/snmp-wire/message.ts';
import { scriptedAgent } from './scripted-snmp-agent.ts';
import { failureOf, messageOf, never, request, snmpTarget, snmpUnderTest, v3, valuesOf } from './snmp-under-test.ts';

const COLUMN = '1.3.6.1.4.1.9.9.759.1.3.2.1.20';
const ROWS: ReadonlyArray<[string, number]> = [
  [`${COLUMN}.1`, 100],
  [`${COLUMN}.2`, 200],
];
const LEVELS: ReadonlyArray<[string, SnmpCredential]> = [
  ['authenticated', v3('auth', 'sha')],
  ['encrypted', v3('priv', 'sha256', 'aes128')],
  ['AES-256 encrypted', v3('long', 'sha', 'aes256')],
];
const read = request([COLUMN]);

describe.each(LEVELS)('an %s session', (_, credential) => {
  test('discovers the engine once, for all its reads', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const target = snmpTarget(given.port, { credential });
    for (let reads = 0; reads < 3; reads += 1) {
      expect(valuesOf(await under.access.read(target, read, never)).size).toBe(2);
    }
    expect(given.agent.datagrams).toHaveLength(1 + given.agent.requests.length);
  });

  test.each([
    [undefined, 'it may not have the default SNMPv3 context'],
    ['vrf-blue', 'it may not have the SNMPv3 context "vrf-blue"'],
  ])('that asks for a context the device does not have (%s) is told so', async (context, words) => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const unknownContexts = { oid: [1, 3, 6, 1, 6, 3, 12, 1, 5, 0], value: { type: 'counter32', value: 1 } } as const;
    given.agent.answer = (asked) => ({ ...given.agent.usual(asked), type: 'report', varbinds: [unknownContexts] });
    const target = snmpTarget(given.port, { credential, ...(context === undefined ? {} : { context }) });
    const reply = await under.access.read(target, read, never);
    expect(failureOf(reply)).toBe('protocol');
    expect(messageOf(reply)).toContain(words);
  });

  test('goes on after a reload of the device, and reports the new boots', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const target = snmpTarget(given.port, { credential });
    expect(await under.access.read(target, read, never)).toMatchObject({ engine: { boots: 7, timeSeconds: 1_000 } });
    given.agent.boots = 8;
    given.agent.timeSeconds = 20;
    expect(await under.access.read(target, read, never)).toMatchObject({ engine: { boots: 8, timeSeconds: 20 } });
  });

  test('goes on when the time of the engine jumps forward', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const target = snmpTarget(given.port, { credential });
    await under.access.read(target, read, never);
    given.agent.timeSeconds += 86_400;
    expect(valuesOf(await under.access.read(target, read, never)).size).toBe(2);
  });

  test('starts again, once, when the time of the engine goes back with the same boots', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const target = snmpTarget(given.port, { credential });
    await under.access.read(target, read, never);
    given.agent.timeSeconds = 10;
    expect(await under.access.read(target, read, never)).toMatchObject({ engine: { boots: 7, timeSeconds: 10 } });
  });

  test('starts again when another device with fewer boots has taken the address', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const target = snmpTarget(given.port, { credential });
    await under.access.read(target, read, never);
    given.agent.replace(Buffer.from('8000000903000002', 'hex'));
    given.agent.boots = 1;
    given.agent.timeSeconds = 5;
    expect(await under.access.read(target, read, never)).toMatchObject({ engine: { boots: 1, timeSeconds: 5 } });
  });

  test('fails when the engine changes with every answer', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    given.agent.deliver = (answer) => {
      given.agent.boots += 1;
      given.agent.send(answer);
    };
    const reply = await under.access.read(snmpTarget(given.port, { credential }), read, never);
    expect(failureOf(reply)).toBe('protocol');
    expect(given.agent.datagrams.length).toBeLessThan(12);
  });

  test('accepts only data that is secured like its own requests', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const forged: Buffer[] = [];
    given.agent.deliver = (answer) => {
      const [asked] = given.agent.requests;
      if (asked !== undefined) {
        const messageId = messageIdOf(given.agent.datagrams.at(-1)!);
        const engine = { engineId: given.agent.engineId, contextEngineId: given.agent.engineId };
        const at = { boots: 7, timeSeconds: 1_000 };
        const varbinds = [
          { oid: [1, 3, 6, 1, 4, 1, 9, 9, 759, 1, 3, 2, 1, 20, 1], value: { type: 'unsigned32', value: 666 } },
        ] as const;
        const lie = encodeV3(
          { type: 'response', requestId: asked.requestId, first: 0, second: 0, varbinds },
          { ...engine, at, messageId, reportable: false, userName: 'auth', security: null },
        );
        forged.push(lie);
        given.agent.send(lie);
      }
      given.agent.send(answer);
    };
    const values = valuesOf(await under.access.read(snmpTarget(given.port, { credential }), read, never));
    expect(values.get(`${COLUMN}.1`)).toBe(100);
    expect(under.access.status().datagramsDropped).toBe(forged.length);
    expect(forged.length).toBeGreaterThan(0);
  });

  test('asks again after an answer with a wrong digest, and counts it', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    given.agent.deliver = (answer, number) => {
      const broken = Buffer.from(answer);
      broken[broken.length - 1]! ^= 1;
      given.agent.send(number === 2 ? broken : answer);
    };
    expect(valuesOf(await under.access.read(snmpTarget(given.port, { credential }), read, never)).size).toBe(2);
    expect(under.access.status().datagramsDropped).toBe(1);
  });

  test('leaves no key behind in the library', async () => {
    const before = Object.keys(Authentication.authToKeyCache).length;
    await using given = await scriptedAgent(ROWS);
    {
      await using under = snmpUnderTest();
      await under.access.read(snmpTarget(given.port, { credential }), read, never);
      expect(Object.keys(Authentication.authToKeyCache).length).toBeGreaterThan(before);
    }
    expect(Object.keys(Authentication.authToKeyCache)).toHaveLength(before);
  });
});

test('an engine ID that changes with every answer costs a few key derivations, then the read fails', async () => {
  await using given = await scriptedAgent(ROWS);
  await using under = snmpUnderTest();
  let engines = 0;
  given.agent.deliver = (answer) => {
    engines += 1;
    given.agent.send(answer);
    given.agent.replace(Buffer.from(`80000009030000${(0x10 + engines).toString(16)}`, 'hex'));
  };
  const credential = v3('auth', 'sha');
  const reply = await under.access.read(snmpTarget(given.port, { credential }), read, never);
  expect(failureOf(reply)).toBe('protocol');
  expect(engines).toBeLessThan(12);
  expect(messageOf(reply)).not.toMatch(/s3cr3t/);
});

/** msgID of a v3 message as the library writes it. */
function messageIdOf(datagram: Buffer): number {
  const version = datagram.indexOf(Buffer.from([0x02, 0x01, 0x03, 0x30]));
  const length = datagram[version + 6]!;
  return datagram.readUIntBE(version + 7, length);
}
