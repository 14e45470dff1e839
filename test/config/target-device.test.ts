import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MakeDevice } from '../../src/config/resolved-config.ts';
import { mergeDevices } from '../../src/config/service-discovery/merge-devices.ts';
import { deviceOfTarget } from '../../src/config/service-discovery/target-device.ts';
import { targetsOfGroups } from '../../src/config/service-discovery/target-groups.ts';
import { targetsOfJson, targetsOfYaml } from '../../src/config/service-discovery/target-text.ts';
import { ENV, loadOk } from './given-config.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

async function fleetDefaults(): Promise<MakeDevice> {
  const { config } = await loadOk({
    text: `credentials:
  main: { username: monitor, password_env: P }
  v2: { snmp: { version: 2c, community_env: P } }
defaults: { interval: 45s, role: gm }
ssh: { algorithms: legacy }
targets: { file_sd: ["targets/*.json"], credentials: [main, v2] }
`,
    env: ENV,
  });
  return config.targets!.makeDevice;
}
const makeDevice = await fleetDefaults();

const deviceOf = (address: string, labels: Readonly<Record<string, string>> = {}) =>
  deviceOfTarget({ address, labels }, makeDevice);

describe('a target is a device', () => {
  it('with the defaults and credentials of the configuration', () => {
    expect(deviceOf('192.0.2.1:2222', { site: 'taipei' })).toMatchObject({
      device: {
        name: '192.0.2.1',
        host: '192.0.2.1',
        port: 2222,
        role: 'gm',
        schedule: { kind: 'every', ms: 45_000 },
        labels: { site: 'taipei' },
        ssh: { credentialName: 'main', algorithms: 'legacy' },
      },
      problems: [],
    });
  });

  it.each([
    ['gm1.example.net', { host: 'gm1.example.net', port: 22 }],
    ['[2001:db8::1]:830', { host: '2001:db8::1', port: 830 }],
    ['[2001:db8::1]', { host: '2001:db8::1', port: 22 }],
    ['2001:db8::1', { host: '2001:db8::1', port: 22 }],
  ])('%s has its host and port', (address, expected) => {
    expect(deviceOf(address).device).toMatchObject(expected);
  });

  it('is named by __gdoi_name, else by the label device, else by its host', () => {
    expect(deviceOf('h', { __gdoi_name: 'gm1', device: 'gm2' }).device?.name).toBe('gm1');
    expect(deviceOf('h', { device: 'gm2' }).device).toMatchObject({ name: 'gm2', labels: {} });
    expect(deviceOf('h', { device: '', __gdoi_name: '' }).device?.name).toBe('h');
  });

  it('is set up by labels that start with __gdoi_', () => {
    const labels = {
      __gdoi_cell: 'acme',
      __gdoi_role: 'ks',
      __gdoi_transport: 'ssh+snmp',
      __gdoi_credentials: 'ssh=main, snmp=v2',
      __gdoi_interval: '*/5 * * * *',
      __gdoi_timeout: '3s',
      __gdoi_detail_interval: '10m',
      __gdoi_algorithms: 'modern',
      __gdoi_host_keys: 'strict',
      __gdoi_session: 'per_poll',
    };
    expect(deviceOf('h', labels).device).toMatchObject({
      cell: 'acme',
      role: 'ks',
      transport: 'ssh+snmp',
      schedule: { kind: 'cron', expression: '*/5 * * * *' },
      timeoutMs: 3000,
      detailIntervalMs: 600_000,
      labels: {},
      ssh: { credentialName: 'main', algorithms: 'modern', hostKeys: 'strict', session: 'per_poll' },
      snmp: { credentialName: 'v2' },
    });
    const snmp = deviceOf('h:1161', { __gdoi_transport: 'snmp', __gdoi_credentials: 'v2' });
    expect(snmp.device).toMatchObject({ port: 1161, ssh: null, snmp: { port: 1161 } });
  });

  it('loses the labels that Prometheus would drop, and those whose names are taken, with a word on these', () => {
    const found = deviceOf('h', { __meta_netbox_id: '1', __address__: 'x', job: 'gdoi', site: 'taipei', empty: '' });
    expect(found.device?.labels).toEqual({ site: 'taipei' });
    expect(found.problems).toEqual(['label job left out: gdoiwatch or Prometheus sets it']);
  });
});

