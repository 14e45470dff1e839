/**
 * A fleet in which every device has another trouble, and one has none: each trouble is one clear result and one line in
 * the log, and the others go on unharmed. Real SSH to simulated routers, in process.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSshAccess } from '../../../src/access/ssh/ssh-access.ts';
import { Agent } from '../../../src/agent/agent.ts';
import type { DeviceView } from '../../../src/model/device-view.ts';
import type { ResolvedDevice } from '../../../src/config/resolved-config.ts';
import { createSystemClock } from '../../../src/kernel/clock.ts';
import { seededRandom } from '../../../src/kernel/random.ts';
import { createSimulatedFleet } from '../../../src/simulator/fleet/fleet.ts';
import { HOSTILE_BANNER, type Manners } from '../../../src/simulator/ssh/manners.ts';
import { type SimulatedSsh, startSimulatedSsh } from '../../../src/simulator/ssh/ssh-server.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { aConfig, aConfiguredDevice, sshAs } from '../../builders/config-builder.ts';
import { NO_RESTCONF } from '../../builders/no-restconf.ts';
import { NO_SNMP } from '../../builders/no-snmp.ts';
import { PATIENCE } from '../../builders/patience.ts';

const INSPECT_ALL = { depth: null, maxArrayLength: null, maxStringLength: null } as const;
const PASSWORD = 'planted-secret-5';

/** Device -> its manners, and how its poll ends. */
const TROUBLES: Readonly<Record<string, readonly [manners: Partial<Manners>, result: string]>> = {
  gm1: [{}, 'ok'],
  gm2: [{ fault: 'hang' }, 'timeout'],
  gm3: [{ fault: 'babble' }, 'too_large'],
  gm4: [{ fault: 'garbage' }, 'parse'],
  gm5: [{ fault: 'drop-mid-answer' }, 'closed'],
  gm6: [{ vtyLines: 0 }, 'refused'],
  gm7: [{ connect: 'silent' }, 'timeout'],
  gm8: [{ unauthorizedCommands: ['show crypto'] }, 'command'],
  gm9: [{ algorithms: 'legacy' }, 'handshake'],
  gm10: [{ hostKey: 'changed' }, 'host_key'],
  gm11: [
    { banner: HOSTILE_BANNER, motd: HOSTILE_BANNER, refusesTerminalLength: true, logInOutput: 'between-lines' },
    'ok',
  ],
  gm12: [{ auth: ['keyboard-interactive'], echo: 'line', rename: { afterCommands: 1, hostname: 'RENAMED' } }, 'ok'],
};

let directory = '';
let ssh: SimulatedSsh;
let agent: Agent;
let access: ReturnType<typeof createSshAccess>;
const logger = new MemoryLogger();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-difficult-'));
  const clock = createSystemClock();
  const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 3, gms: 12, kss: 1, startMs: clock.wallMs() });
  ssh = await startSimulatedSsh({
    fleet,
    clock,
    host: '127.0.0.1',
    credentials: { username: 'monitor', password: PASSWORD },
  });
  access = createSshAccess({
    clock,
    random: seededRandom(1),
    knownHostsPath: join(directory, 'known_hosts'),
    maxHandshakes: 8,
    logger,
    bounds: { maxBytes: 256 * 1024, maxLineLength: 64 * 1024 },
  });
  const devices = Object.keys(TROUBLES).map(deviceNamed);
  const config = aConfig({ devices });
  agent = await Agent.open({
    config,
    clock,
    networkClock: clock,
    access,
    snmp: NO_SNMP,
    restconf: NO_RESTCONF,
    store: createMemoryStore(),
    logger,
    lookup: () => Promise.resolve([]),
  });
  agent.start();
  // The first poll of gm10 is with its first key.
  await vi.waitUntil(() => agent.readModel.device('gm10')?.result === 'ok', PATIENCE);
  for (const [device, [manners]] of Object.entries(TROUBLES)) ssh.setManners(device, manners);
  await Promise.all(devices.map((device) => access.forget(device.name)));
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await access[Symbol.asyncDispose]();
  await ssh[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Only who is to time out has a short time: on a busy machine others would, too, and then wait longer and longer. */
function deviceNamed(name: string): ResolvedDevice {
  const timeoutMs = TROUBLES[name]?.[1] === 'timeout' ? 1500 : PATIENCE.timeout;
  return aConfiguredDevice({ name, port: ssh.ports.get(name) ?? 0, ssh: sshAs('monitor', PASSWORD), timeoutMs });
}

const polls = (device: string, result: string) =>
  Object.entries(agent.readModel.device(device)?.polls ?? {}).find(([name]) => name === result)?.[1] ?? 0;

/** The result that a line about this device tells. */
function saidOf(device: string, fields: object): readonly unknown[] {
  if (!('device' in fields) || fields.device !== device) return [];
  if ('result' in fields) return [fields.result];
  return 'was' in fields ? ['ok'] : [];
}

describe('a fleet of difficult devices', () => {
  const troubled = Object.entries(TROUBLES).filter(([, [, result]]) => result !== 'ok');

  test.each(troubled.map(([device, [manners, result]]) => [JSON.stringify(manners), result, device] as const))(
    '%s is the result %s, and one line in the log as long as it is',
    async (_, result, device) => {
      // After the second of it, with waits between: a device that is not tried is still in its state.
      await vi.waitUntil(() => polls(device, result) > 1, PATIENCE);
      const said = logger.lines('info', 'warn').flatMap((fields) => saidOf(device, fields));
      expect(said).toContain(result);
      // On a busy machine another trouble, such as a timeout, or an answer may lie between two of it.
      expect(said.filter((each, index) => each === said[index - 1])).toEqual([]);
      const view: DeviceView | undefined = agent.readModel.device(device);
      expect(view?.error).toMatch(/\S/);
    },
  );

  test('devices that are only strange are polled, and go on being polled beside the others', async () => {
    const before = new Map(['gm1', 'gm11', 'gm12'].map((device) => [device, polls(device, 'ok')]));
    for (const [device, count] of before) {
      await vi.waitUntil(() => polls(device, 'ok') > count + 1, PATIENCE);
      expect(agent.readModel.device(device)).toMatchObject({ result: 'ok', unparsedLines: 0 });
      expect(agent.readModel.device(device)?.groups.get('G1')?.gm?.snapshot.registered).toBe(true);
    }
  });

  test('a changed host key is logged as an error, with both fingerprints', () => {
    const loud = logger.lines('error').filter((fields) => JSON.stringify(fields).includes('gm10'));
    expect(JSON.stringify(loud)).toMatch(/SHA256:.*SHA256:/);
  });

  test('no secret is in any line of the log or in any view', () => {
    const everything = inspect(
      [
        ...(['debug', 'info', 'warn', 'error'] as const).flatMap((level) => logger.lines(level)),
        ...agent.readModel.devices(),
        agent.status(),
      ],
      INSPECT_ALL,
    );
    expect(everything).toContain('gm12');
    expect(everything).not.toContain(PASSWORD);
  });
});
