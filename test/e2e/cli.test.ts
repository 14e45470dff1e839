import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BLOCKS } from '../docs/documents.ts';
import { told } from '../cli/told.ts';
import { Gdoiwatch, gdoiwatch } from './gdoiwatch.ts';

const COMMANDS = ['demo', 'run', 'events', 'parse', 'replay', 'simulate', 'config'] as const;

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-cli-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const VENDOR_LIKE = `Branch7#show crypto gdoi
GROUP INFORMATION
Group Name : BRANCHES
Group Identity : 6128
Crypto Path : ipv4
Key Management Path : ipv4
Rekeys received : 3
IPSec SA Direction : Both
Group Server list : 10.9.11.2
Group member : 10.9.13.7 vrf: None
Version : 1.0.4
Registration status : Registered
Registered with : 10.9.11.2
Reregisters in : 91 sec
Succeeded registration: 2
Attempted registration: 3
Last rekey from : 10.9.11.2
Last rekey seq num : 3
Unicast rekey received: 3
Rekey ACKs sent : 3
Rekey Received : never
Rekeys cumulative
Total received : 3
After latest register : 3
Rekey Acks sents : 3
ACL Downloaded From KS 10.9.11.2:
access-list deny ospf any any
KEK POLICY:
Rekey Transport Type : Unicast
Lifetime (secs) : 156
Encrypt Algorithm : 3DES
Key Size : 192
Sig Hash Algorithm : HMAC_AUTH_SHA
Sig Key Length (bits) : 1024
TEK POLICY for the current KS-Policy ACEs Downloaded:
Serial1/0:
IPsec SA:
spi: 0x4B21C09E(1260503198)
transform: esp-3des esp-sha-hmac
sa timing:remaining key lifetime (sec): (2316)
Anti-Replay(Time Based) : 10 sec interval
`;

