/** `config check` beside a store: what its cells would do to the groups that were seen so far. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FLEET_STATE_FORMAT, groupPart, memberPart } from '../../src/gdoi/fleet/fleet-state-format.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { aBatch } from '../builders/event-builder.ts';
import { Fleet, ks } from '../builders/fleet-group.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { temporaryDirectory } from '../deploy/repository.ts';
import { told } from './told.ts';

/** A store that remembers two KSs of G1 in the default cell, which have these KEKs and nothing else in common. */
async function storeOf(path: string, keks: readonly [string, string]): Promise<void> {
  const keyServer = (device: string, address: string, kekSpi: string) =>
    ks(0, { device, address, kekSpi, peers: {}, members: { [`${address}00`]: 0 } });
  const fleet = new Fleet();
  fleet.see(keyServer('ks1', '10.1.0.1', keks[0]), keyServer('ks3', '10.9.0.3', keks[1]));
  await using store = await openSqliteStore({ path, clock: createSystemClock(), logger: new MemoryLogger() });
  const stored = (state: unknown) => ({ format: FLEET_STATE_FORMAT, state });
  await store.commit(
    aBatch({
      fleetStates: new Map([['G1', stored(groupPart(fleet.state))]]),
      memberStates: ['ks1', 'ks3'].map((device) => ({
        group: 'G1',
        device,
        state: stored(memberPart(fleet.state, device)),
      })),
    }),
  );
}

async function checked(directory: string, devices: readonly string[], more = '') {
  const file = join(directory, 'gdoiwatch.yml');
  await writeFile(
    file,
    `store: { sqlite: gdoiwatch.db }\ncredentials: { main: { username: u, password_env: P } }\n${more}devices:\n${devices.map((device) => `  - ${device}\n`).join('')}`,
  );
  const { status, stdout, stderr } = await told(['config', 'check', '--config', file], { P: 'x' });
  return { status, stdout: stdout.replaceAll(directory, '.'), stderr: stderr.replaceAll(directory, '.') };
}

const KS1 = '{ name: ks1, host: 192.0.2.1, role: ks }';
const KS3 = '{ name: ks3, host: 192.0.2.3, role: ks }';
const OF_ACME = '{ name: ks1, host: 192.0.2.1, role: ks, cell: acme }';
const OF_BETA = '{ name: ks3, host: 192.0.2.3, role: ks, cell: beta }';
const GOOD = { status: 0, stdout: './gdoiwatch.yml: good, 2 devices\n' };

describe('config check, beside the store of an agent', () => {
  test('warns of two groups of one name in one cell, and no more once their devices have cells', async () => {
    await using directory = await temporaryDirectory();
    await storeOf(join(directory.path, 'gdoiwatch.db'), ['0xA', '0xB']);
    expect(await checked(directory.path, [KS1, KS3])).toEqual({
      ...GOOD,
      stderr:
        'warning: group G1, as stored in ./gdoiwatch.db: KSs ks1, ks3 share no peer, no KEK and no member: two groups of one name? Give their devices cells\n',
    });
    expect(await checked(directory.path, [OF_ACME, OF_BETA])).toEqual({ ...GOOD, stderr: '' });
  });

  test('warns of one group in two cells', async () => {
    await using directory = await temporaryDirectory();
    await storeOf(join(directory.path, 'gdoiwatch.db'), ['0xA', '0xA']);
    expect(await checked(directory.path, [OF_ACME, OF_BETA])).toEqual({
      ...GOOD,
      stderr:
        'warning: group G1, as stored in ./gdoiwatch.db: KSs ks1 (cell acme), ks3 (cell beta) hold one KEK: one group that lies in several cells? Give all its devices one cell\n',
    });
    expect(await checked(directory.path, [KS1, KS3])).toEqual({ ...GOOD, stderr: '' });
  });

  test('assumes that devices of targets are still where they were seen', async () => {
    await using directory = await temporaryDirectory();
    await storeOf(join(directory.path, 'gdoiwatch.db'), ['0xA', '0xB']);
    await writeFile(join(directory.path, 'targets.json'), '[]');
    const targets = 'targets: { file_sd: [targets.json] }\n';
    expect(await checked(directory.path, [KS1, '{ name: gm1, host: 192.0.2.7 }'], targets)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^warning: group G1, .* KSs ks1, ks3 share/m),
    });
  });

  test('warns of planned work on a group that no device has shown, as far as the store knows', async () => {
    await using directory = await temporaryDirectory();
    await storeOf(join(directory.path, 'gdoiwatch.db'), ['0xA', '0xA']);
    const work = 'maintenance: [{ from: 2026-01-01T00:00Z, until: 2999-01-01T00:00Z, groups: [G1, GX] }]\n';
    expect(await checked(directory.path, [KS1, KS3], work)).toEqual({
      ...GOOD,
      stderr:
        'warning: maintenance[0].groups[1]: no device shows a group "GX"; did you mean "G1"? (as stored in ./gdoiwatch.db)\n',
    });
  });

  test('says nothing if nothing was stored yet, and what the reason is if the store is of another version', async () => {
    await using directory = await temporaryDirectory();
    expect(await checked(directory.path, [KS1, KS3])).toEqual({ ...GOOD, stderr: '' });
    await writeFile(join(directory.path, 'gdoiwatch.db'), '');
    expect(await checked(directory.path, [KS1, KS3])).toEqual({
      ...GOOD,
      stderr: expect.stringMatching(
        /^warning: the configuration was not compared with the groups seen so far: store \.\/gdoiwatch\.db: .*\n$/,
      ),
    });
  });
});

