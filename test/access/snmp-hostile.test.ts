/** Agents that are silent, slow, broken or hostile: a read ends, with a failure that says what happened. */
import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { messageHead } from '../../src/access/snmp/message-head.ts';
import { WALK_BOUNDS } from '../../src/access/snmp/column-walk.ts';
import { encodeV2c } from '../../src/simulator/snmp-wire/message.ts';
import type { Pdu, SnmpValue } from '../../src/simulator/snmp-wire/pdu.ts';
import { type ScriptedSnmpAgent, scriptedAgent } from './scripted-snmp-agent.ts';
import { freeUdpPort } from './snmpd-server.ts';
import {
  COMMUNITY,
  failureOf,
  messageOf,
  never,
  request,
  snmpTarget,
  snmpUnderTest,
  valuesOf,
} from './snmp-under-test.ts';
import { PATIENCE } from '../builders/patience.ts';

const COLUMN = '1.3.6.1.4.1.9.9.759.1.3.2.1.20';
const read = request([COLUMN]);
const rows = (count: number) =>
  Array.from({ length: count }, (_, index): [string, number] => [`${COLUMN}.${index + 1}`, index]);

async function readOf(
  agent: ScriptedSnmpAgent,
  port: number,
  behave: (agent: ScriptedSnmpAgent) => void,
  options: Parameters<typeof snmpUnderTest>[0] & { timeoutMs?: number } = {},
) {
  await using under = snmpUnderTest(options);
  behave(agent);
  const reply = await under.access.read(snmpTarget(port, { timeoutMs: options.timeoutMs ?? 30_000 }), read, never);
  return { reply, dropped: under.access.status().datagramsDropped };
}

/** An answer to the last request with something changed. */
const changed = (agent: ScriptedSnmpAgent, change: Partial<Pdu>, community = COMMUNITY): Buffer =>
  encodeV2c(community, { ...agent.usual(agent.requests.at(-1)!), ...change });

describe('a walk of an agent', () => {
  test('that repeats an object ends as a protocol failure after one request', async () => {
    await using given = await scriptedAgent(rows(3));
    const { reply } = await readOf(given.agent, given.port, (agent) => {
      agent.next = () => agent.table[0] ?? null;
    });
    expect(failureOf(reply)).toBe('protocol');
    expect(messageOf(reply)).toContain(COLUMN);
    expect(given.agent.requests).toHaveLength(1);
  });

  test('that never ends stops at the bound', async () => {
    await using given = await scriptedAgent();
    const bounds = { ...WALK_BOUNDS, varbinds: 500 };
    const endless = (agent: ScriptedSnmpAgent) => {
      agent.next = (oid) => ({
        oid: [...oid.slice(0, 14), (oid[14] ?? 0) + 1],
        value: { type: 'unsigned32', value: 1 },
      });
    };
    const { reply } = await readOf(given.agent, given.port, endless, { bounds });
    expect(failureOf(reply)).toBe('too_large');
    expect(given.agent.requests.length).toBeLessThan(30);
  });

  test('that answers every request at the last moment ends at the time limit of the read', async () => {
    await using given = await scriptedAgent(rows(2_000));
    await using under = snmpUnderTest();
    given.agent.deliver = (answer) => {
      under.clock.advance(9_000);
      given.agent.send(answer);
    };
    const reply = await under.access.read(snmpTarget(given.port, { timeoutMs: 10_000 }), read, never);
    expect(failureOf(reply)).toBe('timeout');
    expect(messageOf(reply)).toMatch(/not done in time/);
    expect(given.agent.requests.length).toBeLessThanOrEqual(6);
  });

  test('that answers without any value is a protocol failure, not an empty table', async () => {
    await using given = await scriptedAgent(rows(3));
    const { reply } = await readOf(given.agent, given.port, (agent) => {
      agent.answer = (asked) => ({ ...agent.usual(asked), varbinds: [] });
    });
    expect(failureOf(reply)).toBe('protocol');
  });

  test.each([
    ['tooBig', 1],
    ['genErr', 5],
  ])('that says %s to a large request is asked for less', async (_, status) => {
    await using given = await scriptedAgent(rows(12));
    const { reply } = await readOf(given.agent, given.port, (agent) => {
      agent.answer = (asked) =>
        asked.second > 5 ? { ...agent.usual(asked), first: status, varbinds: [] } : agent.usual(asked);
    });
    expect(valuesOf(reply).size).toBe(12);
    expect(given.agent.requests.map(({ second }) => second)).toEqual([25, 5, 5, 5]);
  });

  test('that says genErr to everything is a protocol failure after the second request', async () => {
    await using given = await scriptedAgent(rows(3));
    const { reply } = await readOf(given.agent, given.port, (agent) => {
      agent.answer = (asked) => ({ ...agent.usual(asked), first: 5, varbinds: [] });
    });
    expect(failureOf(reply)).toBe('protocol');
    expect(given.agent.requests).toHaveLength(2);
  });

  test('gives values of any type as they are, and null for a missing value', async () => {
    const value = (index: number, of: SnmpValue): [string, SnmpValue] => [`${COLUMN}.${index}`, of];
    await using given = await scriptedAgent([
      value(1, { type: 'octets', value: Buffer.from('seven') }),
      value(2, { type: 'integer', value: -1 }),
      value(3, { type: 'oid', value: [1, 3, 6, 1] }),
      value(4, { type: 'null' }),
      value(5, { type: 'counter32', value: 4_294_967_295 }),
      value(6, { type: 'octets', value: Buffer.alloc(0) }),
    ]);
    const { reply } = await readOf(given.agent, given.port, () => undefined);
    expect([...valuesOf(reply).values()]).toEqual(['736576656e', -1, '1.3.6.1', null, 4_294_967_295, '']);
  });
});

