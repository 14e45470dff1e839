import { describe, expect, it } from 'vitest';
import { ENV, errorsOf, loadOk } from './given-config.ts';

const CREDENTIALS = `credentials:
  main: { username: monitor, password_env: P }
  v2: { snmp: { version: 2c, community_env: P } }
  v3: { snmp: { version: 3, username: monitor, auth: { protocol: sha256, password_env: P }, privacy: { protocol: aes256, password_env: P } } }
`;
const BOTH = 'transport: ssh+snmp, credentials: { ssh: main, snmp: v3 }';

const oneDevice = async (settings: string, rest = '') => {
  const text = `${CREDENTIALS}devices: [{ name: a, host: a, ${settings} }]\n${rest}`;
  const { config, warnings } = await loadOk({ text, env: ENV });
  return { device: config.devices[0]!, warnings };
};
const every = (ms: number) => ({ kind: 'every', ms });

describe('a device polled by SNMP', () => {
  it('has no SSH, the port 161, and one pace', async () => {
    const { device, warnings } = await oneDevice('transport: snmp, credentials: v2, interval: 45s');
    expect(warnings).toEqual([]);
    expect(device).toMatchObject({
      transport: 'snmp',
      port: 161,
      schedule: every(45_000),
      ssh: null,
      snmp: { credentialName: 'v2', credential: { version: '2c' }, port: 161, schedule: every(45_000) },
    });
    const credential = device.snmp?.credential;
    expect(credential?.version === '2c' && credential.community.reveal()).toBe(ENV.P);
  });

  it.each(['port: 1161', 'snmp: { port: 1161 }'])('listens where %s says', async (settings) => {
    const { device } = await oneDevice(`transport: snmp, credentials: v3, ${settings}`);
    expect(device).toMatchObject({ port: 1161, snmp: { port: 1161 } });
  });

  it('beside SSH has its own interval and port', async () => {
    const { device } = await oneDevice(`${BOTH}, port: 2222, interval: 5m, snmp: { port: 1161, interval: 10s }`);
    expect(device).toMatchObject({
      port: 2222,
      schedule: every(300_000),
      ssh: { credentialName: 'main' },
      snmp: { credentialName: 'v3', port: 1161, schedule: every(10_000) },
    });
  });

  it.each([
    ['5m', every(30_000)],
    ['10s', every(10_000)],
    ['"*/5 * * * *"', every(30_000)],
  ])('beside SSH at %s looks every 30 seconds at least, where nothing is said', async (interval, schedule) => {
    const { device } = await oneDevice(`${BOTH}, interval: ${interval}`);
    expect(device.snmp?.schedule).toEqual(schedule);
  });

  it('takes the defaults of snmp, and its own interval before them', async () => {
    const defaults = 'defaults: { snmp: { port: 1161, interval: 20s } }\n';
    expect((await oneDevice(BOTH, defaults)).device.snmp).toMatchObject({ port: 1161, schedule: every(20_000) });
    const alone = 'transport: snmp, credentials: v3';
    expect((await oneDevice(alone, defaults)).device.snmp).toMatchObject({ port: 1161, schedule: every(20_000) });
    const own = await oneDevice(`${alone}, interval: 90s`, defaults);
    expect(own.device.snmp?.schedule).toEqual(every(90_000));
  });

  it('an snmp section without SNMP is a doubt', async () => {
    const { warnings } = await oneDevice('snmp: { port: 1161 }');
    expect(warnings).toEqual(['gdoiwatch.yml:5:31: devices[0].snmp: has no effect: the transport is ssh']);
  });

  it('may send from other addresses', async () => {
    const { device } = await oneDevice('source_addresses: [10.0.0.1, "2001:db8::1"]');
    expect(device.sourceAddresses).toEqual(['10.0.0.1', '2001:db8::1']);
  });
});

