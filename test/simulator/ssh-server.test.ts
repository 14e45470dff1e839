/** The manners of the simulated SSH servers, seen by a real client. */
import { connect } from 'node:net';
import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2';
import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { type SimulatedFleet, createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { HOSTILE_BANNER, type Manners } from '../../src/simulator/ssh/manners.ts';
import { type SimulatedSsh, startSimulatedSsh } from '../../src/simulator/ssh/ssh-server.ts';
import { login, openTerminal } from './ssh-client.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';

const clock = createSystemClock();
const credentials = { username: 'monitor', password: 'pw-of-the-fleet', enablePassword: 'pw-of-enable' };

interface Lab extends AsyncDisposable {
  readonly fleet: SimulatedFleet;
  readonly ssh: SimulatedSsh;
  readonly config: (device: string, change?: ConnectConfig) => ConnectConfig;
}

async function lab(manners: Partial<Manners> = {}, options: { publicKey?: string } = {}): Promise<Lab> {
  const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: clock.wallMs() });
  const ssh = await startSimulatedSsh({
    fleet,
    clock,
    credentials: { ...credentials, ...options },
    mannersFor: () => manners,
  });
  return {
    fleet,
    ssh,
    config: (device, change) => ({
      host: ssh.host,
      port: ssh.ports.get(device)!,
      username: credentials.username,
      password: credentials.password,
      ...change,
    }),
    [Symbol.asyncDispose]: () => ssh[Symbol.asyncDispose](),
  };
}

const PROMPT = /\r\nGM1#$/u;

