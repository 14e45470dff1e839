import { expect, test } from 'vitest';
import type { PushedMessage } from '../../../src/access/pushed.ts';
import { PushedMessages, type PushedFromDevice } from '../../../src/agent/heard/pushed-messages.ts';
import { Senders } from '../../../src/agent/heard/senders.ts';
import { InternalErrors } from '../../../src/kernel/internal-errors.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { FakeClock } from '../../builders/fake-clock.ts';

const GDOI_MIB = '1.3.6.1.4.1.9.9.759';

function setUp() {
  const clock = new FakeClock();
  const senders = new Senders();
  senders.set('gm1', { host: '192.0.2.1', others: [] });
  senders.set('gm2', { host: '192.0.2.2', others: [] });
  const pushed: PushedFromDevice[] = [];
  const messages = new PushedMessages({
    senders,
    clock,
    errors: new InternalErrors(new MemoryLogger()),
    onPushed: (each) => pushed.push(each),
  });
  return { clock, messages, pushed };
}

function syslog(text: string, host = '192.0.2.1'): PushedMessage {
  return { kind: 'syslog', receivedAtMs: 1_000_000, host, claimedHost: null, text };
}

function trap(trapOid: string, host = '192.0.2.1'): PushedMessage {
  return { kind: 'trap', receivedAtMs: 1_000_000, host, authenticated: true, trapOid, uptimeSeconds: 5, varbinds: [] };
}

const RE_REGISTER = '%GDOI-4-GM_RE_REGISTER: The IPSec SA created for group G1 may have expired. Re-register to KS.';
const INVALID_SPI = '%CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec’d IPSEC packet has invalid spi';

test('the messages of a moment are one look at each device, in their order', async () => {
  const { clock, messages, pushed } = setUp();
  messages.take(syslog(RE_REGISTER));
  messages.take(syslog(RE_REGISTER, '192.0.2.2'));
  messages.take(syslog('%GDOI-5-GM_REGS_COMPL: Registration to KS 10.0.0.1 complete for group G1'));
  expect(pushed).toEqual([]);
  await clock.advance(20);
  expect(pushed.map(({ device }) => device)).toEqual(['gm1', 'gm2']);
  const mnemonics = pushed[0]?.observations.flatMap((seen) =>
    seen.kind === 'log' ? seen.messages.map(({ mnemonic }) => mnemonic) : [],
  );
  expect(mnemonics).toEqual(['GM_RE_REGISTER', 'GM_REGS_COMPL']);
  expect(messages.counts.syslog.used).toBe(3);
});

test.each([
  [syslog(RE_REGISTER), true],
  [syslog('<189>45: *Mar  1 00:01:02.345: %GDOI-3-COOP_KS_UNREACH: Cooperative KS 10.0.0.2 Unreachable'), true],
  [syslog(INVALID_SPI), false],
  [trap(`${GDOI_MIB}.0.7`), true],
  [trap(`${GDOI_MIB}.0.2`), false],
])('%j brings a poll: %s', async (message, worthAPoll) => {
  const { clock, messages, pushed } = setUp();
  messages.take(message);
  await clock.advance(20);
  expect(pushed).toMatchObject([{ device: 'gm1', worthAPoll, messages: [message] }]);
});

test('messages of no device, not of GETVPN, or malformed are counted and dropped', async () => {
  const { clock, messages, pushed } = setUp();
  messages.take(syslog(RE_REGISTER, '198.51.100.1'));
  messages.take(syslog('%SYS-5-CONFIG_I: Configured from console by vty0'));
  messages.take(syslog('no message at all'));
  messages.take(trap('1.3.6.1.6.3.1.1.5.3'));
  await clock.advance(1000);
  expect(pushed).toEqual([]);
  expect(messages.counts.syslog).toEqual({ used: 0, unknown_device: 1, other: 1, unreadable: 1, overflow: 0 });
  expect(messages.counts.trap.other).toBe(1);
});

test('a device that floods is looked at a bounded part of, and the rest is counted', async () => {
  const { clock, messages, pushed } = setUp();
  for (let n = 0; n < 5000; n += 1) messages.take(syslog(RE_REGISTER));
  messages.take(syslog(RE_REGISTER, '192.0.2.2'));
  await clock.advance(20);
  expect(pushed.map(({ device, observations }) => [device, observations.length])).toEqual([
    ['gm1', 100],
    ['gm2', 1],
  ]);
  expect(messages.counts.syslog).toMatchObject({ used: 101, overflow: 4900 });
});
