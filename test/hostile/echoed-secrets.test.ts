/**
 * A router that echoes this agent's own secrets, at every place where it may say something: none of them reaches a
 * view, an error, a recording or the log. Real SSH, a real agent, a real file.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { createSshAccess } from '../../src/access/ssh/ssh-access.ts';
import { Agent } from '../../src/agent/agent.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { packageFile } from '../../src/kernel/package-file.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { type Manners, ScriptedIos } from '../access/scripted-ios.ts';
import { syslogUnderTest, sendUdp } from '../access/pushed-under-test.ts';
import { KnownSecrets } from '../../src/kernel/known-secrets.ts';
import { aConfig, aConfiguredDevice, sshAs } from '../builders/config-builder.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { NO_RESTCONF } from '../builders/no-restconf.ts';
import { NO_SNMP } from '../builders/no-snmp.ts';
import { PATIENCE } from '../builders/patience.ts';

const PASSWORD = 'planted-password-7';
const ENABLE = 'planted-enable-7';
const PLANTED = /planted-(?:password|enable)/;

/** An answer in whose every part the secrets stand. */
const TALKATIVE = [
  'GROUP INFORMATION',
  '',
  `    Group Name               : ${PASSWORD}`,
  '    Group Identity           : 3333',
  '    Group Member Version     : 1.0.4',
  `    Registration status      : Registered ${ENABLE}`,
  `    Registered with          : ${PASSWORD}`,
  '    Re-registers in          : 81 sec',
  '    Succeeded registration   : 1',
  '    Attempted registration   : 1',
  `*Mar  1 00:00:01.000: %GDOI-5-GM_REGS_COMPL: Registration to KS 10.0.0.1 complete for group ${PASSWORD} using ${ENABLE}`,
  `what is this ${PASSWORD} ${ENABLE}`,
  '    ACL Downloaded From KS 10.0.0.1:',
  `       access-list deny ospf any any ${ENABLE}`,
  '',
].join('\r\n');

const PLACES: Readonly<Record<string, Manners>> = {
  'in every part of an answer': { answers: { 'show crypto gdoi': TALKATIVE } },
  'in its hostname': { hostname: `GM-${PASSWORD}` },
  'in a refusal of the command': {
    answers: {
      'show crypto gdoi': `% Invalid input detected ${PASSWORD}\r\n`,
      'show crypto gkm': `% Invalid input detected ${ENABLE}\r\n`,
    },
  },
  'in place of a prompt': { motdPieces: [`\r\n${PASSWORD} ${ENABLE} ?? `], noPrompt: true },
  'as a prompt that never settles': { motdPieces: [`\r\n${PASSWORD}#`, `\r\n${ENABLE} %`], noPrompt: true },
  'in show version': {
    answers: {
      'show version': `Cisco IOS Software, ${PASSWORD}, Version 15.2(1)T ${ENABLE}\r\n${PASSWORD} uptime is 1 day\r\n`,
      'show crypto gdoi': TALKATIVE,
    },
  },
};

/** Where answers are read in a thread, what was read is as clean as the text. */
const HELD = [
  { where: 'in the main thread', workers: 0 },
  { where: 'in a thread that reads', workers: 1 },
] as const;

describe.each(HELD)('a router that echoes our secrets, with its session $where', ({ workers }) => {
  test.each(Object.entries(PLACES))('%s gets them nowhere', async (_where, manners) => {
    const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-echo-'));
    await using server = new ScriptedIos({ password: PASSWORD, enablePassword: ENABLE, userExec: true, ...manners });
    const port = await server.listen();
    const clock = createSystemClock();
    const logger = new MemoryLogger();
    const ssh = { ...sshAs('monitor', PASSWORD), enablePassword: new Secret(ENABLE) };
    const record = join(directory, 'captures');
    const store = createMemoryStore();
    const access = createSshAccess({
      clock,
      random: seededRandom(1),
      knownHostsPath: join(directory, 'known_hosts'),
      maxHandshakes: 8,
      logger,
      workers,
      workerUrl: packageFile('dist/workers/ssh-session-worker.js'),
    });
    const agent = await Agent.open({
      config: aConfig({ devices: [aConfiguredDevice({ name: 'gm1', port, ssh, timeoutMs: 3_000 })], record }),
      clock,
      networkClock: clock,
      access,
      snmp: NO_SNMP,
      restconf: NO_RESTCONF,
      store,
      logger,
      lookup: () => Promise.resolve([]),
    });
    agent.start();
    await vi.waitUntil(() => agent.status().firstSweepDone, PATIENCE);
    const views = inspect([...agent.readModel.devices(), agent.status()], { depth: null, maxArrayLength: null });
    await agent[Symbol.asyncDispose]();
    await access[Symbol.asyncDispose]();
    const { events } = await store.query({ limit: 100, order: 'oldest_first' });
    const logged = (['debug', 'info', 'warn', 'error'] as const).map((level) => logger.lines(level));
    const recorded = await Promise.all((await readdir(record)).map((file) => readFile(join(record, file), 'utf8')));
    await rm(directory, { recursive: true });
    expect(recorded.join('')).toContain('gm1');
    expect(views + inspect([events, logged], { depth: null }) + recorded.join('')).not.toMatch(PLANTED);
  });
});

describe('a router that echoes our secrets', () => {
  test('in a log message gets them nowhere', async () => {
    const secrets = new KnownSecrets();
    secrets.learn(new Secret(PASSWORD));
    await using under = await syslogUnderTest('udp', { secrets });
    await sendUdp(under.port, `<189>1: ${PASSWORD}: *Mar  1 00:00:01: %GDOI-5-GM_REGS_COMPL: to ${PASSWORD}`);
    expect(inspect(await under.arrived(1))).not.toMatch(PLANTED);
  });
});
