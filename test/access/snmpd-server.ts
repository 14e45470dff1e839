/**
 * Debian's snmpd for tests, on a free loopback port with a configuration of its own in a temporary folder: one
 * community, users of several kinds, and CISCO-GDOI-MIB's subtree served by a script over a table of fixtures.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUTH_PASSWORD, COMMUNITY, PRIVACY_PASSWORD } from './snmp-under-test.ts';

const SNMPD = '/usr/sbin/snmpd';

const snmpdInstalled = existsSync(SNMPD);

/** Without an agent to test against, CI fails; elsewhere the tests are passed over with a word about it. */
export const skipWithoutSnmpd = !snmpdInstalled && process.env['CI'] !== 'true';

/** A row of the table: its OID, a type of `pass_persist`, the value as that writes it (octets: hex with blanks). */
export type PassRow = readonly [
  oid: string,
  type: 'integer' | 'unsigned' | 'counter' | 'octet' | 'string',
  value: string,
];

/** Speaks the protocol of `pass_persist` (snmpd.conf(5)) on stdin and stdout. */
const PASS_SCRIPT = (rows: readonly PassRow[]) => `
const rows = ${JSON.stringify(rows)};
const parts = (oid) => oid.replace(/^[.]/, '').split('.').map(Number);
const compare = (a, b) => {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
};
const table = rows.map(([oid, type, value]) => ({ oid, at: parts(oid), type, value })).sort((a, b) => compare(a.at, b.at));
let lines = [];
let rest = '';
process.stdin.on('data', (chunk) => {
  const all = (rest + chunk).split('\\n');
  rest = all.pop();
  lines.push(...all);
  for (;;) {
    if (lines[0] === 'PING') {
      lines.shift();
      process.stdout.write('PONG\\n');
    } else if (lines.length >= 2) {
      const [command, oid] = lines.splice(0, 2);
      const at = parts(oid);
      const row = table.find((row) => (command === 'get' ? compare(row.at, at) === 0 : compare(row.at, at) > 0));
      process.stdout.write(row === undefined ? 'NONE\\n' : '.' + row.oid + '\\n' + row.type + '\\n' + row.value + '\\n');
    } else return;
  }
});
`;

/** Privacy as snmpd.conf names it: `AES-192-C` and `AES-256-C` have their keys made longer as Cisco does. */
const USERS = [
  ['plain'],
  ['auth512', 'SHA-512'],
  ['md5aes', 'MD5', 'AES'],
  ['sha1aes', 'SHA', 'AES'],
  ['sha224aes', 'SHA-224', 'AES'],
  ['sha256aes', 'SHA-256', 'AES'],
  ['sha384aes', 'SHA-384', 'AES'],
  ['sha1aes192', 'SHA', 'AES-192-C'],
  ['md5aes192', 'MD5', 'AES-192-C'],
  ['sha256aes192', 'SHA-256', 'AES-192-C'],
  ['sha1aes256', 'SHA', 'AES-256-C'],
  ['sha256aes256', 'SHA-256', 'AES-256-C'],
] as const;

export interface SnmpdServer extends AsyncDisposable {
  readonly port: number;
}

export async function startSnmpd(rows: readonly PassRow[]): Promise<SnmpdServer> {
  if (!snmpdInstalled) throw new Error(`${SNMPD} is missing: install snmpd`);
  const folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-snmpd-'));
  const script = join(folder, 'pass.js');
  writeFileSync(script, PASS_SCRIPT(rows));
  const config = join(folder, 'snmpd.conf');
  for (let tries = 3; ; tries -= 1) {
    const port = await freeUdpPort();
    writeFileSync(
      config,
      [
        `agentaddress udp:127.0.0.1:${port}`,
        `rocommunity ${COMMUNITY} default`,
        ...USERS.flatMap(([name, auth, privacy]) => [
          ['createUser', name, ...secured(auth, AUTH_PASSWORD), ...secured(privacy, PRIVACY_PASSWORD)].join(' '),
          `rouser ${name} ${privacy === undefined ? (auth === undefined ? 'noauth' : 'auth') : 'priv'}`,
        ]),
        // The same objects once more, in a context of its own.
        `rouser -s usm md5aes priv -V all ctx1`,
        `view all included .1`,
        `proxy -Cn ctx1 -v 2c -c ${COMMUNITY} 127.0.0.1:${port} .1.3.6.1.4.1.9.9.759`,
        `pass_persist .1.3.6.1.4.1.9.9.759 ${process.execPath} ${script}`,
        '',
      ].join('\n'),
      { mode: 0o600 },
    );
    const server = spawn(SNMPD, ['-f', '-Le', '-C', '-c', config, '-p', join(folder, 'pid')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, MIBS: '', SNMPCONFPATH: folder, SNMP_PERSISTENT_DIR: join(folder, 'state') },
    });
    const said = await untilRunning(server);
    if (said === null) return { port, [Symbol.asyncDispose]: () => stop(server, folder) };
    await stop(server, tries === 1 ? folder : null);
    // Somebody else took the port in between: another one. Anything else is told.
    if (tries === 1 || !/Error opening specified endpoint|address already in use/iu.test(said)) {
      throw new Error(`snmpd does not start: ${said.trim()}`);
    }
  }
}

function secured(protocol: string | undefined, password: string): string[] {
  return protocol === undefined ? [] : [protocol, password];
}

/** Null once it runs; what it said when it has ended instead. */
async function untilRunning(server: ChildProcess): Promise<string | null> {
  let said = '';
  return new Promise((resolve) => {
    server.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
      // The last thing that it says at its start.
      if (said.includes('NET-SNMP version')) resolve(null);
    });
    server.on('exit', () => resolve(said));
  });
}

async function stop(server: ChildProcess, folder: string | null): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
}

export async function freeUdpPort(): Promise<number> {
  const probe = createSocket('udp4');
  probe.bind(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