describe('mistakes with SNMP are one line each', () => {
  const device = (settings: string) => `${CREDENTIALS}devices: [{ name: a, host: a, ${settings} }]\n`;
  const snmp = (settings: string) => `credentials: { c: { snmp: { ${settings} } } }\ndevices: []\n`;
  const cases: readonly (readonly [title: string, text: string, error: string])[] = [
    [
      'an SSH credential for SNMP',
      device('transport: snmp'),
      '1:1: defaults.credentials: "main" is an SSH credential; transport snmp needs one with snmp',
    ],
    [
      'the two credentials exchanged',
      device('transport: ssh+snmp, credentials: { ssh: main, snmp: main }'),
      '5:84: devices[0].credentials.snmp: "main" is an SSH credential; transport snmp needs one with snmp',
    ],
    [
      'the port twice',
      device('transport: snmp, credentials: v3, port: 1161, snmp: { port: 1162 }'),
      '5:65: devices[0].port: is also set in snmp.port; set it once with transport snmp',
    ],
    [
      'an unknown key of snmp',
      device(`${BOTH}, snmp: { intervall: 10s }`),
      '5:98: devices[0].snmp.intervall: unknown key; did you mean interval?',
    ],
    [
      'a host name for a source address',
      device('source_addresses: [gm1-loopback]'),
      '5:50: devices[0].source_addresses[0]: "gm1-loopback" is not an IP address',
    ],
    [
      'a user name over 32 octets',
      snmp(`version: 3, username: ${'u'.repeat(33)}`),
      '1:51: credentials.c.snmp.username: the value is not an SNMPv3 user name of at most 32 octets',
    ],
    [
      'a password under 8 octets',
      snmp('version: 3, username: u, auth: { protocol: sha, password_env: SHORT }'),
      '1:91: credentials.c.snmp.auth.password_env: environment variable SHORT is shorter than the 8 octets that SNMPv3 requires',
    ],
    [
      'an auth without a password',
      snmp('version: 3, username: u, auth: { protocol: sha }'),
      '1:60: credentials.c.snmp.auth: needs password_env, password_file or password_command',
    ],
  ];
  it.each(cases)('%s', async (_, text, error) => {
    expect(await errorsOf({ text, env: { ...ENV, SHORT: '1234567' } })).toEqual([`gdoiwatch.yml:${error}`]);
  });

  it('SNMPv3 without auth, with auth, and with both are credentials', async () => {
    const auth = 'auth: { protocol: sha, password_env: P }';
    for (const settings of ['', `, ${auth}`, `, ${auth}, privacy: { protocol: aes128, password_env: P }`]) {
      expect(await errorsOf({ text: snmp(`version: 3, username: u${settings}`), env: ENV })).toEqual([]);
    }
  });
});

describe('receivers', () => {
  const receiver = (text: string) => loadOk({ text: `${CREDENTIALS}devices: []\n${text}\n`, env: ENV });

  it('syslog listens on one address or several', async () => {
    const udp = { protocol: 'udp', host: '0.0.0.0', port: 514 };
    expect((await receiver('syslog: { listen: "udp://:514" }')).config.syslog?.listens).toEqual([udp]);
    const several = await receiver('syslog: { listen: ["udp://:514", "tcp://[::1]:1514"] }');
    expect(several.config.syslog?.listens).toEqual([udp, { protocol: 'tcp', host: '::1', port: 1514 }]);
  });

  it.each([
    [
      'udp://:162',
      'v2',
      ['6:18: traps.listen: anyone who can reach it can forge a trap: only SNMPv3 with auth proves who sent it'],
    ],
    ['udp://:162', 'v3', []],
    ['udp://127.0.0.1:162', 'v2', []],
    ['udp://[::1]:162', 'v2', []],
    [
      'udp://127.0.0.1:162',
      '',
      ['6:8: traps: no credentials, so every trap is dropped: name those that the devices use'],
    ],
  ])('traps on %s with [%s]', async (listen, names, warnings) => {
    const loaded = await receiver(`traps: { listen: "${listen}", credentials: [${names}] }`);
    expect(loaded.warnings).toEqual(warnings.map((line) => `gdoiwatch.yml:${line}`));
  });

  it.each([
    ['syslog: { listen: [] }', '1:19: syslog.listen: a list is not an address'],
    ['syslog: { listen: 5514 }', '1:19: syslog.listen: 5514 is not an address'],
    ['syslog: { listen: "http://:1" }', '1:19: syslog.listen: "http://:1" is not an address'],
    ['syslog: {}', '1:9: syslog.listen: missing; needs an address'],
  ])('%s is refused', async (text, error) => {
    const [line, ...more] = await errorsOf({ text: `${text}\ndevices: []\n` });
    expect(more).toEqual([]);
    expect(line).toContain(`gdoiwatch.yml:${error} to listen on (udp://127.0.0.1:5514, tcp://...)`);
  });
});

