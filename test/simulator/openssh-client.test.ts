/** The Debian `ssh` client talks to the simulated devices; skipped where it is not installed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { type SimulatedSsh, startSimulatedSsh } from '../../src/simulator/ssh/ssh-server.ts';

const SSH = '/usr/bin/ssh';
const clock = createSystemClock();
const credentials = { username: 'monitor', password: 'pw-of-the-fleet' };

describe.skipIf(!existsSync(SSH))('the ssh of Debian', () => {
  let folder: string;
  let ssh: SimulatedSsh;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gdoi-openssh-'));
    await writeFile(join(folder, 'askpass'), `#!/bin/sh\necho '${credentials.password}'\n`, { mode: 0o700 });
    const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: clock.wallMs() });
    ssh = await startSimulatedSsh({
      fleet,
      clock,
      credentials,
      mannersFor: (device) => (device === 'gm2' ? { algorithms: 'legacy' } : {}),
    });
    const lines = [...ssh.ports].map(([device, port]) => `[${ssh.host}]:${port} ${ssh.hostPublicKey(device)}\n`);
    await writeFile(join(folder, 'known_hosts'), lines.join(''));
  });

  afterAll(async () => {
    await ssh[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function run(
    device: string,
    args: readonly string[],
    input = '',
  ): Promise<{ code: number | null; out: string; err: string }> {
    const options = [
      '-F',
      '/dev/null',
      '-p',
      String(ssh.ports.get(device)),
      '-o',
      `UserKnownHostsFile=${join(folder, 'known_hosts')}`,
      '-o',
      'GlobalKnownHostsFile=/dev/null',
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'PubkeyAuthentication=no',
      '-o',
      'NumberOfPasswordPrompts=1',
    ];
    const child = spawn(SSH, [...options, ...args], {
      env: { ...process.env, SSH_ASKPASS: join(folder, 'askpass'), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' },
    });
    return new Promise((resolve, reject) => {
      let out = '';
      let err = '';
      child.stdout.on('data', (data: Buffer) => {
        out += data.toString('latin1');
      });
      child.stderr.on('data', (data: Buffer) => {
        err += data.toString('latin1');
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out, err }));
      child.stdin.end(input);
    });
  }

  test('gets an answer by exec from a known host', async () => {
    const { code, out, err } = await run('gm1', [`${credentials.username}@127.0.0.1`, 'show crypto gdoi']);
    expect(err).not.toContain('Host key verification failed');
    expect(out).toContain('Registration status   : Registered');
    expect(code).toBe(0);
  });

  test('works in a shell with a terminal and leaves by exit', async () => {
    const { out } = await run(
      'ks1',
      ['-tt', `${credentials.username}@127.0.0.1`],
      'terminal length 0\rshow crypto gdoi ks members summary\rexit\r',
    );
    expect(out).toContain('KS1#show crypto gdoi ks members summary');
    expect(out).toContain('GMDB state: LOCAL');
  });

  test('needs the old algorithms named for a legacy device', async () => {
    const modern = await run('gm2', [`${credentials.username}@127.0.0.1`, 'show clock']);
    expect(modern.code).toBe(255);
    expect(modern.err).toMatch(/no matching/u);
    const legacy = await run('gm2', [
      '-o',
      'KexAlgorithms=+diffie-hellman-group14-sha1',
      '-o',
      'HostKeyAlgorithms=+ssh-rsa',
      '-o',
      'Ciphers=+aes128-cbc',
      '-o',
      'MACs=+hmac-sha1',
      `${credentials.username}@127.0.0.1`,
      'show clock',
    ]);
    expect(legacy.err).toBe('');
    expect(legacy.out).toMatch(/UTC/u);
  });

  test('refuses a changed host key', async () => {
    ssh.setManners('gm3', { hostKey: 'changed' });
    const { code, err } = await run('gm3', [`${credentials.username}@127.0.0.1`, 'show clock']);
    expect(code).toBe(255);
    expect(err).toMatch(/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/u);
  });
});
