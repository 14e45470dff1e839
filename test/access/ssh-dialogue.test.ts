import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHOW_COMMANDS, type ShowCommand } from '../../src/access/show-command.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { type AccessUnderTest, accessUnderTest, never, poll, target, textOf } from './access-under-test.ts';
import { hostKeys, type Manners, ScriptedIos } from './scripted-ios.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';
import { half } from '../builders/half.ts';
import { PATIENCE } from '../builders/patience.ts';

/** Who uses a session cannot tell where it is held: a run tells of sessions in one place, of devices in the other. */
const PLACES = [
  { where: 'in this thread', workers: 0 },
  { where: 'in a thread beside it', workers: 1 },
] as const;

type Served = (manners: Manners, work: (parts: Parts) => Promise<void>) => Promise<void>;

let encrypted: ReturnType<typeof newEd25519KeyPair> | null = null;
/** Made once: what makes guessing passphrases slow makes this slow. */
function encryptedKey(): ReturnType<typeof newEd25519KeyPair> {
  encrypted ??= newEd25519KeyPair({ passphrase: 'op3n-s3same', cipher: 'aes256-ctr', rounds: 1 });
  return encrypted;
}

/** A thread takes a tenth of a second of CPU to start: it is started once for all that have no bounds of their own. */
function servedWith(workers: number): Served {
  let under: AccessUnderTest;
  beforeAll(() => {
    under = accessUnderTest({ workers });
  });
  afterAll(() => under[Symbol.asyncDispose]());
  return async (manners, work) => {
    await using server = new ScriptedIos(manners);
    const port = await server.listen();
    const { access } = under;
    try {
      await work({ server, port, access });
    } finally {
      await access.forget('gm1');
    }
  };
}

interface Parts {
  readonly server: ScriptedIos;
  readonly port: number;
  readonly access: AccessUnderTest['access'];
}

const LOG = '*Mar  1 01:12:10.919: %GDOI-5-GM_REGS_COMPL: Registration to KS 10.1.11.2 complete for group G1';