describe('alertmanager', () => {
  const alertmanager = (settings: string) => ({ text: `alertmanager: { ${settings} }\ndevices: []\n`, env: ENV });

  it('has the v2 API below each URL, each once', async () => {
    const { config } = await loadOk(
      alertmanager('urls: ["http://a:9093", "http://a:9093/", "https://b/alerts/", "http://c/api/v2"]'),
    );
    expect(config.alertmanager?.apiUrls).toEqual([
      'http://a:9093/api/v2',
      'https://b/alerts/api/v2',
      'http://c/api/v2',
    ]);
    expect((await loadOk(alertmanager('urls: []'))).config.alertmanager).toBeNull();
  });

  it('takes a user and the name of a secret, and no password in a URL', async () => {
    const { config } = await loadOk(alertmanager('urls: ["http://a"], username: me, password_env: P'));
    expect(config.alertmanager?.basicAuth?.username).toBe('me');
    expect(config.alertmanager?.basicAuth?.password.reveal()).toBe(ENV.P);
    expect(await errorsOf(alertmanager('urls: ["http://me:hunter2@a"]'))).toEqual([
      'gdoiwatch.yml:1:24: alertmanager.urls[0]: the value (not shown) is not a URL without user and password',
    ]);
    expect(await errorsOf(alertmanager('urls: ["http://a"], username: me'))).toEqual([
      'gdoiwatch.yml:1:15: alertmanager: needs password_env, password_file or password_command',
    ]);
    expect(await errorsOf(alertmanager('urls: ["http://a"], password_env: P'))).toEqual([
      'gdoiwatch.yml:1:15: alertmanager: a password needs a username',
    ]);
  });

  it('has the labels of the scrape as in the example for Prometheus, or as configured', async () => {
    const labelsOf = async (text: string) =>
      (await loadOk({ text: `${text}\ndevices: []\n` })).config.alertmanager?.labels;
    expect(await labelsOf('alertmanager: { urls: ["http://a"] }')).toEqual({
      job: 'gdoiwatch',
      instance: '127.0.0.1:9848',
    });
    expect(await labelsOf('listen: "[::1]:9000"\nalertmanager: { urls: ["http://a"] }')).toMatchObject({
      instance: '[::1]:9000',
    });
    const told = 'labels: { job: getvpn, instance: "agent.example:9848", site: taipei }';
    expect(await labelsOf(`alertmanager: { urls: ["http://a"], ${told} }`)).toEqual({
      job: 'getvpn',
      instance: 'agent.example:9848',
      site: 'taipei',
    });
    expect(await errorsOf(alertmanager('urls: ["http://a"], labels: { __name__: x }'))).toEqual([
      expect.stringContaining('is not a label name (letters, digits and _, not starting with a digit or __)'),
    ]);
  });
});

describe('targets', () => {
  it('alone are a configuration', async () => {
    const { config, warnings } = await loadOk({ text: 'targets: { file_sd: ["targets/*.yml"], refresh: 30s }\n' });
    expect(warnings).toEqual([]);
    expect(config.devices).toEqual([]);
    expect(config.targets).toMatchObject({ files: ['/etc/gdoiwatch/targets/*.yml'], urls: [], refreshMs: 30_000 });
  });

  it('may need a header, which is in a file or the environment', async () => {
    const text = `targets: { http_sd: [{ url: "https://netbox.example/sd/", authorization_env: P }] }\n`;
    const { config } = await loadOk({ text, env: ENV });
    expect(config.targets?.urls[0]?.authorization?.reveal()).toBe(ENV.P);
  });

  it.each([
    [
      'file_sd: ["a/*/b.json"]',
      '22: targets.file_sd[0]: "a/*/b.json" is not a file pattern that ends in .json, .yml or .yaml, with * and ? in its last part only',
    ],
    [
      'file_sd: [targets]',
      '22: targets.file_sd[0]: "targets" is not a file pattern that ends in .json, .yml or .yaml, with * and ? in its last part only',
    ],
    [
      'http_sd: ["http://me:hunter2@h/"]',
      '22: targets.http_sd[0]: the value (not shown) is not a URL (http://... or https://...) without user and password, or { url: URL, authorization_file: FILE }',
    ],
    ['http_sd: ["http://h/", "http://h/"]', '35: targets.http_sd[1]: is already in the list'],
  ])('%s is refused', async (settings, error) => {
    expect(await errorsOf({ text: `targets: { ${settings} }\n` })).toEqual([`gdoiwatch.yml:1:${error}`]);
  });
});

describe('snmp.context and snmp.any_source', () => {
  it('are the device’s own or those of defaults', async () => {
    const defaults = 'defaults: { snmp: { context: vrf-a, any_source: true } }\n';
    expect((await oneDevice(BOTH, defaults)).device.snmp).toMatchObject({ context: 'vrf-a', anySource: true });
    const own = await oneDevice(`${BOTH}, snmp: { context: vrf-b, any_source: false }`, defaults);
    expect(own.device.snmp).toMatchObject({ context: 'vrf-b' });
    expect(own.device.snmp?.anySource).toBeUndefined();
    expect((await oneDevice(BOTH)).device.snmp).not.toHaveProperty('context');
  });

  it('a context has no effect with v2c, which is reported', async () => {
    const { device, warnings } = await oneDevice('transport: snmp, credentials: v2, snmp: { context: vrf-a }');
    expect(device.snmp).not.toHaveProperty('context');
    expect(warnings).toEqual([expect.stringContaining('snmp.context: has no effect: SNMPv2c has no contexts')]);
  });

  it.each([
    ['snmp: { context: "" }', 'devices[0].snmp.context: "" is not an SNMPv3 context name of at most 32 octets'],
    [`snmp: { context: ${'x'.repeat(33)} }`, 'is not an SNMPv3 context name of at most 32 octets'],
    ['snmp: { any_source: maybe }', 'devices[0].snmp.any_source: "maybe" is not true or false'],
  ])('%s is refused in one clear line', async (settings, line) => {
    const text = `${CREDENTIALS}devices: [{ name: a, host: a, ${BOTH}, ${settings} }]\n`;
    expect(await errorsOf({ text, env: ENV })).toEqual([expect.stringContaining(line)]);
  });
});
