/** From a configuration on disk to a login: what a changed secret does, without a reload. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SshTarget } from '../../src/access/device-session.ts';
import type { SnmpTarget } from '../../src/access/device-snmp.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import type { ResolvedDevice } from '../../src/config/resolved-config.ts';
import { accessUnderTest, poll, textOf } from './access-under-test.ts';
import { ScriptedIos } from './scripted-ios.ts';
import { scriptedAgent } from './scripted-snmp-agent.ts';
import { COMMUNITY, failureOf, never, request, snmpUnderTest } from './snmp-under-test.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-renewed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });

async function devices(text: string, env: Record<string, string> = {}): Promise<readonly ResolvedDevice[]> {
  write('gdoiwatch.yml', text);
  const loaded = await loadConfig(join(folder, 'gdoiwatch.yml'), {
    env: Object.assign(env, { PATH: '/usr/bin:/bin' }),
  });
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.findings));
  return loaded.config.devices;
}

function sshTarget({ name, host, port, timeoutMs, ssh }: ResolvedDevice): SshTarget {
  if (ssh === null) throw new Error('no SSH');
  return { ...ssh, device: name, host, port, timeoutMs, hostKeys: 'accept-new' };
}

const fleet = (credential: string, port: number, count = 1) =>
  `credentials: { main: { username: monitor, ${credential} } }\ndevices:\n${Array.from({ length: count }, (_, index) => `  - { name: gm${index + 1}, host: 127.0.0.1, port: ${port} }\n`).join('')}`;

describe('a changed secret', () => {
  test('of a file is used at the next login, and ends the quarantine', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    write('pw', 's3cr3t-wrong\n');
    const targets = (await devices(fleet('password_file: pw', port, 5), {})).map(sshTarget);
    for (const target of targets.slice(0, 3)) {
      expect(await poll(under.access, target, 'show clock')).toMatchObject({ failure: 'auth' });
    }
    expect(under.access.status().quarantinedCredentials).toEqual(['main']);
    for (const target of targets) {
      expect(await poll(under.access, target, 'show clock')).toMatchObject({ failure: 'quarantined' });
    }
    write('pw', 'pw\n');
    for (const target of targets) expect(await textOf(under.access, target, 'show clock')).toContain('answer');
    expect(under.access.status().quarantinedCredentials).toEqual([]);
    expect(server.attempts).toHaveLength(3 + 5);
  });

  test('leaves a session alone that is open', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    write('pw', 'pw\n');
    const [device] = await devices(fleet('password_file: pw', port));
    await poll(under.access, sshTarget(device!), 'show clock');
    write('pw', 'another\n');
    expect(await textOf(under.access, sshTarget(device!), 'show clock')).toContain('answer');
    expect(server.connections).toBe(1);
  });

  test('of a variable, an enable password and a key file count as well', async () => {
    await using server = new ScriptedIos({ userExec: true, enablePassword: 'en-new' });
    const port = await server.listen();
    await using under = accessUnderTest();
    const env: Record<string, string> = { P: 'wrong', E: 'en-old' };
    const [device] = await devices(fleet('password_env: P, enable_password_env: E', port), env);
    const target = sshTarget(device!);
    expect(await poll(under.access, target, 'show clock')).toMatchObject({ failure: 'auth' });
    env['P'] = 'pw';
    expect(await poll(under.access, target, 'show clock')).toMatchObject({ failure: 'auth' });
    env['E'] = 'en-new';
    expect(await textOf(under.access, target, 'show clock')).toContain('answer');
  });

  test('of a program is asked for once after the refusal, and not before', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    write('secret', 'stale');
    write('vault', `#!/bin/sh\necho asked >> ${folder}/asked\ncat ${folder}/secret\n`);
    chmodSync(join(folder, 'vault'), 0o700);
    const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n').length;
    const targets = (await devices(fleet('password_command: [./vault]', port, 3))).map(sshTarget);
    expect(asked()).toBe(1);
    expect(await poll(under.access, targets[0]!, 'show clock')).toMatchObject({ failure: 'auth' });
    for (let again = 0; again < 5; again += 1) {
      expect(await poll(under.access, targets[0]!, 'show clock')).toMatchObject({ failure: 'quarantined' });
    }
    expect(asked()).toBe(2);

    // The vault has the new one only now: the next device that is refused has it asked for.
    under.clock.advance(61 * 60_000);
    write('secret', 'pw');
    await using later = accessUnderTest();
    const fresh = (await devices(fleet('password_command: [./vault]', port, 3))).map(sshTarget);
    for (const target of fresh) expect(await textOf(later.access, target, 'show clock')).toContain('answer');
    server.manners = { ...server.manners, password: 'rotated' };
    write('secret', 'rotated');
    for (const terminal of server.terminals) terminal.drop();
    const before = asked();
    const outcomes: string[] = [];
    for (const target of [...fresh, ...fresh]) {
      const { failure } = await poll(later.access, target, 'show clock');
      outcomes.push(failure ?? 'ok');
    }
    expect(outcomes).toEqual(['auth', 'ok', 'ok', 'ok', 'ok', 'ok']);
    expect(asked()).toBe(before + 1);
  });

  test('community of SNMP counts after the silence that a wrong one meets', async () => {
    await using given = await scriptedAgent([['1.3.6.1.2.1.1.3.0', 1]]);
    await using under = snmpUnderTest();
    write('community', 'old-community\n');
    const [device] = await devices(
      `credentials: { v2: { snmp: { version: 2c, community_file: community } } }\ndevices: [{ name: gm1, host: 127.0.0.1, port: ${given.port}, transport: snmp, credentials: v2, timeout: 200ms }]\n`,
    );
    const snmp = device!.snmp!;
    const target: SnmpTarget = { ...snmp, device: 'gm1', host: '127.0.0.1', timeoutMs: 200 };
    const ask = () => under.access.read(target, request([], ['1.3.6.1.2.1.1.3.0']), never);
    expect(failureOf(await ask())).toBe('timeout');
    under.clock.advance(120_000);
    write('community', `${COMMUNITY}\n`);
    expect(failureOf(await ask())).toBe('1 varbinds');
  });
});