describe('an answer that is lost', () => {
  test('is asked for again, with growing waits', async () => {
    await using given = await scriptedAgent(rows(3));
    const { reply } = await readOf(
      given.agent,
      given.port,
      (agent) => {
        agent.deliver = (answer, number) => {
          if (number === 3) agent.send(answer);
        };
      },
      { timeoutMs: 7_000 },
    );
    expect(valuesOf(reply).size).toBe(3);
    expect(given.agent.datagrams).toHaveLength(3);
    expect(new Set(given.agent.datagrams.map((datagram) => datagram.toString('hex'))).size).toBe(1);
  });

  test('three times is a timeout within the time for a request', async () => {
    await using given = await scriptedAgent(rows(3));
    const { reply } = await readOf(given.agent, given.port, (agent) => (agent.deliver = () => undefined), {
      timeoutMs: 300,
    });
    expect(failureOf(reply)).toBe('timeout');
    expect(given.agent.datagrams).toHaveLength(3);
  });
});

test('a port without a listener is refused, at once', async () => {
  await using under = snmpUnderTest();
  const port = await freeUdpPort();
  const reply = await under.access.read(snmpTarget(port, { timeoutMs: 600_000 }), read, never);
  expect(failureOf(reply)).toBe('refused');
});

test('a host name that does not exist is unreachable', async () => {
  await using under = snmpUnderTest();
  const reply = await under.access.read(snmpTarget(161, { host: 'no-such-host.invalid' }), read, never);
  expect(['unreachable', 'timeout']).toContain(failureOf(reply));
});

