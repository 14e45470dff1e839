/** What people mistype when they ask about a device or an agent: one line that says what to write. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../deploy/repository.ts';
import { told } from './told.ts';

/** Nobody listens there. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function said(directory: string, ...words: readonly string[]) {
  const { status, stdout, stderr } = await told(words, { P: 'x' });
  return { status, stdout, stderr: stderr.replaceAll(directory, '.') };
}

test('names of devices, hosts and agents that do not exist', async () => {
  await using directory = await temporaryDirectory();
  const config = join(directory.path, 'gdoiwatch.yml');
  await writeFile(
    config,
    `listen: 127.0.0.1:${await unusedPort()}\ncredentials: { main: { username: u, password_env: P } }\ndevices: [{ name: gm1, host: 127.0.0.1, port: 9 }]\n`,
  );
  const ask = async (...words: readonly string[]) => (await said(directory.path, ...words)).stderr;
  expect(await ask('check', 'GM1', '--config', config)).toBe(
    'gdoiwatch: ./gdoiwatch.yml knows no device "GM1"; did you mean "gm1"? [device_unknown]\n',
  );
  expect(await ask('check', '--host', '192.0.2.1:22', '--username', 'u')).toBe(
    'gdoiwatch: --host: "192.0.2.1:22" is not a host name or IP address; give the port with --port [usage_invalid]\n',
  );
  expect(await ask('status', '--agent', '127.0.0.1:9848')).toBe(
    'gdoiwatch: --agent: "127.0.0.1:9848" is not a URL (http://127.0.0.1:9848) [usage_invalid]\n',
  );
  const none = join(directory.path, 'none');
  const cannot = (path: string, why: string) => `gdoiwatch: cannot read ${path}: ${why} [file_unreadable]\n`;
  expect(await ask('parse', none)).toBe(cannot('./none', 'no such file'));
  expect(await ask('replay', directory.path)).toBe(cannot('.', 'it is a directory'));
  expect(await ask('status', '--config', config, '--token-file', none)).toBe(
    'gdoiwatch: ./none cannot be read: no such file [file_unreadable]\n',
  );
});

test('a device of a file of targets is polled without an agent, and for a misspelled name the right one is suggested', async () => {
  await using directory = await temporaryDirectory();
  const config = join(directory.path, 'gdoiwatch.yml');
  await writeFile(
    config,
    `listen: 127.0.0.1:${await unusedPort()}\ncredentials: { main: { username: u, password_env: P } }\ntargets: { file_sd: ["*.json"] }\n`,
  );
  await writeFile(join(directory.path, 'a.json'), '[{"targets": ["127.0.0.1:9"], "labels": {"device": "gm7"}}]');
  const found = await said(directory.path, 'check', 'gm7', '--config', config);
  expect(found.stdout).toContain('asked       gm7 (127.0.0.1), polled now');
  expect(found.status).toBe(3);
  expect((await said(directory.path, 'check', 'gm7', '--explain', '--config', config)).stdout).toContain('gm7');
  expect((await said(directory.path, 'check', 'gm8', '--config', config)).stderr).toBe(
    'gdoiwatch: ./gdoiwatch.yml knows no device "gm8"; did you mean "gm7"? [device_unknown]\n',
  );
});
