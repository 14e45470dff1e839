import { describe, expect, it } from 'vitest';
import { diffConfig } from '../../src/config/reload-diff.ts';
import { ENV, errorsOf, loadOk } from './given-config.ts';

const CREDENTIALS = `credentials:
  main: { username: monitor, password_env: P }
  jump: { username: ops, password_env: P }
  v2: { snmp: { version: 2c, community_env: P } }
jump_hosts:
  bastion: { host: 192.0.2.1, credentials: jump }
  inner: { host: inner.example.net, port: 2222, credentials: jump, algorithms: legacy }
`;

const given = (rest: string, env: Readonly<Record<string, string>> = ENV) => ({ text: `${CREDENTIALS}${rest}`, env });
const sshOf = async (rest: string, env?: Readonly<Record<string, string>>) =>
  (await loadOk(given(rest, env))).config.devices[0]?.ssh;

describe('ssh.jump', () => {
  it('names the host that all devices are reached through, with its own credential', async () => {
    const ssh = await sshOf('ssh: { jump: bastion }\ndevices: [{ name: a, host: a }]\n');
    expect(ssh).toMatchObject({
      username: 'monitor',
      jumps: [
        { name: 'bastion', host: '192.0.2.1', port: 22, username: 'ops', hostKeys: 'strict', algorithms: 'modern' },
      ],
    });
  });

  it('is a chain as a list, and a device’s own goes before that of all', async () => {
    const ssh = await sshOf(
      'ssh: { jump: bastion }\ndevices: [{ name: a, host: a, ssh: { jump: [bastion, inner] } }]\n',
    );
    expect(ssh?.jumps?.map(({ name, port, algorithms }) => [name, port, algorithms])).toEqual([
      ['bastion', 22, 'modern'],
      ['inner', 2222, 'legacy'],
    ]);
  });

  it('is switched off for a device by an empty list', async () => {
    const ssh = await sshOf('ssh: { jump: bastion }\ndevices: [{ name: a, host: a, ssh: { jump: [] } }]\n');
    expect(ssh?.jumps).toBeUndefined();
  });

  it.each([
    ['ssh: { jump: bastoin }\n', /ssh\.jump: "bastoin" is not one of the jump_hosts; did you mean bastion\?/],
    ['ssh: { jump: [bastion, bastion] }\n', /ssh\.jump: "bastion" stands twice/],
    ['ssh: { jump: [a, b, c, d, e] }\n', /the name of a jump host, or a list of at most 4/],
    ['ssh: { jump: 7 }\n', /the name of a jump host, or a list/],
  ])('%j is refused in one clear line', async (ssh, line) => {
    const errors = await errorsOf(given(`${ssh}devices: [{ name: a, host: a }]\n`));
    expect(errors.join('\n')).toMatch(line);
    expect(errors).toHaveLength(1);
  });

  it.each([
    ['nobody', /jump_hosts\.bastion\.credentials: "nobody" is not one of the credentials/],
    ['v2', /jump_hosts\.bastion\.credentials: "v2" is an SNMP credential; a jump host needs one of SSH/],
  ])('through a host with the credential %s is refused at the host', async (name, line) => {
    const text = given('ssh: { jump: bastion }\ndevices: [{ name: a, host: a }, { name: b, host: b }]\n').text;
    const errors = await errorsOf({ text: text.replace('credentials: jump }', `credentials: ${name} }`), env: ENV });
    expect(errors.join('\n')).toMatch(line);
    expect(errors).toHaveLength(1);
  });

  it('that changes gives the device a new session at a reload', async () => {
    const direct = (await loadOk(given('devices: [{ name: a, host: a }]\n'))).config;
    const through = (await loadOk(given('ssh: { jump: bastion }\ndevices: [{ name: a, host: a }]\n'))).config;
    const again = (await loadOk(given('ssh: { jump: bastion }\ndevices: [{ name: a, host: a }]\n'))).config;
    expect(diffConfig(direct, through).renewed).toHaveLength(1);
    expect(diffConfig(through, again).unchanged).toHaveLength(1);
  });
});

describe('source_address', () => {
  it('is the default’s or the device’s own, for SSH and SNMP', async () => {
    const text = `defaults: { source_address: 192.0.2.9 }
devices: [{ name: a, host: a }, { name: b, host: b, source_address: "2001:db8::9", transport: snmp, credentials: v2 }]\n`;
    const { devices } = (await loadOk(given(text))).config;
    expect(devices[0]?.ssh?.sourceAddress).toBe('192.0.2.9');
    expect(devices[1]?.snmp?.sourceAddress).toBe('2001:db8::9');
  });

  it.each(['eth0', 'router.example.net', '192.0.2.300'])('%s is no address of this machine', async (value) => {
    const errors = await errorsOf(given(`devices: [{ name: a, host: a, source_address: ${value} }]\n`));
    expect(errors.join('\n')).toContain(
      'devices[0].source_address: "' + value + '" is not an IP address of this machine',
    );
  });
});

describe('agent: true', () => {
  const text = `credentials: { main: { username: monitor, agent: true } }\ndevices: [{ name: a, host: a }]\n`;

  it('takes the keys of the agent that SSH_AUTH_SOCK names, without any other secret', async () => {
    const { config } = await loadOk({ text, env: { SSH_AUTH_SOCK: '/run/user/1/agent' } });
    expect(config.devices[0]?.ssh).toMatchObject({ agent: '/run/user/1/agent', password: null, privateKey: null });
  });

  it('needs that variable', async () => {
    expect((await errorsOf({ text, env: {} })).join('\n')).toMatch(
      /credentials\.main\.agent: .*SSH_AUTH_SOCK is not set/,
    );
  });
});