describe('what makes no device costs one target, and says why', () => {
  const cases: readonly (readonly [address: string, labels: Readonly<Record<string, string>>, problem: string])[] = [
    ['http://h:22/', {}, 'is not HOST or HOST:PORT'],
    ['', {}, 'is not HOST or HOST:PORT'],
    ['h:ssh', {}, 'is not HOST or HOST:PORT'],
    ['h:0', {}, 'port: 0 is not a whole number from 1 to 65535'],
    ['300.1.1.1', {}, 'host: "300.1.1.1" is not a host name or IP address'],
    ['h', { __gdoi_rôle: 'ks' }, 'unknown label "__gdoi_rôle"; did you mean __gdoi_role?'],
    ['h', { __gdoi_role: 'router' }, 'role: "router" is not one of gm, ks, auto'],
    ['h', { __gdoi_interval: '60' }, 'interval: "60" is not a duration (30s, 5m) or a cron expression'],
    ['h', { __gdoi_credentials: 'v3' }, 'credentials: "v3" is not one of the credentials; did you mean v2?'],
    [
      'h',
      { __gdoi_credentials: 'v2' },
      'credentials: "v2" is an SNMP credential; transport ssh needs one with a username and a password or key',
    ],
    ['h', { __gdoi_transport: 'ssh+snmp' }, 'defaults.credentials: transport ssh+snmp needs { ssh: NAME, snmp: NAME }'],
    ['h', { __gdoi_credentials: 'telnet=main' }, 'credentials.telnet: unknown key; allowed are ssh, snmp'],
    [
      'h',
      { device: '../x' },
      'name: "../x" is not a name (letters, digits and . _ - : after a first letter, digit or _, at most 128)',
    ],
    [
      'h',
      { 'a-b': 'x' },
      'labels.a-b: "a-b" is not a label name (letters, digits and _, not starting with a digit or __)',
    ],
  ];
  it.each(cases)('%s %j', (address, labels, problem) => {
    expect(deviceOf(address, labels)).toEqual({ device: null, problems: [expect.stringContaining(problem)] });
  });

  it('whatever the target, each problem is one line, and a device keeps to the rules of the configuration file', () => {
    const text = fc.oneof(
      fc.string({ unit: anyCodePoint, maxLength: 20 }),
      fc.constantFrom('gm', 'ks', 'ssh', 'v2', '30s', '::1'),
    );
    const labels = fc.dictionary(
      fc.oneof(
        text,
        fc.constantFrom('__gdoi_name', '__gdoi_role', '__gdoi_credentials', '__proto__', 'constructor', 'device'),
      ),
      text,
    );
    fc.assert(
      fc.property(fc.oneof(text, fc.domain(), fc.ipV6()), labels, (address, given) => {
        const { device, problems } = deviceOf(address, given);
        expect(device !== null || problems.length > 0).toBe(true);
        for (const problem of problems) expect(problem).toMatch(/^[^\p{Cc}]+$/u);
        expect(device === null || /^[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}$/.test(device.name)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the texts of file_sd and http_sd', () => {
  const groups = [
    { targets: ['a:22', 'b'], labels: { site: 'taipei' } },
    { targets: ['c'] },
    { targets: [], labels: null },
  ];
  const targets = [
    { address: 'a:22', labels: { site: 'taipei' } },
    { address: 'b', labels: { site: 'taipei' } },
    { address: 'c', labels: {} },
  ];

  it('are lists of groups, in JSON or YAML', () => {
    expect(targetsOfJson(JSON.stringify(groups))).toEqual({ kind: 'targets', targets });
    const yaml = '- targets: ["a:22", b]\n  labels: { site: taipei }\n- targets:\n    - c\n';
    expect(targetsOfYaml(yaml)).toEqual({ kind: 'targets', targets });
    expect(targetsOfJson('[]')).toEqual({ kind: 'targets', targets: [] });
  });

  it.each([
    ['null', 'is not a list of { targets: [...], labels: {...} }'],
    ['{}', 'is not a list of { targets: [...], labels: {...} }'],
    ['[null]', '[0] is not a mapping of targets and labels'],
    ['["a"]', '[0] is not a mapping of targets and labels'],
    ['[{"target": ["a"]}]', '[0] has an unknown key "target"'],
    ['[{}, {"targets": "a"}]', '[1].targets is not a list of text'],
    ['[{"targets": [1]}]', '[0].targets is not a list of text'],
    ['[{"targets": ["a"], "labels": {"a": 1}}]', '[0].labels is not a mapping of names to text'],
    ['[{"targets": ["a"], "labels": ["a"]}]', '[0].labels is not a mapping of names to text'],
    ['[\n {"targets" ["a"]}\n]', 'is not JSON (line 2, column 13)'],
    ['', 'is not JSON'],
  ])('%s is malformed', (text, reason) => {
    expect(targetsOfJson(text)).toEqual({ kind: 'malformed', reason: expect.stringContaining(reason) });
  });

  it('an empty YAML file is malformed: it is being written, or was cut', () => {
    expect(targetsOfYaml('# nothing\n').kind).toBe('malformed');
  });

  it('bombs are malformed, not unfolded', () => {
    const aliases = Array.from({ length: 9 }, (_, i) =>
      i === 0 ? 'x0: &x0 [a, a, a, a, a, a, a, a, a, a]' : `x${i}: &x${i} [${`*x${i - 1}, `.repeat(10)}]`,
    ).join('\n');
    expect(targetsOfYaml(aliases)).toEqual({ kind: 'malformed', reason: expect.stringContaining('aliases expanded') });
    expect(targetsOfYaml('['.repeat(50_000)).kind).toBe('malformed');
    expect(targetsOfJson(`${'['.repeat(100_000)}${']'.repeat(100_000)}`).kind).toBe('malformed');
    const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`l${i}`, 'x']));
    expect(targetsOfGroups([{ targets: ['a'], labels }])).toMatchObject({ reason: '[0].labels has more than 256' });
    const address = 'a';
    expect(targetsOfGroups([{ targets: Array.from({ length: 200_001 }, () => address) }])).toMatchObject({
      reason: 'has more than 200000 targets',
    });
  });

  it('whatever the text, it ends in a value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: anyCodePoint }), fc.json()), (text) => {
        for (const list of [targetsOfJson(text), targetsOfYaml(text)]) {
          expect(list.kind === 'targets' ? 'right' : list.reason).toMatch(/^[^\p{Cc}]+$/u);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

it('the first of a name stays: the configuration file, then the sources in their order', () => {
  const named = (name: string, host = 'h') => ({ ...deviceOf(host, { device: name }).device!, name });
  const { devices, findings } = mergeDevices(
    [named('a')],
    [
      { name: 'x.json', devices: [named('a'), named('b'), named('b')] },
      { name: 'y.json', devices: [named('b'), named('c')] },
    ],
  );
  expect(devices.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(findings).toEqual([
    'x.json: a is left out: the configuration file already has a device of that name',
    'x.json: b is left out: it already has a device of that name',
    'y.json: b is left out: x.json already has a device of that name',
  ]);
});
