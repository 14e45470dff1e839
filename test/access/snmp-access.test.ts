/** One read per device, bounds over the fleet, back-off, quarantine, and an end without remains. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import { REFUSALS_TO_QUARANTINE } from '../../src/access/credential-quarantine.ts';
import { heldRefusals } from './held-refusals.ts';
import { scriptedAgent } from './scripted-snmp-agent.ts';
import { failureOf, messageOf, never, request, snmpTarget, snmpUnderTest, v3, valuesOf } from './snmp-under-test.ts';
import { PATIENCE } from '../builders/patience.ts';

const COLUMN = '1.3.6.1.4.1.9.9.759.1.3.2.1.20';
const read = request([COLUMN]);
const ROWS: ReadonlyArray<[string, number]> = [[`${COLUMN}.1`, 1]];

/** Of this process; the kernel's list, so that a socket nobody remembers counts too. */
const DESCRIPTORS = '/proc/self/fd';

/** By their inodes: what another file of the process has left closes when it likes. */
function openSockets(): ReadonlySet<string> {
  const names = readdirSync(DESCRIPTORS).flatMap((descriptor) => {
    try {
      return [readlinkSync(`${DESCRIPTORS}/${descriptor}`)];
    } catch {
      // Closed since, as the list's own descriptor.
      return [];
    }
  });
  return new Set(names.filter((name) => name.startsWith('socket:')));
}

describe('reads', () => {
  test('of one device follow one another; one request is under way at a time', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const held: Buffer[] = [];
    given.agent.deliver = (answer) => void held.push(answer);
    const target = snmpTarget(given.port, { timeoutMs: 600_000 });
    const both = [1, 2].map(() => under.access.read(target, read, never));
    await vi.waitFor(() => expect(held).toHaveLength(1), PATIENCE);
    expect(given.agent.datagrams).toHaveLength(1);
    given.agent.deliver = (answer) => given.agent.send(answer);
    given.agent.send(held[0]!);
    expect((await Promise.all(both)).map(failureOf)).toEqual(['1 varbinds', '1 varbinds']);
  });

  test('are all that is asked: no request sets anything, whichever way the device is talked to', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const ways = [{}, { credential: v3('auth', 'sha') }, { credential: v3('priv', 'sha256', 'aes128') }];
    for (const [index, way] of ways.entries()) {
      const target = snmpTarget(given.port, { ...way, device: `gm${index}` });
      expect(failureOf(await under.access.read(target, read, never))).toBe('1 varbinds');
    }
    expect(new Set(given.agent.requests.map(({ type }) => type))).toEqual(new Set(['getBulk']));
  });

  test('of more devices than there are places wait for one', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest({ maxReads: 3 });
    const held: Array<() => void> = [];
    given.agent.deliver = (answer) => {
      const { client } = given.agent;
      held.push(() => {
        given.agent.client = client;
        given.agent.send(answer);
      });
    };
    const reads = Array.from({ length: 10 }, (_, index) =>
      under.access.read(snmpTarget(given.port, { device: `gm${index}` }), read, never),
    );
    let most = 0;
    await vi.waitFor(async () => {
      most = Math.max(most, under.access.status().requestsActive);
      for (const release of held.splice(0)) release();
      expect(given.agent.requests).toHaveLength(10);
    }, PATIENCE);
    await vi.waitFor(() => {
      for (const release of held.splice(0)) release();
      expect(under.access.status().requestsActive).toBe(0);
    }, PATIENCE);
    expect((await Promise.all(reads)).map(failureOf)).toEqual(Array.from({ length: 10 }, () => '1 varbinds'));
    expect(most).toBe(3);
  });

  test.skipIf(!existsSync(DESCRIPTORS))(
    'of 300 devices keep at most 128 sockets open, and none after the end',
    async () => {
      await using given = await scriptedAgent(ROWS);
      const before = openSockets();
      const opened = () => [...openSockets()].filter((name) => !before.has(name)).length;
      {
        await using under = snmpUnderTest({ maxReads: 16 });
        const replies = await Promise.all(
          Array.from({ length: 300 }, (_, index) =>
            under.access.read(snmpTarget(given.port, { device: `gm${index}`, timeoutMs: 60_000 }), read, never),
          ),
        );
        expect(new Set(replies.map(failureOf))).toEqual(new Set(['1 varbinds']));
        await vi.waitFor(() => expect(opened()).toBe(128), PATIENCE);
      }
      await vi.waitFor(() => expect(opened()).toBe(0), PATIENCE);
    },
  );

  test('that are given up end at once, and the next one is answered', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    given.agent.deliver = () => undefined;
    const giveUp = new AbortController();
    const reading = under.access.read(snmpTarget(given.port, { timeoutMs: 600_000 }), read, giveUp.signal);
    await vi.waitFor(() => expect(given.agent.datagrams).toHaveLength(1), PATIENCE);
    giveUp.abort(new Error('enough'));
    expect(failureOf(await reading)).toBe('closed');
    given.agent.deliver = (answer) => given.agent.send(answer);
    expect(failureOf(await under.access.read(snmpTarget(given.port), read, never))).toBe('1 varbinds');
  });

  test('end at once when the access is disposed of', async () => {
    await using given = await scriptedAgent(ROWS);
    const under = snmpUnderTest({ maxReads: 1 });
    given.agent.deliver = () => undefined;
    const long = { timeoutMs: 600_000 };
    const reads = ['gm1', 'gm1', 'gm2'].map((device) =>
      under.access.read(snmpTarget(given.port, { ...long, device }), read, never),
    );
    await vi.waitFor(() => expect(given.agent.datagrams).toHaveLength(1), PATIENCE);
    await under.access[Symbol.asyncDispose]();
    expect((await Promise.all(reads)).map(failureOf)).toEqual(['closed', 'closed', 'closed']);
  });
});