describe('every command', () => {
  test('is listed by --help, on stdout, with exit status 0', async () => {
    const { status, stdout, stderr } = await gdoiwatch(['--help']);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  });

  test.each(COMMANDS.map((command) => [command]))('%s has --help', async (command) => {
    const { status, stdout } = await told([command, '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: gdoiwatch ${command}`);
  });

  test.each([
    [['demo']],
    [['run', '--config', 'x']],
    [['parse']],
    [['simulate']],
    [['config', 'check', '--config', 'x']],
  ])('%s refuses a flag it does not know', async (command) => {
    const { status, stdout, stderr } = await told([...command, '--nonsense']);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain("unknown option '--nonsense' [usage_invalid]\n");
  });

  test('--version is the version of the package', async () => {
    const { stdout, status } = await gdoiwatch(['--version']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('a command that does not exist is a usage error', async () => {
    const { status, stderr } = await told(['frobnicate']);
    expect(status).toBe(2);
    expect(stderr).toContain("unknown command 'frobnicate' [usage_invalid]\n");
  });
});

describe('parse', () => {
  test('gives the snapshot of the contract as JSON, from standard input', async () => {
    const { status, stdout, stderr } = await gdoiwatch(['parse', '--json'], VENDOR_LIKE);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'show crypto gdoi',
      line: 1,
      partial: null,
      snapshots: [
        {
          role: 'gm',
          group: 'BRANCHES',
          identity: '6128',
          group_type: null,
          address: '10.9.13.7',
          vrf: null,
          gm_version: '1.0.4',
          status: 'Registered',
          registered: true,
          key_server: '10.9.11.2',
          key_servers: ['10.9.11.2'],
          reregisters_in_seconds: 91,
          registrations: { succeeded: 2, attempted: 3 },
          rekeys: {
            received: 3,
            since_registration: 3,
            acks_sent: 3,
            last_from: '10.9.11.2',
            last_sequence: 3,
            last_age_seconds: null,
          },
          kek: {
            transport: 'unicast',
            remaining_seconds: 156,
            encryption: '3DES',
            key_bits: 192,
            signature_hash: 'HMAC_AUTH_SHA',
            signature_key_bits: 1024,
          },
          teks: [
            {
              interface: 'Serial1/0',
              spi: '0x4B21C09E',
              transform: 'esp-3des esp-sha-hmac',
              remaining_seconds: 2316,
              anti_replay: 'time',
            },
          ],
          acl: ['deny ospf any any'],
        },
      ],
      unknown_lines: [],
    });
  });

  test('speaks to a person without --json, from a file', async () => {
    const { status, stdout } = await gdoiwatch(['parse', await file('gm.txt', VENDOR_LIKE)]);
    expect(status).toBe(0);
    expect(stdout).toContain('gm of group BRANCHES');
    expect(stdout).toContain('remaining_seconds: 156');
  });

  test.each([
    ['a file that is not there', ['parse', '/nonexistent/capture.txt'], '', 'cannot read /nonexistent/capture.txt'],
    ['nothing', ['parse'], '', 'standard input'],
    ['garbage', ['parse'], 'lorem ipsum\ndolor sit amet\n', 'standard input'],
    [
      'a refused command',
      ['parse'],
      "R1#show crypto gdoi\n          ^\n% Invalid input detected at '^' marker.\n",
      '% Invalid input',
    ],
    ['half an answer', ['parse'], VENDOR_LIKE.slice(0, VENDOR_LIKE.indexOf('KEK POLICY')), 'the text ends before'],
  ])('%s is one clear line and exit status 2, never a stack trace', async (_, args, input, expected) => {
    const { status, stdout, stderr } = await gdoiwatch(args, input);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(expected);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/ \[(?:file_unreadable|input_not_understood)\]\n$/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('config check', () => {
  test('a good file is said to be good', async () => {
    await file('password', 'planted-secret-1\n');
    const path = await file(
      'good.yml',
      'credentials: { main: { username: monitor, password_file: password } }\ndefaults: { credentials: main }\ndevices: [{ name: gm1, host: 192.0.2.1 }]\n',
    );
    const { status, stdout } = await gdoiwatch(['config', 'check', '--config', path]);
    expect(status).toBe(0);
    expect(stdout).toBe(`${path}: good, 1 device\n`);
  });

  test('the sample of README.md is good as it stands, and runs', async () => {
    const sample = BLOCKS.find(({ at, text }) => at.startsWith('README.md') && text.includes('# gdoiwatch.yml'));
    const anyPort = (sample?.text ?? '').replace('9848', '0').replace('5514', '0');
    const env = { ROUTER_PASSWORD: 'planted-secret-1' };
    const checked = await told(['config', 'check', '--config', await file('sample.yml', sample?.text ?? '')], env);
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    await using agent = new Gdoiwatch(['run', '--config', await file('sample-any-port.yml', anyPort)], {
      env,
      cwd: directory,
    });
    await agent.printed(/gdoiwatch is up/, 'stderr');
  });

  test('the variable GDOIWATCH_CONFIG names the file where --config does not', async () => {
    const path = await file(
      'named.yml',
      'include: [more.yml]\ncredentials: { main: { username: monitor, password_env: P } }\nstore: { sqlite: none.db }\n',
    );
    await file('more.yml', 'devices: [{ name: gm1, host: 192.0.2.1 }, { name: gm2, host: 192.0.2.2 }]\n');
    const withEnv = (...args: string[]) => told(args, { P: 'planted-secret-1', GDOIWATCH_CONFIG: path });
    expect(await withEnv('config', 'check')).toMatchObject({
      status: 0,
      stdout: `${path}: good, 2 devices\n`,
    });
    expect((await withEnv('run', '--config', `${path}.not`)).stderr).toContain('named.yml.not');
    expect((await withEnv('events')).stderr).toContain('none.db');
  });

  test('a bad file names every place, the value and what is allowed', async () => {
    const path = await file(
      'bad.yml',
      'credentials: { main: { username: monitor, password_file: password } }\ndefaults: { credentials: main }\ndevices:\n  - { name: gm1, host: 192.0.2.1, interval: soon }\n  - { name: gm1, hots: 192.0.2.2 }\n',
    );
    const { status, stdout, stderr } = await told(['config', 'check', '--config', path]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('bad.yml:4:45: devices[0].interval: "soon"');
    expect(stderr).toMatch(/ \[config_invalid\]\n$/);
    expect(stderr).toContain('devices[1]');
    expect(stderr).not.toContain('planted-secret-1');
  });
});

test('a limit on open files that is too low to start is said in one line', async () => {
  const path = await file(
    'few.yml',
    'listen: 127.0.0.1:0\ncredentials: { main: { username: u, password_env: PATH } }\ndevices: [{ name: gm1, host: 127.0.0.1, port: 9 }]\n',
  );
  // How many files Node.js needs at once depends on its release: with some it starts.
  const LINE = /^gdoiwatch: too many open files: [^\n]+ \[start_failed\]\n/;
  await using started = new Gdoiwatch(['run', '--config', path], { openFiles: 36 });
  const [said] = await started.printed(new RegExp(`${LINE.source}|"url":"[^"]+"`), 'stderr');
  if (said.startsWith('"url"')) return;
  const { status, stdout, stderr } = await started.finished;
  expect([stderr, stdout, status]).toEqual([said, '', 1]);
});
