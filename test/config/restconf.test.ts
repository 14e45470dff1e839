/** RESTCONF in the configuration: whom to log in as, which certificate is good enough, at what pace. */
import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { diffConfig } from '../../src/config/reload-diff.ts';
import { deviceOfTarget } from '../../src/config/service-discovery/target-device.ts';
import { selfSigned } from '../../src/simulator/restconf/self-signed.ts';
import { ENV, errorsOf, type Given, loadOk } from './given-config.ts';

const made = (name: string) => selfSigned({ name, addresses: ['192.0.2.1'], nowMs: Date.UTC(2026, 0, 1) });
const [mine, other] = [made('monitor'), made('authority')];
const PASSPHRASE = 'open sesame';
const locked = createPrivateKey(mine.keyPem)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
  .toString();

const CREDENTIALS = `credentials:
  main: { username: monitor, password_env: P }
  v2: { snmp: { version: 2c, community_env: P } }
  rc: { restconf: { username: monitor, password_env: P } }
  card: { restconf: { client_cert_file: mine.crt, client_key_file: mine.key } }
`;
const given = (rest: string, credentials = CREDENTIALS): Given => ({
  text: `${credentials}${rest}`,
  env: { ...ENV, PASSPHRASE },
  files: {
    'mine.crt': mine.certificatePem,
    'mine.key': mine.keyPem,
    'locked.key': locked,
    'other.key': other.keyPem,
    'ca.pem': other.certificatePem,
    'not.pem': 'hello',
    'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  },
});
const every = (ms: number) => ({ kind: 'every', ms });

async function oneDevice(settings: string, rest = '') {
  const { config, warnings } = await loadOk(given(`devices: [{ name: a, host: a, ${settings} }]\n${rest}`));
  return { device: config.devices[0]!, warnings, config };
}

describe('a device polled by RESTCONF', () => {
  it('has neither SSH nor SNMP, the port 443, and one pace', async () => {
    const { device, warnings, config } = await oneDevice('transport: restconf, credentials: rc, interval: 45s');
    expect(warnings).toEqual([]);
    expect(device).toMatchObject({
      transport: 'restconf',
      port: 443,
      schedule: every(45_000),
      ssh: null,
      snmp: null,
      restconf: { credentialName: 'rc', port: 443, schedule: every(45_000) },
    });
    expect(device.restconf?.credential.username).toBe('monitor');
    expect(device.restconf?.credential.password?.reveal()).toBe(ENV.P);
    expect(config.restconf.knownCertificatesPath).toBe('/etc/gdoiwatch/known_certificates');
  });

  it('is trusted as strictly as over SSH: by public authorities or a certificate that is known', async () => {
    const { device } = await oneDevice('transport: restconf, credentials: rc');
    expect(device.restconf?.trust).toEqual({
      authorities: null,
      serverName: null,
      fingerprint: null,
      certificates: 'strict',
    });
  });

  it.each(['port: 8443', 'restconf: { port: 8443 }'])('listens where %s says', async (settings) => {
    const { device } = await oneDevice(`transport: restconf, credentials: rc, ${settings}`);
    expect(device).toMatchObject({ port: 8443, restconf: { port: 8443 } });
  });

  it('beside SSH has its own port and interval, by default the interval of SSH', async () => {
    const both = 'transport: ssh+restconf, credentials: { ssh: main, restconf: rc }, port: 2222, interval: 5m';
    expect((await oneDevice(both)).device).toMatchObject({
      port: 2222,
      schedule: every(300_000),
      ssh: { credentialName: 'main' },
      restconf: { credentialName: 'rc', port: 443, schedule: every(300_000) },
    });
    const { device } = await oneDevice(`${both}, restconf: { port: 8443, interval: 10s }`);
    expect(device).toMatchObject({
      port: 2222,
      schedule: every(300_000),
      restconf: { port: 8443, schedule: every(10_000) },
    });
  });

  it('takes what defaults say, and its own before them', async () => {
    const defaults = `defaults: { transport: restconf, credentials: rc, restconf: { port: 8443, interval: 20s }, tls: { ca_file: ca.pem, server_name: routers.example.net }, source_address: 192.0.2.9 }
ssh: { host_keys: accept-new }
restconf: { known_certificates: certificates }\n`;
    const { device, config } = await oneDevice('tls: { server_name: gm1.example.net }, host_keys: strict', defaults);
    expect(device.restconf).toMatchObject({
      port: 8443,
      schedule: every(20_000),
      sourceAddress: '192.0.2.9',
      trust: { authorities: other.certificatePem, serverName: 'gm1.example.net', certificates: 'strict' },
    });
    expect((await oneDevice('role: gm', defaults)).device.restconf?.trust.certificates).toBe('accept-new');
    expect(config.restconf.knownCertificatesPath).toBe('/etc/gdoiwatch/certificates');
  });

  it.each([
    mine.fingerprint,
    mine.fingerprint.toUpperCase(),
    mine.fingerprint.replace(/..(?!$)/g, '$&:').toUpperCase(),
    `SHA256:${mine.fingerprint}`,
    `sha256 Fingerprint=${mine.fingerprint.replace(/..(?!$)/g, '$&:').toUpperCase()}`,
  ])('may be known by the fingerprint %s', async (fingerprint) => {
    const { device } = await oneDevice(`transport: restconf, credentials: rc, tls: { fingerprint: "${fingerprint}" }`);
    expect(device.restconf?.trust.fingerprint).toBe(mine.fingerprint);
  });

  it.each([
    ['card', CREDENTIALS, null],
    [
      'key',
      `credentials: { key: { restconf: { username: m, client_cert_file: mine.crt, client_key_file: locked.key, client_key_passphrase_env: PASSPHRASE } } }\n`,
      PASSPHRASE,
    ],
  ])('may be shown a client certificate (%s)', async (name, credentials, passphrase) => {
    const text = `devices: [{ name: a, host: a, transport: restconf, credentials: ${name} }]\n`;
    const { config } = await loadOk(given(text, credentials));
    const client = config.devices[0]?.restconf?.credential.client;
    expect(client?.certificate).toBe(mine.certificatePem);
    expect(client?.passphrase?.reveal() ?? null).toBe(passphrase);
  });
});

describe('is refused in one clear line:', () => {
  const device = (settings: string) => `devices: [{ name: a, host: a, ${settings} }]\n`;

  it.each([
    [
      'transport: restconf, credentials: main',
      'devices[0].credentials: "main" is an SSH credential; transport restconf needs one with restconf',
    ],
    [
      'transport: restconf, credentials: v2',
      'devices[0].credentials: "v2" is an SNMP credential; transport restconf needs one with restconf',
    ],
    [
      'transport: ssh, credentials: rc',
      'devices[0].credentials: "rc" is a RESTCONF credential; transport ssh needs one with a username and a password or key',
    ],
    [
      'transport: snmp, credentials: rc',
      'devices[0].credentials: "rc" is a RESTCONF credential; transport snmp needs one with snmp',
    ],
    [
      'transport: ssh+restconf, credentials: rc',
      'devices[0].credentials: transport ssh+restconf needs { ssh: NAME, restconf: NAME }',
    ],
    [
      'transport: ssh+restconf, credentials: { ssh: main, snmp: v2 }',
      'devices[0].credentials: transport ssh+restconf needs { ssh: NAME, restconf: NAME }',
    ],
    [
      'transport: restconf, credentials: { ssh: main }',
      'devices[0].credentials.restconf: missing; transport restconf needs the name of a credential',
    ],
    ['transport: netconf', 'devices[0].transport: "netconf" is not one of ssh, snmp, ssh+snmp, restconf, ssh+restconf'],
    [
      'transport: restconf, credentials: rc, port: 1, restconf: { port: 2 }',
      'devices[0].port: is also set in restconf.port; set it once with transport restconf',
    ],
    [
      'transport: restconf, credentials: rc, restconf: { prot: 2 }',
      'devices[0].restconf.prot: unknown key; did you mean port?',
    ],
    [
      'transport: restconf, credentials: rc, restconf: { port: 70000 }',
      'devices[0].restconf.port: 70000 is not a whole number from 1 to 65535',
    ],
    [
      'transport: restconf, credentials: rc, tls: { fingerprint: "ab:cd" }',
      'devices[0].tls.fingerprint: "ab:cd" is not a SHA-256 fingerprint (64 hex digits, with or without colons)',
    ],
    [
      'transport: restconf, credentials: rc, tls: { ca_file: gone.pem }',
      'devices[0].tls.ca_file: "/etc/gdoiwatch/gone.pem" cannot be read: no such file',
    ],
    [
      'transport: restconf, credentials: rc, tls: { ca_file: not.pem }',
      'devices[0].tls.ca_file: "/etc/gdoiwatch/not.pem" is not a certificate in PEM form',
    ],
    [
      'transport: restconf, credentials: rc, tls: { ca_file: broken.pem }',
      'devices[0].tls.ca_file: "/etc/gdoiwatch/broken.pem" is not a certificate in PEM form',
    ],
    ['transport: restconf, credentials: rc, tls: { verify: false }', 'devices[0].tls.verify: unknown key'],
  ])('%s', async (settings, line) => {
    const errors = await errorsOf(given(device(settings)));
    expect(errors).toEqual([expect.stringContaining(line)]);
  });

  const withCredential = (restconf: string) => `credentials: { rc: { restconf: ${restconf} } }\n`;
  it.each([
    ['{ username: m }', 'credentials.rc.restconf: a username needs password_env, password_file or password_command'],
    [
      '{}',
      'credentials.rc.restconf: needs a username with password_env, password_file or password_command, or client_cert_file with client_key_file',
    ],
    ['{ password_env: P }', 'credentials.rc.restconf: a password needs a username'],
    ['{ username: m, password: x }', 'credentials.rc.restconf.password: a secret does not belong in the configuration'],
    ['{ client_cert_file: mine.crt }', 'credentials.rc.restconf: client_cert_file needs client_key_file'],
    [
      '{ username: m, password_env: P, client_key_file: mine.key }',
      'credentials.rc.restconf: client_key_file needs client_cert_file',
    ],
    [
      '{ username: m, password_env: P, client_key_passphrase_env: PASSPHRASE }',
      'credentials.rc.restconf: a passphrase is only for client_key_file',
    ],
    [
      '{ client_cert_file: not.pem, client_key_file: mine.key }',
      'credentials.rc.restconf.client_cert_file: "/etc/gdoiwatch/not.pem" is not a certificate in PEM form',
    ],
    [
      '{ client_cert_file: mine.crt, client_key_file: other.key }',
      'credentials.rc.restconf.client_key_file: is not the key of client_cert_file',
    ],
    [
      '{ client_cert_file: mine.crt, client_key_file: not.pem }',
      'credentials.rc.restconf.client_key_file: "/etc/gdoiwatch/not.pem" is not a private key in PEM or OpenSSH form',
    ],
    [
      '{ client_cert_file: mine.crt, client_key_file: locked.key }',
      'credentials.rc.restconf.client_key_file: is not a private key in PEM form without a passphrase; with one: client_key_passphrase_env or client_key_passphrase_file',
    ],
    [
      '{ client_cert_file: mine.crt, client_key_file: locked.key, client_key_passphrase_env: P }',
      'credentials.rc.restconf.client_key_file: is not a private key in PEM form with this passphrase',
    ],
  ])('credential %s', async (restconf, line) => {
    const text = device('transport: restconf, credentials: rc');
    const errors = await errorsOf(given(text, withCredential(restconf)));
    expect(errors).toEqual([expect.stringContaining(line)]);
    expect(errors.join('\n')).not.toContain(ENV.P);
  });

  it('one credential for two ways in', async () => {
    const both = 'credentials: { rc: { username: m, password_env: P, restconf: { username: m, password_env: P } } }\n';
    expect(await errorsOf(given(device('transport: restconf, credentials: rc'), both))).toEqual([
      expect.stringContaining('credentials.rc: is for SSH or for RESTCONF, not both: make it two'),
    ]);
  });
});

it('what says nothing with this transport is a warning', async () => {
  const pinned = await oneDevice(
    `transport: restconf, credentials: rc, tls: { fingerprint: ${mine.fingerprint}, ca_file: ca.pem }`,
  );
  expect(pinned.warnings).toEqual([
    expect.stringContaining('tls.ca_file: has no effect: with tls.fingerprint nothing else decides'),
  ]);
  const ssh = await oneDevice('restconf: { port: 8443 }, tls: { ca_file: ca.pem }');
  expect(ssh.warnings).toEqual([
    expect.stringContaining('devices[0].restconf: has no effect: the transport is ssh'),
    expect.stringContaining('devices[0].tls: has no effect: the transport is ssh'),
  ]);
});

describe('service discovery', () => {
  const LABELS = { __gdoi_transport: 'restconf', __gdoi_credentials: 'rc' };
  async function target(targets: string, defaults = '') {
    const { config } = await loadOk(
      given(`${defaults}targets: { file_sd: ["t.json"], credentials: [rc], ${targets} }\n`),
    );
    return deviceOfTarget({ address: '192.0.2.1', labels: LABELS }, config.targets!.makeDevice);
  }

  it('may not choose both the host and RESTCONF if any public authority is trusted for its host', async () => {
    expect(await target('')).toEqual({
      device: null,
      problems: [expect.stringContaining('only if targets.addresses or defaults.tls.ca_file says whom to trust')],
    });
  });

  it.each([
    ['addresses: [192.0.2.0/24]', ''],
    ['', 'defaults: { tls: { ca_file: ca.pem } }\n'],
  ])('may choose RESTCONF with %s %s', async (targets, defaults) => {
    expect(await target(targets, defaults)).toMatchObject({
      device: { transport: 'restconf', port: 443 },
      problems: [],
    });
  });

  it('may use only the credentials that are for targets', async () => {
    const { config } = await loadOk(given('targets: { file_sd: ["t.json"], addresses: [192.0.2.0/24] }\n'));
    expect(deviceOfTarget({ address: '192.0.2.1', labels: LABELS }, config.targets!.makeDevice)).toEqual({
      device: null,
      problems: ['credential "rc" may not be used by targets (targets.credentials)'],
    });
  });
});

describe('a reload', () => {
  const base = 'transport: restconf, credentials: rc';
  it.each([
    ['another port', `${base}, port: 8443`, 'changed'],
    ['another credential', 'transport: restconf, credentials: card', 'renewed'],
    ['another authority', `${base}, tls: { ca_file: ca.pem }`, 'renewed'],
    ['another name', `${base}, tls: { server_name: b }`, 'renewed'],
    ['another fingerprint', `${base}, tls: { fingerprint: ${mine.fingerprint} }`, 'renewed'],
    ['another rule for unknown certificates', `${base}, host_keys: accept-new`, 'renewed'],
    ['another source address', `${base}, source_address: 192.0.2.9`, 'renewed'],
    ['another pace', `${base}, interval: 5s`, 'rescheduled'],
    ['nothing', base, 'unchanged'],
  ] as const)('with %s', async (_, settings, where) => {
    const [before, after] = [(await oneDevice(base)).config, (await oneDevice(settings)).config];
    expect(diffConfig(before, after)[where]).toHaveLength(1);
  });

  it('with another file of known certificates needs a restart', async () => {
    const after = (await oneDevice(base, 'restconf: { known_certificates: elsewhere }\n')).config;
    expect(diffConfig((await oneDevice(base)).config, after).restartNeeded).toEqual(['restconf.known_certificates']);
  });
});
