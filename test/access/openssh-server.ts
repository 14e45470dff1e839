/**
 * A real OpenSSH server for tests, on a free loopback port, with its own host key and configuration in a temporary
 * folder. Public key login as the current user; the forced command is a shell script that speaks like IOS on the PTY.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { hostKeys } from './scripted-ios.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';
import { freePort } from '../builders/ports.ts';
import { waitUntil } from '../builders/patience.ts';

const SSHD = '/usr/sbin/sshd';
/** What root's sshd wants to exist (Debian). */
const PRIVSEP_FOLDER = '/run/sshd';

export const opensshInstalled = existsSync(SSHD);

/** Without a server to test against, CI fails; elsewhere the tests are passed over with a word about it. */
export const skipWithoutOpenssh = !opensshInstalled && process.env['CI'] !== 'true';

const IOS_SCRIPT = (folder: string) => `#!/bin/sh
printf '********************\\n* Authorized only # *\\n********************\\nGM-SSHD> this is no prompt\\n'
while printf 'GM-SSHD#'; IFS= read -r line; do
  case "$line" in
    '') ;;
    'terminal length 0'|'terminal width 511') echo "$line" >> ${folder}/commands ;;
    'show version') echo "$line" >> ${folder}/commands; printf 'Cisco IOS Software, Version 15.6(3)M2, RELEASE\\nGM-SSHD uptime is 1 week\\n' ;;
    'show crypto gdoi ks members') i=0; while [ $i -lt 3000 ]; do printf 'Group Member ID    : 10.1.%s.2\\n' $i; i=$((i+1)); done ;;
    exit) echo exit >> ${folder}/commands; exit 0 ;;
    *) printf "          ^\\n%% Invalid input detected at '^' marker.\\n\\n" ;;
  esac
done
`;

export interface OpensshServer extends AsyncDisposable {
  readonly port: number;
  readonly username: string;
  readonly privateKey: string;
  /** The file that the forced command writes what it was told to. */
  readonly commandsFile: string;
}

export async function startOpenssh(extraConfig: readonly string[] = []): Promise<OpensshServer> {
  if (!opensshInstalled) throw new Error(`${SSHD} is missing: install openssh-server`);
  const folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-sshd-'));
  const file = (name: string, text: string, mode = 0o600) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode });
    return path;
  };
  const clientKey = newEd25519KeyPair();
  const script = file('ios.sh', IOS_SCRIPT(folder), 0o700);
  const ed25519 = file('host_ed25519', `${hostKeys().ed25519.trim()}\n`);
  const rsa = file('host_rsa', `${hostKeys().rsa.trim()}\n`);
  const authorized = file('authorized_keys', `${clientKey.public}\n`);
  if (process.getuid?.() === 0) mkdirSync(PRIVSEP_FOLDER, { recursive: true, mode: 0o755 });

  for (let tries = 3; ; tries -= 1) {
    const port = await freePort();
    const config = file(
      'sshd_config',
      [
        `Port ${port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${ed25519}`,
        `HostKey ${rsa}`,
        `PidFile ${join(folder, 'sshd.pid')}`,
        `AuthorizedKeysFile ${authorized}`,
        'StrictModes no',
        'UsePAM no',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PermitRootLogin prohibit-password',
        'PrintMotd no',
        'MaxStartups 100',
        `ForceCommand ${script}`,
        // bash reads ~/.bashrc under sshd: the developer's own must not take part.
        `SetEnv HOME=${folder}`,
        ...extraConfig,
        '',
      ].join('\n'),
    );
    const server = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    server.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    if (await listens(server, port)) {
      return {
        port,
        username: userInfo().username,
        privateKey: clientKey.private,
        commandsFile: join(folder, 'commands'),
        async [Symbol.asyncDispose]() {
          if (server.exitCode === null) {
            const gone = once(server, 'exit');
            server.kill('SIGTERM');
            await gone;
          }
          rmSync(folder, { recursive: true, force: true });
        },
      };
    }
    server.kill('SIGKILL');
    // Somebody else took the port in between: another one. Anything else is told.
    if (tries === 1 || !/address already in use|Cannot bind/i.test(said)) {
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`sshd does not start: ${said.trim()}`);
    }
  }
}

/** True once the port takes connections; false when the server has ended instead. */
async function listens(server: ChildProcess, port: number): Promise<boolean> {
  const connects = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  let connected = false;
  await waitUntil('sshd listens or ends', async () => {
    connected = server.exitCode === null && (await connects());
    return connected || server.exitCode !== null;
  });
  return connected;
}
