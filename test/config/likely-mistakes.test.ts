/** What a new user writes into the first configuration: said with what to write instead. */
import { describe, expect, it, test } from 'vitest';
import { ENV, errorsOf, loadOk, withDevices } from './given-config.ts';

const warningsOf = async (...devices: readonly string[]) =>
  (await loadOk({ text: withDevices(...devices), env: ENV })).warnings;

test.each([
  ['192.0.2.1:22', '192.0.2.1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:22', '2001:db8::1'],
  ['ssh://gm1.example.net:22/', 'gm1.example.net'],
])('the host %s is refused with the host that was meant', async (host, meant) => {
  expect(await errorsOf({ text: withDevices(`{ name: gm1, host: "${host}" }`), env: ENV })).toEqual([
    `gdoiwatch.yml:3:24: devices[0].host: "${host}" is not a host name or IP address: write "${meant}" alone; a port has a key of its own`,
  ]);
});

test('a host that is none has no advice', async () => {
  expect(await errorsOf({ text: withDevices('{ name: gm1, host: "300.1.1.1:22" }'), env: ENV })).toEqual([
    'gdoiwatch.yml:3:24: devices[0].host: "300.1.1.1:22" is not a host name or IP address',
  ]);
});

describe('two devices that look like one router are a doubt', () => {
  it('by their address', async () => {
    expect(await warningsOf('{ name: gm1, host: R.example.net }', '{ name: gm2, host: r.example.net }')).toEqual([
      'gdoiwatch.yml:4:24: devices[1].host: "r.example.net", port 22, is polled as devices[0] already',
    ]);
  });

  it('by their names', async () => {
    expect(await warningsOf('{ name: gm1, host: 192.0.2.1 }', '{ name: GM1, host: 192.0.2.2 }')).toEqual([
      'gdoiwatch.yml:4:13: devices[1].name: "GM1" differs from the name of devices[0] by case alone',
    ]);
  });

  it('not behind another port, another jump host or another way out', async () => {
    const text = `${withDevices(
      '{ name: a, host: 192.0.2.1 }',
      '{ name: b, host: 192.0.2.1, port: 2222 }',
      '{ name: c, host: 192.0.2.1, ssh: { jump: j1 } }',
      '{ name: d, host: 192.0.2.1, ssh: { jump: j2 } }',
      '{ name: e, host: 192.0.2.1, source_address: 198.51.100.1 }',
    )}jump_hosts: { j1: { host: 192.0.2.8 }, j2: { host: 192.0.2.9 } }\n`;
    expect((await loadOk({ text, env: ENV })).warnings).toEqual([]);
  });
});
