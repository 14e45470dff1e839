/**
 * RESTCONF access against simulated devices: what is sent, what is taken, whom it trusts, and how it behaves as a
 * guest.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PathAnswer, RestconfReply, RestconfTarget } from '../../src/access/device-restconf.ts';
import { createRestconfAccess, type RestconfAccessOptions } from '../../src/access/restconf/restconf-access.ts';
import {
  cryptoPath,
  RESTCONF_PATHS,
  type RestconfPath,
  SYSTEM_PATH,
  YANG_LIBRARY_PATH,
} from '../../src/access/restconf-path.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import type { RestconfManners } from '../../src/simulator/restconf/restconf-manners.ts';
import { type SimulatedRestconf, startSimulatedRestconf } from '../../src/simulator/restconf/restconf-server.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { never, shiftedClock } from './access-under-test.ts';
import { heldRefusals } from './held-refusals.ts';

const PASSWORD = 'restconf-s3cr3t';
const GM_PATHS = [cryptoPath('gdoi-gm'), cryptoPath('gdoi-rekey-sa')] as const;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-restconf-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function newFile(text?: string): string {
  files += 1;
  const path = join(directory, `known-${files}`);
  if (text !== undefined) writeFileSync(path, text);
  return path;
}

async function started(manners: Partial<RestconfManners> = {}, options: Partial<RestconfAccessOptions> = {}) {
  const clock = shiftedClock();
  const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: clock.wallMs(), gms: 6, kss: 1 });
  const devices = await startSimulatedRestconf({
    fleet,
    clock,
    credentials: { username: 'monitor', password: PASSWORD },
    mannersFor: () => manners,
  });
  const logger = new MemoryLogger();
  const known = options.knownCertificatesPath ?? newFile();
  const access = createRestconfAccess({
    clock,
    random: seededRandom(1),
    logger,
    knownCertificatesPath: known,
    ...options,
  });
  return {
    fleet,
    devices,
    access,
    clock,
    logger,
    known,
    read: (paths: readonly RestconfPath[] = GM_PATHS, differing: Partial<RestconfTarget> = {}, device = 'gm1') =>
      access.read(targetOf(devices, device, differing), paths, never),
    async [Symbol.asyncDispose]() {
      await access[Symbol.asyncDispose]();
      await devices[Symbol.asyncDispose]();
    },
  };
}

function targetOf(devices: SimulatedRestconf, device: string, differing: Partial<RestconfTarget> = {}): RestconfTarget {
  return {
    device,
    host: '127.0.0.1',
    port: devices.ports.get(device)!,
    credentialName: 'main',
    credential: { username: 'monitor', password: new Secret(PASSWORD), client: null },
    trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'accept-new' },
    timeoutMs: 30_000,
    ...differing,
  };
}

function trust(differing: Partial<RestconfTarget['trust']>): Partial<RestconfTarget> {
  return { trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'strict', ...differing } };
}

function failureOf(reply: RestconfReply): string {
  return reply.kind === 'failed' ? reply.error.kind : reply.answers.map(({ kind }) => kind).join(' ');
}

function messageOf(reply: RestconfReply): string {
  return reply.kind === 'failed' ? reply.error.message : 'answered';
}

function answersOf(reply: RestconfReply): readonly PathAnswer[] {
  if (reply.kind === 'failed') throw new Error(reply.error.message);
  return reply.answers;
}

describe('what is sent', () => {
  test('is GET of the listed paths, one after the other on one open connection', async () => {
    await using given = await started();
    await given.read(RESTCONF_PATHS);
    await given.read();
    expect(given.devices.requests('gm1')).toEqual([...RESTCONF_PATHS, ...GM_PATHS].map((path) => `GET ${path}`));
    expect(given.devices.connections('gm1')).toBe(1);
    expect(given.access.status().openConnections).toBe(1);
  });

  test('cannot be a path that is not on the list', async () => {
    await using given = await started();
    const path = '/restconf/operations/cisco-ia:save-config' as RestconfPath;
    await expect(given.read([path])).rejects.toThrow('not on the list');
    expect(given.devices.requests('gm1')).toEqual([]);
  });

  test('no path contains a group or a word of configuration, and none is an operation', () => {
    for (const path of RESTCONF_PATHS) {
      expect(path).toMatch(/^\/restconf\/data\/[\w-]+:[\w-]+(?:\/[\w-]+)*(?:\?fields=module\(name;revision\))?$/);
      expect(path).not.toMatch(/native|operations|cli-rpc|actions/);
    }
  });
});

describe('what is received', () => {
  test('documents with the device’s own time; the status distinguishes an empty node from an unknown one', async () => {
    await using given = await started({ clockAheadMs: 3_600_000 });
    const [gm, ks] = answersOf(await given.read([cryptoPath('gdoi-gm'), cryptoPath('gdoi-ks')]));
    expect(gm).toMatchObject({ kind: 'document', body: { 'Cisco-IOS-XE-crypto-oper:gdoi-gm': expect.any(Array) } });
    expect(Math.abs(gm!.deviceNowMs! - given.clock.wallMs() - 3_600_000)).toBeLessThan(60_000);
    expect(ks).toMatchObject({ kind: 'empty', status: 204 });
    given.devices.setManners('gm1', { module: 'without-gdoi' });
    expect(answersOf(await given.read([cryptoPath('gdoi-gm')]))).toMatchObject([{ kind: 'empty', status: 404 }]);
    expect(answersOf(await given.read([YANG_LIBRARY_PATH, SYSTEM_PATH])).map(({ kind }) => kind)).toEqual([
      'document',
      'document',
    ]);
  });

  test('a path that NACM hides is forbidden, the others are read', async () => {
    await using given = await started({ forbiddenPaths: ['/gdoi-rekey-sa'] });
    expect(failureOf(await given.read())).toBe('document forbidden');
  });

  test.each([
    ['chunked', { chunked: true }],
    ['HTTP/1.0', { version: '1.0' as const }],
    ['no Date', { date: false }],
    ['plain JSON', { contentType: 'application/json; charset=utf-8' }],
  ])('%s is as good', async (_, manners) => {
    await using given = await started(manners);
    expect(failureOf(await given.read())).toBe('document document');
    expect(failureOf(await given.read())).toBe('document document');
  });

  test.each([
    ['401', { answer: 'unauthorized' }, 'auth', 'refused the credential "main"'],
    ['409', { answer: 'busy' }, 'protocol', 'busy (409)'],
    ['500', { answer: 'error' }, 'protocol', 'status 500'],
    ['a redirect', { answer: 'redirect' }, 'protocol', 'not followed'],
    ['another content type', { contentType: 'text/html' }, 'protocol', 'no JSON'],
    ['broken JSON', { answer: 'broken-json' }, 'protocol', 'broken JSON'],
    ['JSON that names a member twice', { answer: 'named-twice' }, 'protocol', 'names a member twice'],
    ['a compressed answer', { answer: 'compressed' }, 'protocol', 'the answer is compressed, unasked'],
    ['no HTTP', { answer: 'garbage' }, 'protocol', 'gm1: gdoi-gm: the answer is no HTTP'],
    ['a cut answer', { answer: 'short' }, 'closed', 'inside an answer'],
    ['an answer without end', { answer: 'babble' }, 'too_large', 'larger than the bound'],
    ['old TLS', { tls: 'old' }, 'handshake', 'no TLS session'],
  ] satisfies ReadonlyArray<readonly [string, Partial<RestconfManners>, string, string]>)(
    '%s is a failure of its kind, in one line',
    async (_, manners, kind, words) => {
      await using given = await started(manners);
      const reply = await given.read();
      expect({ kind: failureOf(reply), message: messageOf(reply) }).toEqual({
        kind,
        message: expect.stringContaining(words) as string,
      });
      expect(messageOf(reply)).not.toContain('\n');
      expect(messageOf(reply)).not.toContain(PASSWORD);
      expect(given.access.status().openConnections).toBe(0);
    },
  );

  test.each([
    ['says nothing', { answer: 'silent' }],
    ['stops inside the body', { answer: 'truncated' }],
    ['says nothing before TLS', { tls: 'silent' }],
  ] satisfies ReadonlyArray<readonly [string, Partial<RestconfManners>]>)(
    'a device that %s is a timeout',
    async (_, manners) => {
      await using given = await started(manners);
      expect(failureOf(await given.read(GM_PATHS, { timeoutMs: 300 }))).toBe('timeout');
    },
  );

  test('the outcome is refused or closed if the device is down or nothing listens', async () => {
    await using given = await started();
    expect(failureOf(await given.read(GM_PATHS, { port: 1 }))).toBe('refused');
  });
});

describe('whom it trusts', () => {
  test('strict: an unknown certificate is refused with the line that makes it known; nothing is sent', async () => {
    await using given = await started();
    const reply = await given.read(GM_PATHS, trust({}));
    expect(failureOf(reply)).toBe('host_key');
    const line = `127.0.0.1:${given.devices.ports.get('gm1')} ${given.devices.certificate('gm1').fingerprint}`;
    expect(messageOf(reply)).toContain(line);
    expect(given.devices.requests('gm1')).toEqual([]);
    writeFileSync(given.known, `${line}\n`);
    await using again = await startedOn(given, given.known);
    expect(failureOf(await again.read(targetOf(given.devices, 'gm1', trust({})), GM_PATHS, never))).toBe(
      'document document',
    );
  });

  test('accept-new: the first one is remembered, another one is refused with every setting', async () => {
    await using given = await started();
    expect(failureOf(await given.read())).toBe('document document');
    expect(readFileSync(given.known, 'utf8')).toContain(given.devices.certificate('gm1').fingerprint);
    given.devices.setManners('gm1', { certificate: 'changed' });
    const sent = given.devices.requests('gm1').length;
    const reply = await given.read(GM_PATHS, { timeoutMs: 29_000 });
    expect(failureOf(reply)).toBe('host_key');
    expect(messageOf(reply)).toContain('CERTIFICATE CHANGED');
    expect(given.devices.requests('gm1')).toHaveLength(sent);
  });

  test('the file of known certificates is for its owner only', async () => {
    await using given = await started();
    await given.read();
    expect(statSync(given.known).mode & 0o777).toBe(0o600);
  });

  test('a configured fingerprint decides alone', async () => {
    await using given = await started();
    const { fingerprint } = given.devices.certificate('gm1');
    expect(failureOf(await given.read(GM_PATHS, trust({ fingerprint })))).toBe('document document');
    const other = `${fingerprint.slice(1)}${fingerprint.slice(0, 1) === 'a' ? 'b' : 'a'}`;
    expect(failureOf(await given.read(GM_PATHS, trust({ fingerprint: other, certificates: 'accept-new' })))).toBe(
      'host_key',
    );
  });

  test('an authority is trusted for the right name only', async () => {
    await using given = await started();
    const authorities = given.devices.certificate('gm1').certificatePem;
    expect(failureOf(await given.read(GM_PATHS, trust({ authorities })))).toBe('document document');
    expect(failureOf(await given.read(GM_PATHS, trust({ authorities, serverName: 'gm1' })))).toBe('document document');
    expect(failureOf(await given.read(GM_PATHS, trust({ authorities, serverName: 'gm2' })))).toBe('host_key');
  });

  test('nobody is trusted if the file of certificates cannot be read', async () => {
    await using given = await started({}, { knownCertificatesPath: directory });
    const reply = await given.read();
    expect(failureOf(reply)).toBe('host_key');
    expect(messageOf(reply)).toContain('cannot be read or written');
  });
});

describe('a good guest', () => {
  test('a refused credential is tried once; the device then waits, and three in a row quarantine it', async () => {
    await using given = await started({ answer: 'unauthorized' });
    const kinds: string[] = [];
    for (const device of ['gm1', 'gm1', 'gm2', 'gm3', 'gm4'])
      kinds.push(failureOf(await given.read(GM_PATHS, {}, device)));
    expect(kinds).toEqual(['auth', 'quarantined', 'auth', 'auth', 'quarantined']);
    expect(given.devices.requests('gm1')).toHaveLength(1);
    expect(given.devices.requests('gm4')).toHaveLength(0);
    expect(given.access.status().quarantinedCredentials).toEqual(['main']);
    expect(given.logger.lines('error')).toEqual([{ way: 'restconf', credential: 'main', device: 'gm3' }]);
  });

  test('a changed secret ends the quarantine', async () => {
    await using given = await started();
    const wrong = { credential: { username: 'monitor', password: new Secret('old-s3cr3t'), client: null } };
    expect(failureOf(await given.read(GM_PATHS, wrong))).toBe('auth');
    expect(failureOf(await given.read())).toBe('document document');
  });

  test('a renamed credential has its new name from the next read on', async () => {
    await using given = await started();
    await given.read();
    const renamed = { credentialName: 'restconf-2027' };
    expect(failureOf(await given.read(GM_PATHS, renamed))).toBe('document document');
    given.devices.setManners('gm1', { answer: 'unauthorized' });
    const refused = await given.read(GM_PATHS, renamed);
    expect(messageOf(refused)).toContain('refused the credential "restconf-2027"');
    expect(messageOf(await given.read(GM_PATHS, renamed))).toMatch(/not tried.*"restconf-2027"/);
  });

  test.each([
    ['in seconds', 'later'],
    ['as a date of its own clock', 'later-dated'],
  ] as const)('after a failure it waits as long as Retry-After says, %s', async (_, answer) => {
    await using given = await started({ answer });
    expect(failureOf(await given.read())).toBe('protocol');
    given.devices.setManners('gm1', { answer: 'normal' });
    given.clock.advance(20_000);
    expect(failureOf(await given.read())).toBe('backoff');
    given.clock.advance(20_000);
    expect(failureOf(await given.read())).toBe('document document');
  });

  test('an open connection that the device closed meanwhile is opened again, once', async () => {
    await using given = await started();
    await given.read();
    given.devices.setManners('gm1', {});
    expect(failureOf(await given.read())).toBe('document document');
    expect(given.devices.connections('gm1')).toBe(2);
  });

  test('reads of one device follow one another', async () => {
    await using given = await started({ delayMs: 20 });
    const replies = await Promise.all([given.read(), given.read(), given.read()]);
    expect(replies.map(failureOf)).toEqual(Array.from({ length: 3 }, () => 'document document'));
    expect(given.devices.connections('gm1')).toBe(1);
  });

  test('the agent’s password is removed from what the device says', async () => {
    await using given = await started();
    given.fleet.logNow('gm1', 'SYS-5-X', PASSWORD);
    const { read } = given;
    expect(JSON.stringify(answersOf(await read(RESTCONF_PATHS)))).not.toContain(PASSWORD);
  });

  test('stops at once while a device is silent', async () => {
    await using given = await started({ answer: 'silent' });
    const reading = given.read();
    await given.access[Symbol.asyncDispose]();
    expect(failureOf(await reading)).toBe('closed');
  });

  test('ends only after a refusal is stored for other agents', async () => {
    const refusals = heldRefusals();
    await using given = await started({ answer: 'unauthorized' }, { refusals: refusals.kept });
    const reading = given.read();
    expect(await refusals.endsAfterKeeping(given.access)).toBe(true);
    expect(failureOf(await reading)).toBe('auth');
  });

  test('no connection to a forgotten device remains', async () => {
    await using given = await started();
    await given.read();
    await given.access.forget('gm1');
    expect(given.access.status().openConnections).toBe(0);
  });
});

async function startedOn(given: { readonly clock: ReturnType<typeof shiftedClock> }, path: string) {
  return Promise.resolve(
    createRestconfAccess({
      clock: given.clock,
      random: seededRandom(2),
      logger: new MemoryLogger(),
      knownCertificatesPath: path,
    }),
  );
}

test.skipIf(process.platform !== 'linux')(
  'connections leave from the address that the configuration names',
  async () => {
    await using it = await started();
    expect((await it.read(GM_PATHS, { sourceAddress: '127.0.0.77' })).kind).toBe('answers');
    expect((await it.read()).kind).toBe('answers');
    expect(it.devices.peers('gm1')).toEqual(['127.0.0.77', '127.0.0.1']);
  },
);
