import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createKnownCertificates, knownCertificateLine } from '../../src/access/restconf/known-certificates.ts';
import { createKnownHosts, knownHostsLine } from '../../src/access/ssh/known-hosts.ts';

const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-known-file-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;

function newPath(): string {
  files += 1;
  return join(directory, `known_${files}`);
}

type ReadText = (path: string) => Promise<string>;

/** Both files of what was accepted once; `a` and `b` are two keys, or two certificates, of a host. */
interface Kind {
  readonly open: (
    path: string,
    readText?: ReadText,
  ) => {
    /** Is this what the host showed before? null: it showed nothing yet. */
    readonly knows: (host: string, what: 'a' | 'b') => Promise<boolean | null>;
    /** Whether it is accepted. */
    readonly add: (host: string, what: 'a' | 'b') => Promise<boolean>;
  };
  readonly line: (host: string, what: 'a' | 'b') => string;
}

const keys = { a: keyOf('a'), b: keyOf('b') };
const certificates = { a: 'a'.repeat(64), b: 'b'.repeat(64) };

const KINDS: Readonly<Record<string, Kind>> = {
  known_hosts: {
    open(path, readText) {
      const store = createKnownHosts(path, readText);
      return {
        knows: async (host, what) => isKnown((await store.check(host, 22, keys[what])).kind),
        add: async (host, what) => (await store.add(host, 22, keys[what])).kind === 'known',
      };
    },
    line: (host, what) => knownHostsLine(host, 22, keys[what]),
  },
  known_certificates: {
    open(path, readText) {
      const store = createKnownCertificates(path, readText);
      return {
        async knows(host, what) {
          const known = await store.of(host, 443);
          return known.length === 0 ? null : known.includes(certificates[what]);
        },
        add: async (host, what) => (await store.add(host, 443, certificates[what])).includes(certificates[what]),
      };
    },
    line: (host, what) => knownCertificateLine(host, 443, certificates[what]),
  },
};

function keyOf(what: string): Buffer {
  const type = Buffer.from('ssh-ed25519');
  return Buffer.concat([Buffer.from([0, 0, 0, type.length]), type, Buffer.from([0, 0, 0, 32]), Buffer.alloc(32, what)]);
}

function isKnown(kind: string): boolean | null {
  return kind === 'unknown' ? null : kind === 'known';
}

describe.each(Object.entries(KINDS))('the file %s', (_name, { open, line }) => {
  test('is read once, however many logins look at it while others are added', async () => {
    const path = newPath();
    writeFileSync(path, `${line('r0', 'a')}\n`);
    let readings = 0;
    const store = open(path, (of) => {
      readings += 1;
      return readFile(of, 'utf8');
    });
    const logIn = async (host: string) => (await store.knows(host, 'a')) ?? store.add(host, 'a');
    const accepted = await Promise.all(Array.from({ length: 200 }, (_, index) => logIn(`r${index}`)));
    expect(accepted.every(Boolean)).toBe(true);
    expect(readings).toBe(1);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(200);
  });

  test('is read again when lines were added or removed by hand, also beside our own', async () => {
    const path = newPath();
    const store = open(path);
    expect(await store.knows('r1', 'a')).toBeNull();
    writeFileSync(path, `${line('r1', 'a')}\n`);
    expect(await store.knows('r1', 'a')).toBe(true);
    expect(await store.add('r2', 'a')).toBe(true);
    appendFileSync(path, `${line('r3', 'b')}\n`);
    expect(await store.add('r4', 'a')).toBe(true);
    expect(await Promise.all(['r1', 'r2', 'r3', 'r4'].map((host) => store.knows(host, 'a')))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    writeFileSync(path, `${line('r4', 'b')}\n`);
    expect(await Promise.all(['r1', 'r4'].map((host) => store.knows(host, 'a')))).toEqual([null, false]);
  });

  test('keeps the first of two that one host shows at once', async () => {
    const path = newPath();
    const store = open(path);
    const shown = [
      ['r1', 'a'],
      ['r2', 'a'],
      ['r2', 'b'],
      ['r2', 'a'],
    ] as const;
    expect(await Promise.all(shown.map(([host, what]) => store.add(host, what)))).toEqual([true, true, false, true]);
    expect(readFileSync(path, 'utf8')).toBe(`${line('r1', 'a')}\n${line('r2', 'a')}\n`);
  });

  test('is not damaged where a line that was written by hand has no end', async () => {
    const path = newPath();
    writeFileSync(path, line('r1', 'a'));
    expect(await open(path).add('r2', 'a')).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(`${line('r1', 'a')}\n${line('r2', 'a')}\n`);
  });

  test('refuses all that wait if it cannot be written, and takes them once it can be', async () => {
    const below = newPath();
    const path = join(below, 'known');
    const store = open(path);
    const refused = await Promise.allSettled(['r1', 'r2', 'r3'].map((host) => store.add(host, 'a')));
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    mkdirSync(below);
    expect(await store.add('r2', 'a')).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(`${line('r2', 'a')}\n`);
  });

  test('is not read if it is far too large to be one', async () => {
    const path = newPath();
    writeFileSync(path, '');
    truncateSync(path, 128 * 1024 * 1024 + 1);
    await expect(open(path).knows('r1', 'a')).rejects.toThrow('larger than 134217728 bytes');
  });
});
