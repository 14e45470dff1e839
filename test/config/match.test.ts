import { describe, expect, it } from 'vitest';
import { ENV, errorsOf, type Given, loadOk } from './given-config.ts';

const CREDENTIALS = `credentials:
  main: { username: m, password_env: P }
  site: { username: s, password_env: P }
  v2: { snmp: { version: 2c, community_env: P } }
jump_hosts: { bastion: { host: 192.0.2.1 } }
`;
const given = (match: string, devices: string): Given => ({
  text: `${CREDENTIALS}match:\n${match}\ndevices:\n${devices}\n`,
  env: ENV,
});
const users = async (match: string, devices: string) => {
  const { config } = await loadOk(given(match, devices));
  return config.devices.map(({ name, ssh }) => `${name} ${ssh?.username}`);
};

describe('a rule of match', () => {
  it.each([
    ['a pattern of names', '{ name: "gm-*", credentials: site }', ['gm-1 s', 'ks-1 m', 'x m']],
    ['several', '{ name: ["gm-?", "ks-*"], credentials: site }', ['gm-1 s', 'ks-1 s', 'x m']],
    ['a prefix', '{ host: 10.1.0.0/16, credentials: site }', ['gm-1 s', 'ks-1 m', 'x m']],
    ['names below a domain', '{ host: "*.example.net", credentials: site }', ['gm-1 m', 'ks-1 m', 'x s']],
    ['a pattern of the host', '{ host: "10.?.0.*", credentials: site }', ['gm-1 s', 'ks-1 s', 'x m']],
    ['a label', '{ label: { site: "tai*" }, credentials: site }', ['gm-1 s', 'ks-1 m', 'x m']],
    ['a label that is not there', '{ label: { site: "" }, credentials: site }', ['gm-1 m', 'ks-1 m', 'x s']],
    [
      'all of it at once',
      '{ host: 10.0.0.0/8, label: { site: tokyo }, credentials: site }',
      ['gm-1 m', 'ks-1 s', 'x m'],
    ],
  ])('finds devices by %s', async (_what, rule, expected) => {
    const devices = `  - { name: gm-1, host: 10.1.0.1, labels: { site: taipei } }
  - { name: ks-1, host: 10.2.0.9, labels: { site: tokyo } }
  - { name: x, host: X.Example.net }`;
    expect(await users(`  - ${rule}`, devices)).toEqual(expected);
  });

  it('sets credentials, interval, jump host and cell, below the device and above the defaults', async () => {
    const rule = '  - { name: "*", credentials: site, interval: 7s, jump: bastion, cell: acme, timeout: 3s }';
    const { config } = await loadOk(
      given(
        rule,
        `  - { name: a, host: h }
  - { name: b, host: h, credentials: main, interval: 9s, cell: other, ssh: { jump: [] } }`,
      ),
    );
    const seen = config.devices.map(({ ssh, schedule, cell, timeoutMs }) => ({
      user: ssh?.username,
      schedule,
      cell,
      timeoutMs,
      jumps: (ssh?.jumps ?? []).map(({ name }) => name),
    }));
    expect(seen).toEqual([
      { user: 's', schedule: { kind: 'every', ms: 7000 }, cell: 'acme', timeoutMs: 3000, jumps: ['bastion'] },
      { user: 'm', schedule: { kind: 'every', ms: 9000 }, cell: 'other', timeoutMs: 3000, jumps: [] },
    ]);
  });

  it('counts for each setting separately: the first that fits and has it', async () => {
    const rules = `  - { name: "gm-*", interval: 5s }
  - { name: "*", interval: 90s, credentials: site }
  - { name: "gm-*", credentials: main }`;
    const { config } = await loadOk(given(rules, '  - { name: gm-1, host: h }\n  - { name: ks-1, host: h }'));
    expect(config.devices.map(({ ssh, schedule }) => [ssh?.username, schedule])).toEqual([
      ['s', { kind: 'every', ms: 5000 }],
      ['s', { kind: 'every', ms: 90_000 }],
    ]);
  });

  it('counts for what service discovery finds, within what targets may use', async () => {
    const { config } = await loadOk({
      text: `${CREDENTIALS}match:
  - { host: 10.1.0.0/16, credentials: site, interval: 5s }
targets: { file_sd: [t.json], credentials: [main, site] }
`,
      env: ENV,
    });
    const made = config.targets?.makeDevice({ name: 'gm1', host: '10.1.0.1' });
    expect(made?.device).toMatchObject({ schedule: { ms: 5000 }, ssh: { username: 's' } });
    const narrow = await loadOk({
      text: `${CREDENTIALS}match:\n  - { name: "*", credentials: site }\ntargets: { file_sd: [t.json] }\n`,
      env: ENV,
    });
    expect(narrow.config.targets?.makeDevice({ name: 'gm1', host: 'h' })).toEqual({
      device: null,
      problems: ['credential "site" may not be used by targets (targets.credentials)'],
    });
  });

  it('that fits no device is a warning, if no others can come', async () => {
    const { warnings } = await loadOk(given('  - { name: "gn-*", interval: 5s }', '  - { name: gm-1, host: h }'));
    expect(warnings).toEqual(['gdoiwatch.yml:7:5: match[0]: matches none of the devices']);
  });

  it.each([
    [
      'no pattern',
      '{ interval: 5s }',
      '7:5: match[0]: needs name, host or label; settings for every device belong in defaults',
    ],
    [
      'no setting',
      '{ name: "*" }',
      '7:5: match[0]: sets nothing; needs one of credentials, interval, jump, cell, role, transport, timeout, detail_interval, source_address, collect, algorithms, session',
    ],
    [
      'an unknown credential, told where it stands',
      '{ name: "*", credentials: nobody }',
      '7:31: match[0].credentials: "nobody" is not one of the credentials (main, site, v2)',
    ],
    [
      'a credential that does not fit',
      '{ name: "*", credentials: v2 }',
      '7:31: match[0].credentials: "v2" is an SNMP credential; transport ssh needs one with a username and a password or key',
    ],
    [
      'an unknown jump host',
      '{ name: "*", jump: bastian }',
      '7:24: match[0].jump: "bastian" is not one of the jump_hosts; did you mean bastion?',
    ],
    [
      'a key that it cannot set',
      '{ name: "*", port: 22 }',
      '7:18: match[0].port: unknown key; allowed are name, host, label, credentials, interval, jump, cell, role, transport, timeout, detail_interval, source_address, collect, algorithms, session',
    ],
    [
      'an empty list',
      '{ name: [], interval: 5s }',
      '7:13: match[0].name: needs a pattern of names (gm-*, with * and ?), or a list of them',
    ],
  ])('is refused with %s', async (_what, rule, error) => {
    expect(await errorsOf(given(`  - ${rule}`, '  - { name: gm-1, host: h }\n  - { name: gm-2, host: h }'))).toEqual([
      `gdoiwatch.yml:${error}`,
    ]);
  });
});