describe('config check, beside files of targets', () => {
  const given = async (directory: string, name: string, targets: unknown) =>
    writeFile(join(directory, name), JSON.stringify(targets));

  test('counts their devices', async () => {
    await using directory = await temporaryDirectory();
    await given(directory.path, 'a.json', [{ targets: ['192.0.2.7', '192.0.2.8'] }]);
    expect(await checked(directory.path, [KS1, KS3], 'targets: { file_sd: ["*.json"] }\n')).toEqual({
      status: 0,
      stdout: './gdoiwatch.yml: good, 2 devices, 2 of target files\n',
      stderr: '',
    });
  });

  test('warns of patterns that no file matches, of files without targets, and of names that no device bears', async () => {
    await using directory = await temporaryDirectory();
    await given(directory.path, 'a.json', []);
    const more =
      'targets: { file_sd: ["a.json", "sites/*.json", "b*.yml"] }\nmaintenance: [{ from: 2026-01-01T00:00Z, until: 2026-01-01T01:00Z, devices: [ks2] }]\n';
    expect((await checked(directory.path, [KS1, KS3], more)).stderr.split('\n')).toEqual([
      'warning: targets of ./sites/*.json: no file: its directory does not exist',
      'warning: targets of ./b*.yml: no file matches',
      'warning: ./a.json: has no target',
      'warning: maintenance[0].devices[0]: no device is called "ks2"; did you mean "ks1"?',
      '',
    ]);
  });

  test('warns if there is no device at all', async () => {
    await using directory = await temporaryDirectory();
    await given(directory.path, 'a.json', []);
    expect((await checked(directory.path, [], 'targets: { file_sd: [a.json] }\n#')).stderr).toBe(
      'warning: ./a.json: has no target\nwarning: devices: there are none: nothing is polled\n',
    );
    expect(await checked(directory.path, [], 'devices: []\n#')).toEqual({
      status: 0,
      stdout: './gdoiwatch.yml: good, 0 devices\n',
      stderr: 'warning: devices: there are none: nothing is polled\n',
    });
  });

  test('says nothing about names that may come from a URL, and requests no URL', async () => {
    await using directory = await temporaryDirectory();
    const more =
      'targets: { http_sd: ["http://127.0.0.1:8009/sd"] }\nmaintenance: [{ from: 2026-01-01T00:00Z, until: 2026-01-01T01:00Z, devices: [ks2] }]\n';
    expect(await checked(directory.path, [KS1, KS3], more)).toEqual({
      status: 0,
      stdout: './gdoiwatch.yml: good, 2 devices and those of 1 URL\n',
      stderr: '',
    });
  });
});

describe('config check, if the files that identify devices cannot be used', () => {
  const OVER_SSH = ['{ name: gm1, host: 192.0.2.1 }'];

  test('a directory in the place of known_hosts', async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'known_hosts'));
    expect(await checked(directory.path, OVER_SSH)).toEqual({
      status: 0,
      stdout: './gdoiwatch.yml: good, 1 device\n',
      stderr:
        'warning: ./gdoiwatch.yml:1:1: ssh.known_hosts: "./known_hosts" cannot be read: it is a directory; until it can, no host key can be checked, so the agent logs in to no device over SSH\n',
    });
  });

  test('a link to what is not there', async () => {
    await using directory = await temporaryDirectory();
    await symlink('gone', join(directory.path, 'known_hosts'));
    expect((await checked(directory.path, OVER_SSH)).stderr).toContain(
      '"./known_hosts" cannot be read: it is a link to "./gone", which does not exist; until it can',
    );
    // The first key is written to where the link leads.
    expect((await checked(directory.path, OVER_SSH, 'ssh: { host_keys: accept-new }\n')).stderr).toBe('');
  });

  test('new keys are to be accepted, and there is no directory to write them to', async () => {
    await using directory = await temporaryDirectory();
    const more = 'ssh: { host_keys: accept-new, known_hosts: keys/known_hosts }\n';
    expect((await checked(directory.path, OVER_SSH, more)).stderr).toBe(
      'warning: ./gdoiwatch.yml:3:44: ssh.known_hosts: "./keys/known_hosts" cannot be written: there is no directory "./keys"; until it can, a host key that is not in it is refused, although host_keys is accept-new\n',
    );
  });

  test('a missing known_hosts is one without keys; without SSH it is not needed', async () => {
    await using directory = await temporaryDirectory();
    expect((await checked(directory.path, OVER_SSH)).stderr).toBe('');
    await mkdir(join(directory.path, 'known_hosts'));
    await writeFile(join(directory.path, 'community'), 'a-community', { mode: 0o600 });
    const file = join(directory.path, 'snmp.yml');
    await writeFile(
      file,
      'credentials: { c: { snmp: { version: 2c, community_file: community } } }\ndevices: [{ name: gm1, host: 192.0.2.1, transport: snmp, credentials: c }]\n',
    );
    expect((await told(['config', 'check', '--config', file])).stderr).not.toContain('known_hosts');
  });
});