describe('a datagram that is no answer', () => {
  const LIES: ReadonlyArray<[string, (agent: ScriptedSnmpAgent, answer: Buffer) => Buffer]> = [
    ['is garbage', () => Buffer.from('% SNMP agent not enabled\r\n')],
    ['is empty', () => Buffer.alloc(0)],
    ['is cut in half', (_, answer) => answer.subarray(0, answer.length >> 1)],
    ['is cut by one octet', (_, answer) => answer.subarray(0, answer.length - 1)],
    ['is followed by something', (_, answer) => Buffer.concat([answer, Buffer.from([0])])],
    ['is 64 KB of zeros', () => Buffer.alloc(65_000)],
    ['has another request ID', (agent) => changed(agent, { requestId: agent.requests.at(-1)!.requestId ^ 1 })],
    ['has another community', (agent) => changed(agent, {}, 'other')],
    ['is of another version', (_, answer) => flipped(answer, answer.indexOf(Buffer.from([2, 1, 1])) + 2)],
    ['is a request', (agent) => changed(agent, { type: 'getBulk' })],
    ['is a report', (agent) => changed(agent, { type: 'report' })],
  ];

  const flipped = (answer: Buffer, at: number): Buffer => {
    const other = Buffer.from(answer);
    other[at]! ^= 1;
    return other;
  };

  test.each(LIES)('because it %s is dropped and counted; the real one counts', async (_, lie) => {
    await using given = await scriptedAgent(rows(3));
    const { reply, dropped } = await readOf(given.agent, given.port, (agent) => {
      agent.deliver = (answer) => {
        agent.send(lie(agent, answer));
        agent.send(answer);
      };
    });
    expect(valuesOf(reply).size).toBe(3);
    expect(dropped).toBe(1);
  });

  test('because it comes from another port, though it knows all that the real one does, is not let in', async () => {
    await using given = await scriptedAgent(rows(3));
    const forger = createSocket('udp4');
    const { reply } = await readOf(given.agent, given.port, (agent) => {
      agent.deliver = (answer) => {
        const varbinds = [{ oid: [1, 3, 6, 1, 4, 1, 9, 9, 759, 1, 3, 2, 1, 20, 9], value: { type: 'null' } }] as const;
        forger.send(changed(agent, { varbinds }), agent.client!.port, agent.client!.address, () => agent.send(answer));
      };
    });
    forger.close();
    expect([...valuesOf(reply).keys()]).toEqual(rows(3).map(([oid]) => oid));
  });

  test('because it comes twice, or after the read, is dropped and counted', async () => {
    await using given = await scriptedAgent(rows(3));
    await using under = snmpUnderTest();
    given.agent.deliver = (answer) => {
      for (let times = 0; times < 20; times += 1) given.agent.send(answer);
    };
    expect(valuesOf(await under.access.read(snmpTarget(given.port), read, never)).size).toBe(3);
    await vi.waitFor(() => expect(under.access.status().datagramsDropped).toBe(19), PATIENCE);
  });

  const ofNoType = (answer: Buffer): Buffer => {
    const other = Buffer.from(answer);
    // The last Unsigned32.
    other[answer.lastIndexOf(0x42)] = 0x47;
    return other;
  };

  test.each([
    ['has a type that SNMP does not have', ofNoType],
    ['is cut short', (answer: Buffer) => answer.subarray(0, -3)],
  ])('because it %s is no silence: the line says what came', async (_, broken) => {
    await using given = await scriptedAgent(rows(3));
    const behave = (agent: ScriptedSnmpAgent) => {
      agent.deliver = (answer) => agent.send(broken(answer));
    };
    const { reply } = await readOf(given.agent, given.port, behave, { timeoutMs: 300 });
    expect(failureOf(reply)).toBe('protocol');
    expect(messageOf(reply)).toMatch(/3 answers came within \d+ ms that cannot be read/);
  });

  test('with the right request ID and anything behind it never crashes, and the read goes on', async () => {
    await using given = await scriptedAgent(rows(3));
    await using under = snmpUnderTest();
    const bytes = fc.sample(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { numRuns: 150, seed: 7 });
    for (const [place, bits] of bytes) {
      given.agent.deliver = (answer) => {
        const body = answer.length - 20;
        const broken = Buffer.from(answer);
        broken[20 + (place % body)]! ^= bits;
        given.agent.send(broken);
        given.agent.send(answer);
      };
      const reply = await under.access.read(snmpTarget(given.port), read, never);
      expect(['3 varbinds', 'protocol', 'too_large']).toContain(
        failureOf(reply).replace(/^\d+ varbinds$/u, '3 varbinds'),
      );
      under.clock.advance(120_000);
    }
  });
});

test('the head of any octets is a head or null', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
      const inSequence = Buffer.from([0x30, octets.length, ...octets]);
      for (const datagram of [Buffer.from(octets), inSequence]) {
        const head = messageHead(datagram);
        if (head === null) continue;
        expect([2, 3]).toContain(head.version);
        expect(Number.isSafeInteger(head.id)).toBe(true);
      }
    }),
  );
});
