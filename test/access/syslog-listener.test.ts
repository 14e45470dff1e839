import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { startSyslogListener } from '../../src/access/listeners/syslog/syslog-listener.ts';
import { parseLogMessage } from '../../src/ios/log/log-message.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { UserError } from '../../src/kernel/user-error.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { connectTcp, run, sendUdp, syslogUnderTest } from './pushed-under-test.ts';
import { PATIENCE } from '../builders/patience.ts';

const REGISTER = '%CRYPTO-5-GM_REGSTER: Start registration to KS 10.1.1.1 for group g using address 10.2.2.2';
const UPDATED = '%GDOI-5-SA_KEK_UPDATED: SA KEK was updated';
const LINE = `<189>45: *Mar  1 00:01:02.345 UTC: ${REGISTER}`;
const ONE_A_SECOND = { source: { perSecond: 1, burst: 3 }, overall: { perSecond: 100, burst: 100 }, sources: 10 };

describe('syslog over UDP', () => {
  it('hands on each message with its sender and its instant', async () => {
    await using syslog = await syslogUnderTest('udp', { clock: new FakeClock(1_000_000) });
    await sendUdp(syslog.port, LINE, `<189>46: gm1: ${UPDATED}\n`);
    expect(await syslog.arrived(2)).toEqual([
      {
        kind: 'syslog',
        receivedAtMs: 1_000_000,
        host: '127.0.0.1',
        claimedHost: null,
        text: `*Mar  1 00:01:02.345 UTC: ${REGISTER}`,
      },
      { kind: 'syslog', receivedAtMs: 1_000_000, host: '127.0.0.1', claimedHost: 'gm1', text: UPDATED },
    ]);
    expect(syslog.listener.url).toBe(`udp://127.0.0.1:${syslog.port}`);
    expect(syslog.listener.status().received).toBe(2);
  });

  it('drops and counts what is too long and what is no syslog', async () => {
    await using syslog = await syslogUnderTest('udp');
    await sendUdp(syslog.port, `<189>45: ${'x'.repeat(9000)}`, 'GET / HTTP/1.1', '', LINE);
    await syslog.arrived(1);
    expect(await syslog.dropped(3)).toEqual({ too_long: 1, no_priority: 2 });
    expect(syslog.listener.status()).toMatchObject({ received: 4, dropped: { source_rate: 0, queue_full: 0 } });
  });

  it('accepts messages of one sender up to the limit, then drops them, and logs it once a minute', async () => {
    const clock = new FakeClock();
    await using syslog = await syslogUnderTest('udp', { clock, bounds: { rate: ONE_A_SECOND } });
    const five = Array.from({ length: 5 }, () => LINE);
    await sendUdp(syslog.port, ...five);
    expect(await syslog.dropped(2)).toEqual({ source_rate: 2 });
    await clock.advance(2000);
    await sendUdp(syslog.port, ...five);
    expect(await syslog.dropped(5)).toEqual({ source_rate: 5 });
    expect(await syslog.arrived(5)).toHaveLength(5);
    await clock.advance(60_000);
    await sendUdp(syslog.port, ...five);
    await syslog.dropped(7);
    const told = { listener: syslog.listener.url, reason: 'source_rate', host: '127.0.0.1' };
    expect(syslog.logger.lines('warn')).toEqual([
      { ...told, dropped: 1 },
      { ...told, dropped: 5 },
    ]);
  });

  it('goes on when whoever takes the messages fails on one', async () => {
    let taken = 0;
    const failOnce = () => {
      taken += 1;
      if (taken === 1) throw new Error('a bug elsewhere');
    };
    await using syslog = await syslogUnderTest('udp', { onMessage: failOnce });
    await sendUdp(syslog.port, LINE, LINE);
    await syslog.arrived(2);
    expect(syslog.logger.messages('error')).toEqual(['a pushed message could not be processed']);
  });

  it.runIf(process.platform === 'linux')('counts what the kernel threw away unread', async () => {
    await using syslog = await syslogUnderTest('udp');
    expect(syslog.listener.status().dropped).toMatchObject({ socket_full: 0 });
    // All at once: the event loop reads nothing in between, and the buffer holds some thousands.
    await sendUdp(syslog.port, ...Array.from({ length: 4000 }, () => Buffer.alloc(8000, 'x')));
    await vi.waitFor(() => expect(syslog.listener.status().received).toBeGreaterThan(0), PATIENCE);
    expect(await syslog.dropped(1)).toHaveProperty('socket_full');
  });

  it('never throws, whatever comes', async () => {
    await using syslog = await syslogUnderTest('udp');
    const datagrams = fc.sample(fc.uint8Array({ maxLength: 2000 }), 300);
    await sendUdp(syslog.port, ...datagrams, LINE);
    await vi.waitFor(() => expect(syslog.messages.at(-1)?.text).toContain(REGISTER), PATIENCE);
    expect(syslog.logger.messages('error')).toEqual([]);
  });

  it('hands on nothing after its end', async () => {
    const syslog = await syslogUnderTest('udp');
    await syslog[Symbol.asyncDispose]();
    await sendUdp(syslog.port, LINE);
    expect(syslog.messages).toEqual([]);
  });

  it('cannot listen on a port that is in use', async () => {
    await using syslog = await syslogUnderTest('udp');
    const listen = { protocol: 'udp', host: '127.0.0.1', port: syslog.port } as const;
    const started = startSyslogListener({
      listen,
      clock: createSystemClock(),
      logger: new MemoryLogger(),
      onMessage: () => undefined,
    });
    await expect(started).rejects.toThrow(UserError);
    await expect(started).rejects.toThrow(`cannot listen on ${syslog.listener.url}: `);
  });
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
);

describe.runIf(hasIpv6)('syslog on a socket for both families', () => {
  it.each(['udp', 'tcp'] as const)('over %s names an IPv4 sender by its IPv4 address', async (protocol) => {
    await using syslog = await syslogUnderTest(protocol, { host: '::' });
    expect(syslog.listener.url).toBe(`${protocol}://[::]:${syslog.port}`);
    if (protocol === 'udp') await sendUdp(syslog.port, LINE);
    else (await connectTcp(syslog.port)).end(LINE);
    expect(await syslog.arrived(1)).toMatchObject([{ host: '127.0.0.1' }]);
  });
});

describe('syslog over TCP', () => {
  it('hands on messages that share a segment, and one that is split over two', async () => {
    await using syslog = await syslogUnderTest('tcp');
    const socket = await connectTcp(syslog.port);
    socket.write(`${LINE}\n<189>46: ${UPDATED}\n<189>47: %GDOI-5-SA_TEK_`);
    await syslog.arrived(2);
    socket.write('UPDATED: SA TEK was updated\n');
    expect((await syslog.arrived(3)).map(({ text }) => parseLogMessage(text)?.mnemonic)).toEqual([
      'GM_REGSTER',
      'SA_KEK_UPDATED',
      'SA_TEK_UPDATED',
    ]);
    socket.destroy();
  });

  it('does not wait for the end that IOS never sends', async () => {
    const clock = new FakeClock();
    await using syslog = await syslogUnderTest('tcp', { clock });
    const socket = await connectTcp(syslog.port);
    socket.write(LINE);
    await vi.waitFor(async () => {
      await clock.advance(250);
      expect(syslog.messages).toHaveLength(1);
    }, PATIENCE);
    expect(syslog.messages[0]?.text).toBe(`*Mar  1 00:01:02.345 UTC: ${REGISTER}`);
    socket.destroy();
  });

  it('takes the last message of a sender that leaves without ending it', async () => {
    await using syslog = await syslogUnderTest('tcp', { clock: new FakeClock() });
    const socket = await connectTcp(syslog.port);
    socket.end(LINE);
    expect(await syslog.arrived(1)).toHaveLength(1);
    const cut = await connectTcp(syslog.port);
    cut.end('200 <189>45: cut');
    expect(await syslog.dropped(1)).toEqual({ incomplete: 1 });
  });

  it('keeps the connection over 10 MB without an end', async () => {
    await using syslog = await syslogUnderTest('tcp', { clock: new FakeClock() });
    const socket = await connectTcp(syslog.port);
    socket.write(Buffer.alloc(10 * 1024 * 1024, 'x'));
    socket.write(`\n${LINE}\n`);
    expect(await syslog.arrived(1)).toHaveLength(1);
    expect(await syslog.dropped(1)).toEqual({ too_long: 1 });
    socket.destroy();
  });

  it('refuses connections above the limit of a source, serves those it has, and takes another once one has left', async () => {
    await using syslog = await syslogUnderTest('tcp', { bounds: { connectionsOfSource: 2, connections: 3 } });
    const first = await connectTcp(syslog.port);
    const second = await connectTcp(syslog.port);
    const third = await connectTcp(syslog.port);
    await once(third, 'close');
    expect(await syslog.dropped(1)).toEqual({ source_connection_limit: 1 });
    first.write(`${LINE}\n`);
    second.write(`${LINE}\n`);
    await syslog.arrived(2);
    second.destroy();
    await vi.waitFor(async () => {
      const again = await connectTcp(syslog.port);
      again.end(`${LINE}\n`);
      again.resume();
      await once(again, 'close');
      expect(syslog.messages.length).toBeGreaterThanOrEqual(3);
    }, PATIENCE);
    first.destroy();
  });

  it('refuses connections above the limit of all', async () => {
    await using syslog = await syslogUnderTest('tcp', { bounds: { connections: 1 } });
    const first = await connectTcp(syslog.port);
    first.write(`${LINE}\n`);
    await syslog.arrived(1);
    const second = await connectTcp(syslog.port);
    await once(second, 'close');
    expect(await syslog.dropped(1)).toEqual({ connection_limit: 1 });
    first.destroy();
  });

  it('ends a connection that is idle for long', async () => {
    const clock = new FakeClock();
    await using syslog = await syslogUnderTest('tcp', { clock, bounds: { idleMs: 3600_000 } });
    const socket = await connectTcp(syslog.port);
    socket.resume();
    const closed = once(socket, 'close');
    socket.write(`${LINE}\n`);
    await syslog.arrived(1);
    await clock.advance(3600_500);
    await closed;
    expect(await syslog.dropped(1)).toEqual({ idle_connection: 1 });
  });

  it('slows down a sender that is too fast, and hears the others', async () => {
    const clock = new FakeClock();
    await using syslog = await syslogUnderTest('tcp', { clock, bounds: { rate: ONE_A_SECOND } });
    const socket = await connectTcp(syslog.port);
    socket.write(`${LINE}\n`.repeat(200_000));
    await syslog.arrived(3);
    // Time enough to read all of the 18 MB, were it read.
    for (let turn = 0; turn < 1000; turn += 1) await clock.yieldToIo();
    const { source_rate: dropped = 0 } = await syslog.dropped(1);
    expect(dropped).toBeLessThan(5000);
    expect(socket.writableLength).toBeGreaterThan(0);
    await clock.advance(2000);
    await syslog.arrived(4);
    socket.destroy();
  });

  it('leaves no connection behind at its end', async () => {
    const syslog = await syslogUnderTest('tcp');
    const socket = await connectTcp(syslog.port);
    socket.resume();
    const closed = once(socket, 'close');
    socket.write(`${LINE}\n`);
    await syslog.arrived(1);
    await syslog[Symbol.asyncDispose]();
    await closed;
    const refused = connectTcp(syslog.port);
    await expect(refused).rejects.toThrow('ECONNREFUSED');
  });
});

describe("util-linux's logger", () => {
  it.each([
    ['-d', '--rfc3164'],
    ['-d', '--rfc5424'],
    ['-T', '--rfc3164'],
    ['-T', '--rfc5424'],
    ['-T', '--rfc3164', '--octet-count'],
    ['-T', '--rfc5424', '--octet-count'],
    ['-T', '--rfc5424', '--sd-id', 'zoo@123', '--sd-param', 'tiger="hungry"', '--octet-count'],
  ])('is heard with %s %s %s', async (transport, ...format) => {
    await using syslog = await syslogUnderTest(transport === '-d' ? 'udp' : 'tcp');
    const target = ['-n', '127.0.0.1', '-P', String(syslog.port), transport, '-p', 'local7.notice', '-t', 'ios'];
    await run('logger', [...target, ...format, '--', REGISTER]);
    const [message] = await syslog.arrived(1);
    expect(message?.claimedHost).toBeTruthy();
    expect(parseLogMessage(message?.text ?? '')).toMatchObject({
      mnemonic: 'GM_REGSTER',
      text: 'Start registration to KS 10.1.1.1 for group g using address 10.2.2.2',
    });
    expect(await syslog.dropped(0)).toEqual({});
  });
});