describe.each(half(PLACES))('a session with an IOS device, held $where', ({ workers }) => {
  const served = servedWith(workers);

  test('learns the prompt, turns paging off and gives the bare answers', () =>
    served(
      { hostname: 'gm-1.lab', answers: { 'show version': 'Cisco IOS Software\r\n\r\nuptime is 1 week\r\n' } },
      async ({ server, port, access }) => {
        const { replies, hostname } = await poll(access, target(port), 'show version', 'show crypto gdoi');
        expect(hostname).toBe('gm-1.lab');
        expect(replies).toMatchObject([
          { kind: 'output', text: 'Cisco IOS Software\n\nuptime is 1 week\n' },
          { kind: 'output', text: 'answer to show crypto gdoi\n' },
        ]);
        expect(server.commands).toEqual([
          'terminal length 0',
          'terminal width 511',
          'show version',
          'show crypto gdoi',
        ]);
      },
    ));

  test('stays open from poll to poll', () =>
    served({}, async ({ server, port, access }) => {
      await poll(access, target(port), 'show version');
      await poll(access, target(port), 'show crypto gdoi');
      expect(server.connections).toBe(1);
      expect(access.status().openSessions).toBe(1);
    }));

  test('is lent as the same object while the connection lasts, as another after a reconnect', () =>
    served({}, async ({ server, port, access }) => {
      const lent = async () => {
        const outcome = await access.withSession(target(port), never, async (session) => {
          await session.run('show clock', never);
          return session;
        });
        return outcome.kind === 'done' ? outcome.value : null;
      };
      const first = await lent();
      expect(first).not.toBeNull();
      expect(await lent()).toBe(first);
      server.dropAll();
      await expect.poll(() => access.status().openSessions, PATIENCE).toBe(0);
      expect(await lent()).not.toBe(first);
      // Found dead only when the command was written: the loan goes on, the next one shows it.
      server.dropAll();
      await lent();
      expect(await lent()).not.toBe(first);
    }));

  test('ends after use with session per_poll, politely', () =>
    served({}, async ({ server, port, access }) => {
      await poll(access, target(port, { session: 'per_poll' }), 'show version');
      await poll(access, target(port, { session: 'per_poll' }), 'show version');
      expect(server.connections).toBe(2);
      await expect.poll(() => server.commands.filter((line) => line === 'exit'), PATIENCE).toHaveLength(2);
      await expect.poll(() => server.openNow, PATIENCE).toBe(0);
      expect(access.status().openSessions).toBe(0);
    }));

  test('is not fooled by a banner full of prompts', () =>
    served(
      {
        banner: 'Authorized users only>\r\nGM1#\r\n',
        motdPieces: [
          '\r\n#####################\r\n# core#  >>> #\r\nAUTHORIZED>',
          '\r\nrouter#',
          '\r\nPassword: ',
          'is what you never tell\r\nGM1#',
          ' is this box\r\n',
        ],
      },
      async ({ server, port, access }) => {
        expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
        expect(server.typed).not.toContain('pw');
      },
    ));

  test('tolerates "Press RETURN to get started"', () =>
    served({ pressKey: true }, async ({ port, access }) => {
      expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
    }));

  test('answers Username and Password asked again in the shell, once', () =>
    served({ shellLogin: { username: 'monitor', password: 'pw' } }, async ({ server, port, access }) => {
      expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
      expect(server.typed.match(/pw\n/g)).toHaveLength(1);
    }));

  test('ends as auth when the shell asks a second time', () =>
    served({ shellLogin: { username: 'monitor', password: 'another' } }, async ({ server, port, access }) => {
      expect(await poll(access, target(port), 'show clock')).toMatchObject({ failure: 'auth' });
      expect(server.typed.match(/pw\n/g)).toHaveLength(1);
    }));

  test('becomes privileged if an enable password is configured', () =>
    served({ userExec: true, enablePassword: 'en4ble' }, async ({ server, port, access }) => {
      expect(await textOf(access, target(port, { enablePassword: new Secret('en4ble') }), 'show clock')).toBe(
        'answer to show clock\n',
      );
      expect(server.terminals[0]?.privileged).toBe(true);
    }));

  test('stays in user exec if none is configured', () =>
    served({ userExec: true }, async ({ server, port, access }) => {
      expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
      expect(server.commands).not.toContain('enable');
    }));

  test('ends as auth when the enable password is wrong, after one try', () =>
    served({ userExec: true, enablePassword: 'right' }, async ({ server, port, access }) => {
      const wrong = target(port, { enablePassword: new Secret('wr0ng') });
      expect(await poll(access, wrong, 'show clock')).toMatchObject({ failure: 'auth' });
      expect(server.typed.match(/wr0ng/g)).toHaveLength(1);
      expect(await poll(access, wrong, 'show clock')).toMatchObject({ failure: 'quarantined' });
      expect(server.connections).toBe(1);
    }));

  test('logs in by keyboard-interactive, answering one password prompt', () =>
    served({ methods: ['keyboard-interactive'] }, async ({ server, port, access }) => {
      expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
      expect(server.attempts).toEqual(['keyboard-interactive']);
    }));

  test('answers no other question of keyboard-interactive', () =>
    served(
      { methods: ['keyboard-interactive'], keyboardPrompts: ['Password: ', 'Enter the token code: '] },
      async ({ port, access }) => {
        expect(await poll(access, target(port), 'show clock')).toMatchObject({ failure: 'auth' });
      },
    ));

  test('logs in by an encrypted private key', async () => {
    const key = encryptedKey();
    await served({ methods: ['publickey'], publicKey: key.public }, async ({ server, port, access }) => {
      const byKey = { password: null, privateKey: new Secret(key.private), passphrase: new Secret('op3n-s3same') };
      expect(await textOf(access, target(port, byKey), 'show clock')).toBe('answer to show clock\n');
      expect(server.attempts).toEqual(['publickey']);
    });
  });

  test('says so when the passphrase is wrong, without bothering the device with a login', async () => {
    const key = encryptedKey();
    await served({ methods: ['publickey'], publicKey: key.public }, async ({ server, port, access }) => {
      const { failure, message } = await poll(
        access,
        target(port, { password: null, privateKey: new Secret(key.private), passphrase: new Secret('wrong-phrase') }),
        'show clock',
      );
      expect(failure).toBe('auth');
      expect(message).toMatch(/passphrase is missing or wrong/);
      expect(message).not.toContain('wrong-phrase');
      expect(server.connections).toBe(0);
    });
  });

  test('logs in by an RSA key in PEM format', async () => {
    const pem = hostKeys().rsa;
    const parsed = ssh2.utils.parseKey(pem);
    if (parsed instanceof Error || Array.isArray(parsed)) throw new Error('no key');
    await served(
      { methods: ['publickey'], publicKey: `ssh-rsa ${parsed.getPublicSSH().toString('base64')}` },
      async ({ port, access }) => {
        expect(await textOf(access, target(port, { password: null, privateKey: new Secret(pem) }), 'show clock')).toBe(
          'answer to show clock\n',
        );
      },
    );
  });

  test('goes on if terminal length and width are refused, and answers the pager', () =>
    served(
      {
        refuseTerminal: true,
        answers: {
          'show crypto gdoi': async (terminal) => {
            terminal.write('one\r\n --More-- ');
            for (let pages = 0; pages < 3; pages += 1) {
              expect(await terminal.nextInput()).toBe(' ');
              terminal.write(`\b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bpage ${pages}\r\n`);
              if (pages < 2) terminal.write(' --More-- ');
            }
            terminal.prompt();
          },
        },
      },
      async ({ port, access }) => {
        expect(await textOf(access, target(port), 'show crypto gdoi')).toBe('one\npage 0\npage 1\npage 2\n');
      },
    ));

  test('takes log lines out of the answer and reports them', () =>
    served({ answers: { 'show crypto gdoi': `one\r\n${LOG}\r\ntwo\r\n` } }, async ({ port, access }) => {
      const { replies } = await poll(access, target(port), 'show crypto gdoi');
      expect(replies).toMatchObject([{ kind: 'output', text: 'one\ntwo\n', logLines: [LOG] }]);
    }));

  test('follows a changed hostname', () =>
    served(
      {
        answers: {
          'show version': (terminal) => {
            terminal.write('old name still\r\n');
            terminal.hostname = 'NEW-NAME';
            terminal.prompt();
          },
        },
      },
      async ({ port, access }) => {
        expect(await textOf(access, target(port), 'show version')).toBe('old name still\n');
        const { hostname, replies } = await poll(access, target(port), 'show clock', 'show crypto gdoi');
        expect(hostname).toBe('NEW-NAME');
        expect(replies).toMatchObject([{ text: 'answer to show clock\n' }, { text: 'answer to show crypto gdoi\n' }]);
      },
    ));

  test('does not take output that pauses at something like a prompt for the end', () =>
    served(
      {
        answers: {
          'show crypto gdoi': async (terminal) => {
            terminal.write('one\r\nother-host#');
            // Longer than the quiet after which a strange prompt is tried by a newline.
            expect(await terminal.nextInput()).toBe('\n');
            terminal.write(' was no prompt\r\ntwo\r\n');
            terminal.prompt();
            terminal.write('\r\n');
            terminal.prompt();
          },
        },
      },
      async ({ port, access }) => {
        expect(await textOf(access, target(port), 'show crypto gdoi')).toBe('one\nother-host# was no prompt\ntwo\n');
        expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
      },
    ));

  test.each([
    ["          ^\r\n% Invalid input detected at '^' marker.\r\n\r\n", 'invalid'],
    ['% Incomplete command.\r\n\r\n', 'incomplete'],
    ['% Ambiguous command:  "show crypto gdoi"\r\n', 'ambiguous'],
    ['% Unknown command or computer name, or unable to find computer address\r\n', 'invalid'],
    ['Command authorization failed.\r\n\r\n', 'unauthorized'],
    ['% Authorization failed.\r\n\r\n', 'unauthorized'],
  ] as const)('reports the answer %j as rejected (%s), and goes on', (answer, reason) =>
    served({ answers: { 'show crypto gdoi': answer } }, async ({ port, access }) => {
      const { replies } = await poll(access, target(port), 'show crypto gdoi', 'show clock');
      expect(replies).toMatchObject([{ kind: 'rejected', reason }, { kind: 'output' }]);
    }),
  );

  test('an empty answer is an answer', () =>
    served({ answers: { 'show crypto gdoi': '' } }, async ({ port, access }) => {
      expect(await textOf(access, target(port), 'show crypto gdoi')).toBe('');
    }));

  test('reads megabytes', () =>
    served(
      { echo: 'line', answers: { 'show crypto gdoi ks members': '  Group Member ID : 10.1.13.2\r\n'.repeat(60_000) } },
      async ({ port, access }) => {
        expect((await textOf(access, target(port), 'show crypto gdoi ks members')).length).toBe(60_000 * 31 - 60_000);
      },
    ));

  test('writes nothing but the fixed list', () =>
    served({ userExec: true, enablePassword: 'en' }, async ({ server, port, access }) => {
      await poll(access, target(port, { enablePassword: new Secret('en') }), ...SHOW_COMMANDS);
      await access.forget('gm1');
      const allowed = new Set<string>([
        ...SHOW_COMMANDS,
        'terminal length 0',
        'terminal width 511',
        'enable',
        'en',
        'exit',
        '',
      ]);
      expect(server.typed.split('\n').filter((line) => !allowed.has(line))).toEqual([]);
    }));

  test('runs no command from outside the list', () =>
    served({}, async ({ port, access }) => {
      const reload: string = 'reload';
      await expect(
        access.withSession(target(port), never, (session) => session.run(reload as ShowCommand, never)),
      ).rejects.toThrow(/fixed list/);
    }));

  test('cannot be used after the loan', () =>
    served({}, async ({ port, access }) => {
      const outcome = await access.withSession(target(port), never, (session) => Promise.resolve(session));
      if (outcome.kind !== 'done') throw new Error('no session');
      await expect(outcome.value.run('show clock', never)).rejects.toThrow(/after its loan/);
    }));
});