describe('login', () => {
  test('every device listens on its own port of loopback', async () => {
    await using it = await lab();
    expect(it.ssh.ports.size).toBe(it.fleet.devices.length);
    expect(new Set(it.ssh.ports.values()).size).toBe(it.fleet.devices.length);
  });

  test('a password opens a shell with the prompt of the device', async () => {
    await using it = await lab();
    await using terminal = await openTerminal(it.config('ks2'));
    expect(await terminal.until(/#$/u)).toBe('\r\nKS2#');
    expect(it.ssh.logins('ks2')).toEqual({ accepted: 1, refused: 0 });
  });

  test('a wrong password is refused and counted', async () => {
    await using it = await lab({ auth: ['password'] });
    await expect(login(it.config('gm1', { password: 'wrong' }))).rejects.toThrow(/authentication/u);
    expect(it.ssh.logins('gm1')).toEqual({ accepted: 0, refused: 1 });
  });

  test('keyboard-interactive alone asks for the password', async () => {
    await using it = await lab({ auth: ['keyboard-interactive'] });
    await expect(login(it.config('gm1'))).rejects.toThrow(/authentication/u);
    const client = new ssh2.Client();
    const asked = await new Promise<string>((resolve, reject) => {
      let prompt = '';
      client.on('keyboard-interactive', (_name, _instructions, _language, prompts, finish) => {
        prompt = prompts[0]?.prompt ?? '';
        finish([credentials.password]);
      });
      client.on('ready', () => resolve(prompt));
      client.on('error', reject);
      client.connect(it.config('gm1', { tryKeyboard: true }));
    });
    client.end();
    expect(asked).toBe('Password: ');
  });

  test('a public key logs in if it is offered', async () => {
    const pair = newEd25519KeyPair();
    const other = newEd25519KeyPair();
    await using it = await lab({ auth: ['publickey'] }, { publicKey: pair.public });
    await expect(login(it.config('gm1', { privateKey: other.private }))).rejects.toThrow(/authentication/u);
    await using terminal = await openTerminal(it.config('gm1', { privateKey: pair.private }));
    await terminal.until(PROMPT);
  });

  test('the shell may ask for the user again', async () => {
    await using it = await lab({ asksAgainInShell: true });
    await using terminal = await openTerminal(it.config('gm1'));
    await terminal.until(/Username: $/u);
    terminal.type('monitor\r');
    await terminal.until(/Password: $/u);
    terminal.type('nonsense\r');
    await terminal.until(/% Authentication failed\r\n\r\nUsername: $/u);
    terminal.type('monitor\r');
    await terminal.until(/Username: monitor\r\nPassword: $/u);
    terminal.type(`${credentials.password}\r`);
    await terminal.until(PROMPT);
    expect(terminal.text).not.toContain(credentials.password);
  });

  test('banner and message of the day may look like prompts', async () => {
    await using it = await lab({ banner: HOSTILE_BANNER, motd: HOSTILE_BANNER });
    const client = new ssh2.Client();
    const banner = new Promise<string>((resolve) => {
      client.on('banner', (text) => resolve(text));
    });
    client.connect(it.config('gm1'));
    expect(await banner).toContain('router#');
    client.end();
    await using terminal = await openTerminal(it.config('gm1'));
    expect(await terminal.until(PROMPT)).toContain('router>\r\n');
  });

  test('a legacy device speaks legacy algorithms only', async () => {
    await using it = await lab({ algorithms: 'legacy' });
    await expect(login(it.config('gm1'))).rejects.toThrow(/no matching/iu);
    await using terminal = await openTerminal(
      it.config('gm1', {
        algorithms: {
          kex: { append: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'], prepend: [], remove: [] },
          cipher: { append: ['aes128-cbc'], prepend: [], remove: [] },
        },
      }),
    );
    await terminal.until(PROMPT);
  });

  test('the host key stays until it is changed, and its fingerprint is known', async () => {
    await using it = await lab();
    const keyOf = () =>
      new Promise<string>((resolve, reject) => {
        const client = new ssh2.Client();
        client.on('error', reject);
        client.connect(
          it.config('gm1', {
            hostHash: 'sha256',
            hostVerifier: (hash: string) => {
              resolve(`SHA256:${Buffer.from(hash, 'hex').toString('base64').replace(/=+$/u, '')}`);
              client.end();
              return false;
            },
          }),
        );
      });
    const first = await keyOf();
    expect(first).toBe(it.ssh.hostKeyFingerprint('gm1'));
    expect(await keyOf()).toBe(first);
    it.ssh.setManners('gm1', { hostKey: 'changed' });
    expect(await keyOf()).not.toBe(first);
    expect(await keyOf()).toBe(it.ssh.hostKeyFingerprint('gm1'));
  });
});

describe('lines and power', () => {
  test('one session more than there are vty lines is refused, and a free line is used again', async () => {
    await using it = await lab({ vtyLines: 2 });
    await using first = await openTerminal(it.config('gm1'));
    await using _second = await openTerminal(it.config('gm1'));
    await expect(login(it.config('gm1'))).rejects.toThrow(/ECONNRESET|closed|[Cc]onnection/u);
    first.type('exit\r');
    await first.closed;
    await expect.poll(() => it.ssh.openConnections('gm1')).toBe(1);
    await using third = await openTerminal(it.config('gm1'));
    await third.until(PROMPT);
  });

  test('a device that is down takes no connection, and a session from before its reload ends', async () => {
    await using it = await lab();
    await using terminal = await openTerminal(it.config('ks1'));
    await terminal.until(/#$/u);
    it.fleet.killKs('ks1');
    await expect(login(it.config('ks1'))).rejects.toThrow(/ECONNRESET|closed|[Cc]onnection/u);
    it.fleet.reviveKs('ks1');
    terminal.type('show clock\r');
    await terminal.closed;
    await using again = await openTerminal(it.config('ks1'));
    await again.until(/#$/u);
  });

  test('a silent device takes the TCP connection and says nothing', async () => {
    await using it = await lab({ connect: 'silent' });
    await expect(login(it.config('gm1', { readyTimeout: 200 }))).rejects.toThrow(/[Tt]imed out/u);
  });

  test('stopping ends every session', async () => {
    const it = await lab();
    const terminal = await openTerminal(it.config('gm1'));
    await it.ssh[Symbol.asyncDispose]();
    await terminal.closed;
    const refused = await new Promise<string>((resolve) => {
      connect(it.ssh.ports.get('gm1')!, it.ssh.host).on('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code ?? ''),
      );
    });
    expect(refused).toBe('ECONNREFUSED');
  });
});

describe('the shell', () => {
  test('echoes character by character, ends lines with CRLF, answers, and prompts again', async () => {
    await using it = await lab();
    await using terminal = await openTerminal(it.config('gm1'));
    await terminal.until(PROMPT);
    terminal.type('terminal length 0\r');
    await terminal.until(/GM1#terminal length 0\r\n\r\nGM1#$/u);
    terminal.type('show crypto gdoi\n');
    const text = await terminal.until(/Registered\r\n[\s\S]*\r\nGM1#$/u);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/u);
    expect(text).toContain('    Group Name               : G1\r\n');
  });

  test('corrects with backspace and takes type-ahead', async () => {
    await using it = await lab({ echo: 'line' });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('terminal length 0\rshow clockk\b\rshow version\r');
    const text = await terminal.until(/0x2102[\s\S]*GM1#$/u);
    expect(text).toMatch(/\d\d:\d\d:\d\d\.\d{3} UTC/u);
  });

  test('ends the connection at exit', async () => {
    await using it = await lab();
    const terminal = await openTerminal(it.config('gm1'));
    terminal.type('exit\r');
    await expect(terminal.closed).resolves.toBeUndefined();
  });

  test('without privilege show crypto wants enable, which wants its password', async () => {
    await using it = await lab({ privileged: false });
    await using terminal = await openTerminal(it.config('gm1'));
    await terminal.until(/GM1>$/u);
    terminal.type('show crypto gdoi\r');
    await terminal.until(/\r\n {9}\^\r\n% Invalid input detected at '\^' marker\.\r\n\r\n\r\nGM1>$/u);
    terminal.type('enable\r');
    await terminal.until(/Password: $/u);
    terminal.type('wrong\r');
    await terminal.until(/% Access denied\r\nPassword: $/u);
    terminal.type(`${credentials.enablePassword}\r`);
    await terminal.until(PROMPT);
    expect(terminal.text).not.toContain(credentials.enablePassword);
  });

  test('three wrong enable passwords are bad secrets', async () => {
    await using it = await lab({ privileged: false });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('enable\ra\rb\rc\r');
    expect(await terminal.until(/\r\nGM1>$/u, 10)).toContain('% Bad secrets\r\n\r\nGM1>');
  });

  test('pages long answers, erases the pager with backspaces, and stops at q', async () => {
    await using it = await lab();
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('show version\r');
    const page = await terminal.until(/ --More-- $/u);
    expect(page.split('\r\n').length - 3).toBe(23);
    terminal.type('\r');
    await terminal.until(/ --More-- [\s\S]* --More-- $/u);
    terminal.type(' ');
    await terminal.until(/(?: --More-- [\s\S]*){3}$/u);
    terminal.type('q');
    const text = await terminal.until(PROMPT, page.length);
    expect(text).toContain(`${'\b'.repeat(9)}${' '.repeat(9)}${'\b'.repeat(9)}`);
  });

  test('may refuse terminal length and chosen commands', async () => {
    await using it = await lab({ refusesTerminalLength: true, unauthorizedCommands: ['show crypto gdoi gm replay'] });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('terminal length 0\r');
    await terminal.until(/terminal length 0\r\nCommand authorization failed\.\r\n\r\nGM1#$/u);
    terminal.type('show crypto gdoi gm replay\r');
    await terminal.until(/replay\r\nCommand authorization failed\.\r\n\r\nGM1#$/u);
    terminal.type('show version\r');
    expect(await terminal.until(/ --More-- $/u)).not.toContain('0x2102');
  });

  test('lets a log line land in an answer', async () => {
    await using it = await lab({ logInOutput: 'between-lines' });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('terminal length 0\rshow crypto gdoi\r');
    await terminal.until(
      /REG_GM[\s\S]*\r\n[^\r\n]*%SYS-5-CONFIG_I: Configured|%SYS-5-CONFIG_I[\s\S]*REG_GM[\s\S]*GM1#$/u,
    );
    it.ssh.setManners('gm1', { logInOutput: 'inside-line' });
    const from = terminal.text.length;
    terminal.type('show crypto gdoi\r');
    const text = await terminal.until(PROMPT, from);
    const whole = it.fleet.answer('gm1', 'show crypto gdoi', clock.wallMs());
    const broken = whole.split('\n').filter((line) => line !== '' && !text.includes(`\r\n${line}\r\n`));
    expect(broken.length).toBeGreaterThan(0);
  });

  test('may change its hostname in a session', async () => {
    await using it = await lab({ rename: { afterCommands: 1, hostname: 'RENAMED' } });
    await using terminal = await openTerminal(it.config('gm1'));
    await terminal.until(PROMPT);
    terminal.type('show clock\r');
    expect(await terminal.until(/\r\nRENAMED#$/u)).toContain('GM1#show clock');
  });

  test('refuses what it does not know with a caret under the word', async () => {
    await using it = await lab();
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('show nothing\r');
    const text = await terminal.until(/marker[\s\S]*GM1#$/u);
    expect(text).toContain("GM1#show nothing\r\n         ^\r\n% Invalid input detected at '^' marker.\r\n\r\n\r\nGM1#");
  });
});

describe('faults', () => {
  test('drip: the answer comes in pieces and is complete in the end', async () => {
    await using it = await lab({ dripBytesPerSecond: 4000 });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('show clock\r');
    expect(await terminal.until(/UTC[\s\S]*GM1#$/u)).toMatch(/\.\d{3} UTC \w{3} \w{3} \d+ \d{4}\r\n\r\nGM1#$/u);
  });

  test('hang: nothing comes, or half of it, until the peer gives up', async () => {
    await using it = await lab({ fault: 'hang', faultAfter: 1 });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('show clock\r');
    await terminal.until(/UTC[\s\S]*GM1#$/u);
    terminal.type('show clock\r');
    await terminal.until(/GM1#show clock\r\n$/u);
    it.ssh.setManners('gm2', { fault: 'hang-mid-answer', faultAfter: 0 });
    await using half = await openTerminal(it.config('gm2'));
    half.type('terminal length 0\rshow version\r');
    await half.until(/Cisco IOS XE Software/u);
    expect(half.text).not.toContain('0x2102');
  });

  test('drop: the connection is cut before or inside the answer', async () => {
    await using it = await lab({ fault: 'drop-mid-answer' });
    const half = await openTerminal(it.config('gm1'));
    half.type('terminal length 0\rshow version\r');
    await half.closed;
    expect(half.text).not.toContain('0x2102');
    it.ssh.setManners('gm1', { fault: 'drop' });
    const none = await openTerminal(it.config('gm1'));
    none.type('show version\r');
    await none.closed;
    expect(none.text).not.toContain('Cisco');
  });

  test('babble: output without end, until the peer leaves', async () => {
    await using it = await lab({ fault: 'babble' });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('show clock\r');
    expect((await terminal.until(/% babble 300\r\n/u)).length).toBeGreaterThan(10_000);
  });

  test('garbage: bytes of all kinds', async () => {
    await using it = await lab({ fault: 'garbage' });
    await using terminal = await openTerminal(it.config('gm1'));
    terminal.type('show clock\r');
    expect(await terminal.until(/GM1#$/u, 30)).toContain('\u00ff');
  });
});

describe('exec channels', () => {
  function exec(client: ssh2.Client, command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      client.exec(command, (error: Error | undefined, stream: ClientChannel) => {
        if (error) {
          reject(error);
          return;
        }
        let text = '';
        stream.on('data', (data: Buffer) => {
          text += data.toString('latin1');
        });
        stream.on('close', () => resolve(text));
      });
    });
  }

  test('one exec for each connection, then the device closes it', async () => {
    await using it = await lab();
    const client = await login(it.config('gm1'));
    const closed = new Promise<void>((resolve) => {
      client.on('close', () => resolve());
    });
    expect(await exec(client, 'show crypto gdoi')).toContain('Registration status   : Registered\r\n');
    await closed;
  });

  test('may be refused altogether', async () => {
    await using it = await lab({ exec: 'refused' });
    const client = await login(it.config('gm1'));
    await expect(exec(client, 'show clock')).rejects.toThrow(/exec/iu);
    client.end();
  });
});

test('hundreds of devices listen in one process and all answer', async () => {
  const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, gms: 200, startMs: clock.wallMs() });
  await using ssh = await startSimulatedSsh({ fleet, clock, credentials, mannersFor: () => ({ echo: 'line' }) });
  const ask = async (device: string) => {
    const terminal = await openTerminal({
      host: ssh.host,
      port: ssh.ports.get(device)!,
      username: credentials.username,
      password: credentials.password,
    });
    terminal.type('terminal length 0\rshow crypto gdoi\rexit\r');
    await terminal.closed;
    return terminal.text;
  };
  const names = fleet.devices.map(({ name }) => name);
  const answers = await Promise.all(names.map((name) => ask(name)));
  expect(answers.every((text) => text.includes('Group Name'))).toBe(true);
});
