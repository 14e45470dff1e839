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
    `gdoiwatch.yml:3:24: devices[0].host: "${host}" is not a host name or IP address: write only "${meant}"; the port has its own key`,
  ]);
});

test('a host that does not exist gets no advice', async () => {
  expect(await errorsOf({ text: withDevices('{ name: gm1, host: "300.1.1.1:22" }'), env: ENV })).toEqual([
    'gdoiwatch.yml:3:24: devices[0].host: "300.1.1.1:22" is not a host name or IP address',
  ]);
});

describe('two devices that look like one router are a doubt', () => {
  it('by their address', async () => {
    expect(await warningsOf('{ name: gm1, host: R.example.net }', '{ name: gm2, host: r.example.net }')).toEqual([
      'gdoiwatch.yml:4:24: devices[1].host: "r.example.net", port 22, is already polled as devices[0]',
    ]);
  });

  it('by their names', async () => {
    expect(await warningsOf('{ name: gm1, host: 192.0.2.1 }', '{ name: GM1, host: 192.0.2.2 }')).toEqual([
      'gdoiwatch.yml:4:13: devices[1].name: "GM1" differs from the name of devices[0] only in case',
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

describe('two receivers on one port', () => {
  const errorsFor = (...sections: readonly string[]) =>
    errorsOf({ text: [...sections, withDevices('{ name: gm1, host: 192.0.2.1 }')].join('\n'), env: ENV });

  it.each([
    [
      'log messages and traps',
      ['syslog: { listen: udp://127.0.0.1:5514 }', 'traps: { listen: udp://127.0.0.1:5514 }'],
      'traps.listen: udp port 5514 is that of syslog.listen already',
    ],
    [
      'log messages twice, once on every address',
      ['syslog: { listen: ["udp://0.0.0.0:5514", "udp://127.0.0.1:5514"] }'],
      'syslog.listen[1]: udp port 5514 is that of syslog.listen[0] already',
    ],
    [
      'the page and log messages over TCP',
      ['listen: 127.0.0.1:9848', 'syslog: { listen: ["udp://127.0.0.1:9848", "tcp://127.0.0.1:9848"] }'],
      'syslog.listen[1]: tcp port 9848 is that of listen already',
    ],
  ])('are an error: %s', async (_what, sections, said) => {
    expect((await errorsFor(...sections)).map((error) => error.replace(/^gdoiwatch\.yml:\d+:\d+: /, ''))).toEqual([
      said,
    ]);
  });

  it('are none on different addresses or protocols, or where the system chooses the port', async () => {
    const sections = [
      'syslog: { listen: ["udp://127.0.0.1:5514", "tcp://127.0.0.1:5514", "udp://127.0.0.2:5514", "udp://127.0.0.1:0"] }',
      'traps: { listen: udp://127.0.0.1:0 }',
    ];
    expect(await errorsFor(...sections)).toEqual([]);
  });
});

test('a YAML merge key is refused with what there is instead', async () => {
  const text = withDevices('{ <<: *common, name: gm1, host: 192.0.2.1 }').replace(
    'devices:',
    'defaults: &common { role: gm }\ndevices:',
  );
  const errors = await errorsOf({ text, env: ENV });
  expect(errors.join('\n')).toMatch(/devices\[0\]\["<<"\]: YAML merge keys .* defaults or match/);
});

test('ports that browsers and HTTP clients refuse, for listening and for requests', async () => {
  const text = [
    'listen: 127.0.0.1:6000',
    'alertmanager: { urls: ["http://127.0.0.1:9093", "http://127.0.0.1:6666"] }',
    'webhooks: [{ url: "http://127.0.0.1:6697/in", secret_env: P }]',
    'targets: { http_sd: ["http://127.0.0.1:5060/targets"] }',
    withDevices('{ name: gm1, host: 192.0.2.1 }'),
  ].join('\n');
  const { warnings } = await loadOk({ text, env: ENV });
  expect(warnings.map((warning) => warning.replace(/^gdoiwatch\.yml:\d+:\d+: /, ''))).toEqual([
    'listen: browsers and many HTTP clients refuse port 6000: the page and health checks will not work; choose another port',
    'alertmanager.urls[1]: HTTP clients refuse port 6666, and so does gdoiwatch, so nothing is sent there; choose another port',
    'webhooks[0].url: HTTP clients refuse port 6697, and so does gdoiwatch, so nothing is sent there; choose another port',
    'targets.http_sd[0]: HTTP clients refuse port 5060, and so does gdoiwatch, so nothing is sent there; choose another port',
  ]);
});

test.each([1, 22, 6000, 6666, 10_080])('fetch refuses port %i indeed', async (port) => {
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ cause: { message: 'bad port' } });
});
