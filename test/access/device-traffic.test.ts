import { expect, test } from 'vitest';
import { DeviceTraffic } from '../../src/access/device-traffic.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { accessUnderTest, poll, target } from './access-under-test.ts';
import { scriptedAgent } from './scripted-snmp-agent.ts';
import { ScriptedIos } from './scripted-ios.ts';
import { never, request, snmpTarget, snmpUnderTest, valuesOf } from './snmp-under-test.ts';

test.each(['modern', 'legacy'] as const)(
  'one login, two commands that turn paging off, and each show command are counted (algorithms: %s)',
  async (algorithms) => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const traffic = new DeviceTraffic();
    await using under = accessUnderTest({ traffic });
    const to = target(port, { algorithms });
    await poll(under.access, to, 'show clock', 'show version');
    expect(traffic.of('gm1')).toMatchObject({ logins: 1, commands: 4 });
    const { receivedBytes, sentBytes } = traffic.of('gm1');
    // Key exchange and login alone are some kilobytes each way.
    expect(receivedBytes).toBeGreaterThan(1000);
    expect(sentBytes).toBeGreaterThan(1000);
    await poll(under.access, to, 'show clock');
    expect(traffic.of('gm1')).toMatchObject({ logins: 1, commands: 5 });
    expect(traffic.of('gm1').receivedBytes).toBeGreaterThan(receivedBytes);
    expect(traffic.of('gm1').sentBytes).toBeGreaterThan(sentBytes);
    expect(server.commands.length).toBe(5);
    expect(traffic.of('gm2').logins).toBe(0);
  },
);

test('a refused login is counted, and one that was not tried is not', async () => {
  await using server = new ScriptedIos();
  const port = await server.listen();
  const traffic = new DeviceTraffic();
  await using under = accessUnderTest({ traffic });
  const to = target(port, { password: new Secret('wrong') });
  await poll(under.access, to, 'show clock');
  await poll(under.access, to, 'show clock');
  expect(traffic.of('gm1')).toMatchObject({ logins: 1, commands: 0 });
  expect(traffic.of('gm1').sentBytes).toBeGreaterThan(0);
});

test('requests over SNMP and their octets are counted', async () => {
  await using given = await scriptedAgent([['1.3.6.1.2.1.1.3.0', 1]]);
  const traffic = new DeviceTraffic();
  await using under = snmpUnderTest({ traffic });
  valuesOf(await under.access.read(snmpTarget(given.port), request([], ['1.3.6.1.2.1.1.3.0']), never));
  const counted = traffic.of('gm1');
  expect(counted).toMatchObject({ logins: 0, commands: given.agent.requests.length });
  expect(counted.sentBytes).toBe(given.agent.datagrams.reduce((sum, { length }) => sum + length, 0));
  expect(counted.receivedBytes).toBeGreaterThan(20);
});