describe.each(half(PLACES, { otherWay: true }))('a device that misbehaves, its session held $where', ({ workers }) => {
  const served = servedWith(workers);

  test('and hangs inside an answer gives timeout; the connection is closed and the next poll gets a new one', () =>
    served(
      { answers: { 'show crypto gdoi': (terminal) => terminal.write('half an ans') } },
      async ({ server, port, access }) => {
        // Logged in first: on a busy machine a login may take longer than this answer is waited for.
        expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
        const { failure, message } = await poll(access, target(port, { timeoutMs: 1_500 }), 'show crypto gdoi');
        expect(failure).toBe('timeout');
        expect(message).toContain('gm1');
        expect(message).toContain('show crypto gdoi');
        await expect.poll(() => server.openNow, PATIENCE).toBe(0);
        expect(await textOf(access, target(port), 'show clock')).toBe('answer to show clock\n');
        expect(server.connections).toBe(2);
      },
    ));

  test('and babbles gives too_large', async () => {
    await using server = new ScriptedIos({ answers: { 'show crypto gdoi': 'babble '.repeat(20_000) } });
    const port = await server.listen();
    await using under = accessUnderTest({ workers, bounds: { maxBytes: 100_000, maxLineLength: 200_000 } });
    expect(await poll(under.access, target(port), 'show crypto gdoi')).toMatchObject({ failure: 'too_large' });
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('and erases a long line again and again before its prompt gives too_large, in time in proportion to its bytes', () =>
    served({ noPrompt: true, motdPieces: ['a'.repeat(200_000), 'x\b'.repeat(100_000)] }, async ({ port, access }) => {
      const { failure, message } = await poll(access, target(port), 'show crypto gdoi');
      expect(failure).toBe('too_large');
      expect(message).toContain('a line without end before the prompt');
    }));

  test('and drops inside an answer gives closed', () =>
    served(
      {
        answers: {
          'show crypto gdoi': (terminal) => {
            terminal.write('half an ans');
            terminal.drop();
          },
        },
      },
      async ({ port, access }) => {
        expect(await poll(access, target(port), 'show crypto gdoi')).toMatchObject({ failure: 'closed' });
      },
    ));

  test('and closed the idle shell (exec-timeout) is reached again without a failure', () =>
    served({}, async ({ server, port, access }) => {
      await poll(access, target(port), 'show clock');
      server.dropAll();
      await expect.poll(() => server.openNow, PATIENCE).toBe(0);
      expect(await textOf(access, target(port), 'show version')).toBe('answer to show version\n');
      // At once: the client has not heard of it yet when the next poll begins.
      server.dropAll();
      expect(await textOf(access, target(port), 'show version')).toBe('answer to show version\n');
      expect(server.connections).toBe(3);
    }));

  test('and prints no prompt gives prompt, or timeout when it prints nothing at all', async () => {
    await served({ motdPieces: ['hello\r\n'], noPrompt: true }, async ({ port, access }) => {
      const { failure, message } = await poll(access, target(port, { timeoutMs: 4_000 }), 'show clock');
      expect(failure).toBe('prompt');
      expect(message).toContain('"hello"');
    });
    await served({ noPrompt: true }, async ({ port, access }) => {
      expect(await poll(access, target(port, { timeoutMs: 800 }), 'show clock')).toMatchObject({ failure: 'timeout' });
    });
  });

  test.each([
    ['closes at once', { closeAtOnce: true }, 'refused'],
    ['accepts the login and gives no shell', { closeAtShell: true }, 'no_shell'],
  ] as const)('and %s gets a hint at its vty lines', async (_what, manners, result) => {
    await served(manners, async ({ port, access }) => {
      const { failure, message } = await poll(access, target(port), 'show clock');
      expect(failure).toBe(result);
      expect(message).toMatch(/vty lines/);
    });
  });

  test('and has no SSH server is refused; a name that is unknown is unreachable', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await server[Symbol.asyncDispose]();
    await using under = accessUnderTest({ workers });
    expect(await poll(under.access, target(port), 'show clock')).toMatchObject({ failure: 'refused' });
    const unknown = target(port, { device: 'gm2', host: 'gm2.invalid' });
    expect(await poll(under.access, unknown, 'show clock')).toMatchObject({ failure: 'unreachable' });
  });

  test('is given up when the caller aborts', () =>
    served({ answers: { 'show crypto gdoi': () => undefined } }, async ({ port, access }) => {
      const caller = new AbortController();
      const reply = await access.withSession(target(port), never, (session) => {
        const running = session.run('show crypto gdoi', caller.signal);
        caller.abort(new Error('stop'));
        return running;
      });
      expect(reply).toMatchObject({ kind: 'done', value: { kind: 'failed', error: { kind: 'closed' } } });
    }));
});
