import { createHmac, randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import ssh2 from 'ssh2';
import { afterAll, describe, expect, test } from 'vitest';
import { createKnownHosts, fingerprint, knownHostsLine, parseKnownHosts } from '../../src/access/ssh/known-hosts.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-known-hosts-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;

function file(text: string | null): string {
  files += 1;
  const path = join(directory, `known_hosts_${files}`);
  if (text !== null) writeFileSync(path, text);
  return path;
}

function newKey(): Buffer {
  const parsed = ssh2.utils.parseKey(newEd25519KeyPair().public);
  if (parsed instanceof Error || Array.isArray(parsed)) throw new Error('no key');
  return parsed.getPublicSSH();
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

const key = newKey();
const other = newKey();
const shown = (bytes: Buffer) => `ssh-ed25519 ${bytes.toString('base64')}`;
const verdict = async (text: string | null, host = 'gm1', port = 22, presented = key) =>
  (await createKnownHosts(file(text)).check(host, port, presented)).kind;

describe('a known_hosts file', () => {
  test.each([
    ['a plain name', `gm1 ${shown(key)}\n`],
    ['one name of several, in any case', `ks1,GM1,192.0.2.1 ${shown(key)} a comment\n`],
    ['a hashed name', `${hashed('gm1')} ${shown(key)}`],
    ['a wildcard', `gm* ${shown(key)}\n`],
    ['one of two keys of the host', `gm1 ${shown(other)}\ngm1 ${shown(key)}\n`],
    [
      'a line among comments and broken ones',
      `# comment\n\nbroken\n@cert-authority * ${shown(other)}\ngm1 ${shown(key)}\n`,
    ],
    ['a line with CRLF', `gm1 ${shown(key)}\r\n`],
  ])('knows the key by %s', async (_by, text) => {
    expect(await verdict(text)).toBe('known');
  });

  test('keeps ports apart: [host]:port', async () => {
    expect(await verdict(`[gm1]:2222 ${shown(key)}\n`, 'gm1', 2222)).toBe('known');
    expect(await verdict(`[gm1]:2222 ${shown(key)}\n`, 'gm1', 22)).toBe('unknown');
    expect(await verdict(`gm1 ${shown(key)}\n`, 'gm1', 2222)).toBe('unknown');
    expect(await verdict(`${hashed('[gm1]:2222')} ${shown(key)}\n`, 'gm1', 2222)).toBe('known');
  });

  test('says that a host is unknown if it is not in the file, or there is no file', async () => {
    expect(await verdict(`gm2 ${shown(key)}\n`)).toBe('unknown');
    expect(await verdict(`gm*,!gm1 ${shown(key)}\n`)).toBe('unknown');
    expect(await verdict('')).toBe('unknown');
    expect(await verdict(null)).toBe('unknown');
  });

  test('says that the key changed if another one is known, of any type', async () => {
    expect(await verdict(`gm1 ${shown(other)}\n`)).toBe('changed');
    expect(await verdict('gm1 ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==\n')).toBe('changed');
  });

  test('honours @revoked, also beside a line that allows the key', async () => {
    expect(await verdict(`@revoked * ${shown(key)}\ngm1 ${shown(key)}\n`)).toBe('revoked');
    expect(await verdict(`@revoked gm1 ${shown(other)}\ngm1 ${shown(key)}\n`)).toBe('known');
  });

  test('is read again when it was edited', async () => {
    const path = file('');
    const store = createKnownHosts(path);
    expect((await store.check('gm1', 22, key)).kind).toBe('unknown');
    writeFileSync(path, `gm1 ${shown(key)}\n`);
    expect((await store.check('gm1', 22, key)).kind).toBe('known');
    expect(await store.knownTypes('gm1', 22)).toEqual(['ssh-ed25519']);
  });

  test('is appended to without losing a last line that has no end', async () => {
    const path = file(`gm2 ${shown(other)}`);
    const store = createKnownHosts(path);
    expect(await store.add('gm1', 22, key)).toEqual({ kind: 'known' });
    expect(readFileSync(path, 'utf8')).toBe(`gm2 ${shown(other)}\ngm1 ${shown(key)}\n`);
  });

  test('is known to the line after each of many added keys, also beside lines that others wrote meanwhile', async () => {
    const path = file('');
    const store = createKnownHosts(path);
    for (let n = 0; n < 20; n += 1) {
      expect(await store.add(`r${n}`, 22, key)).toEqual({ kind: 'known' });
      if (n % 7 === 3) appendFileSync(path, `${knownHostsLine(`by-hand-${n}`, 22, key)}\n`);
    }
    for (let n = 0; n < 20; n += 1) expect(await store.check(`r${n}`, 22, key)).toEqual({ kind: 'known' });
    for (const n of [3, 10, 17]) {
      expect(await store.check(`by-hand-${n}`, 22, key)).toEqual({ kind: 'known' });
    }
    expect(await createKnownHosts(path).check('r19', 22, key)).toEqual({ kind: 'known' });
  });

  test('finds a host under any of the names of a line, whatever their case', async () => {
    const line = knownHostsLine('R1', 22, key).replace('r1', 'R1,ALIAS,192.0.2.9,R1');
    const store = createKnownHosts(file(`${line}\n`));
    for (const host of ['r1', 'Alias', '192.0.2.9']) {
      expect(await store.check(host, 22, key)).toEqual({ kind: 'known' });
      expect(await store.knownTypes(host, 22)).toEqual(['ssh-ed25519']);
    }
    expect(await store.check('r2', 22, key)).toEqual({ kind: 'unknown' });
  });

  test('accepts many new hosts at once, each with a complete line, and one host once', async () => {
    const path = file(null);
    const store = createKnownHosts(path);
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.add(`gm${index % 25}`, 22, key)));
    expect(parseKnownHosts(readFileSync(path, 'utf8'))).toHaveLength(25);
    expect(await store.add('gm1', 22, other)).toMatchObject({ kind: 'changed' });
  });

  test('writes lines that OpenSSH reads, with fingerprints as it shows them', () => {
    expect(knownHostsLine('GM1', 22, key)).toBe(`gm1 ${shown(key)}`);
    expect(knownHostsLine('192.0.2.1', 2222, key)).toBe(`[192.0.2.1]:2222 ${shown(key)}`);
    expect(fingerprint(key)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  test('may contain anything without a crash', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCodePoint }), (text) => {
        expect(Array.isArray(parseKnownHosts(text))).toBe(true);
      }),
    );
  });
});