describe('a device that does not answer', () => {
  test('is left alone for a growing while, up to a minute; forget ends that', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    given.agent.deliver = () => undefined;
    const target = snmpTarget(given.port, { timeoutMs: 50 });
    expect(failureOf(await under.access.read(target, read, never))).toBe('timeout');
    expect(failureOf(await under.access.read(target, read, never))).toBe('backoff');
    for (let times = 0; times < 8; times += 1) {
      under.clock.advance(60_000);
      expect(failureOf(await under.access.read(target, read, never))).toBe('timeout');
    }
    given.agent.deliver = (answer) => given.agent.send(answer);
    expect(failureOf(await under.access.read(target, read, never))).toBe('backoff');
    await under.access.forget('gm1');
    expect(failureOf(await under.access.read(snmpTarget(given.port), read, never))).toBe('1 varbinds');
  });
});

describe('a user whom devices refuse', () => {
  const wrong = v3('auth', 'sha', null, { authPassword: 'wr0ng-s3cr3t' });

  test('is tried once at a device; then it waits an hour, or for another secret', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const target = snmpTarget(given.port, { credential: wrong });
    expect(failureOf(await under.access.read(target, read, never))).toBe('auth');
    const tries = given.agent.datagrams.length;
    expect(failureOf(await under.access.read(target, read, never))).toBe('quarantined');
    expect(given.agent.datagrams).toHaveLength(tries);
    const right = { ...target, credential: v3('auth', 'sha') };
    expect(valuesOf(await under.access.read(right, read, never)).size).toBe(1);
  });

  test('is quarantined for all after three devices in a row, which is logged once without any secret', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    const sweep = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        under.access.read(snmpTarget(given.port, { device: `gm${index}`, credential: wrong }), read, never),
      ),
    );
    const kinds = sweep.map(failureOf);
    expect(kinds.filter((kind) => kind === 'auth')).toHaveLength(REFUSALS_TO_QUARANTINE);
    expect(kinds.filter((kind) => kind === 'quarantined')).toHaveLength(12 - REFUSALS_TO_QUARANTINE);
    expect(under.access.status().quarantinedCredentials).toEqual(['main']);
    expect(under.logger.messages('error')).toHaveLength(1);
    expect(JSON.stringify([sweep.map(messageOf), under.logger.lines('error')])).not.toMatch(/s3cr3t/);
  });

  test('is stored for other agents before the access ends', async () => {
    await using given = await scriptedAgent(ROWS);
    const refusals = heldRefusals();
    const under = snmpUnderTest({ refusals: refusals.kept });
    const reading = under.access.read(snmpTarget(given.port, { credential: wrong }), read, never);
    expect(await refusals.endsAfterKeeping(under.access)).toBe(true);
    expect(failureOf(await reading)).toBe('auth');
  });

  test('does not prevent reads by community', async () => {
    await using given = await scriptedAgent(ROWS);
    await using under = snmpUnderTest();
    await under.access.read(snmpTarget(given.port, { credential: wrong }), read, never);
    expect(valuesOf(await under.access.read(snmpTarget(given.port), read, never)).size).toBe(1);
  });
});

test('a community is in no failure', async () => {
  await using given = await scriptedAgent(ROWS);
  await using under = snmpUnderTest();
  const credential = { version: '2c', community: new Secret('an0ther-s3cr3t') } as const;
  const reply = await under.access.read(snmpTarget(given.port, { credential, timeoutMs: 100 }), read, never);
  expect(failureOf(reply)).toBe('timeout');
  expect(JSON.stringify(reply)).not.toMatch(/s3cr3t/);
});
