/**
 * Siblings of the timelines from the field through the live door: a running agent polls a router that answers as it
 * would at that instant, and routers send their messages as datagrams. What comes out is what `replay` makes of the
 * same (field-siblings). The clock is the test's: whatever the machine does, only what was sent has happened.
 */
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSyslogListener } from '../../../src/access/listeners/syslog/syslog-listener.ts';
import { Agent } from '../../../src/agent/agent.ts';
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { answeringDevices } from '../../builders/answering-devices.ts';
import { aConfig, aConfiguredDevice } from '../../builders/config-builder.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { GM_ADDRESS, gmText, KS1, later, said, type ShownGm } from '../../builders/field-timeline.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { NO_RESTCONF } from '../../builders/no-restconf.ts';
import { NO_SNMP } from '../../builders/no-snmp.ts';
import { PATIENCE } from '../../builders/patience.ts';
import { showCryptoGdoiOfKs } from '../../builders/shown-gdoi.ts';

const GROUP = 'BRANCH-A';
const START_MS = Date.UTC(2026, 4, 11, 22, 0, 0);
const HOSTS = { gm1: '127.0.0.31', ks1: '127.0.0.32' } as const;
type Router = keyof typeof HOSTS;

const senders = new Map<Router, Socket>();

beforeAll(async () => {
  for (const router of ['gm1', 'ks1'] as const) {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, HOSTS[router], resolve));
    senders.set(router, socket);
  }
});

afterAll(() => {
  for (const socket of senders.values()) socket.close();
});

/** What happens: messages at their seconds, and what the GM shows until and after it registered. */
interface Happening {
  readonly before: ShownGm;
  readonly after: ShownGm;
  /** From here on it shows `after`, as of that second. */
  readonly changesAt: number;
  readonly messages: readonly (readonly [at: number, message: string, from?: Router])[];
}

const UNTIL_SECONDS = 185;

/** The events of the GM in three minutes, polled each of them. */
async function heard({ before, after, changesAt, messages }: Happening): Promise<readonly GdoiEvent[]> {
  const clock = new FakeClock(START_MS);
  const told: GdoiEvent[] = [];
  const shown = (device: string): string => {
    if (device === 'ks1') return showCryptoGdoiOfKs({ group: GROUP, address: KS1 });
    const seconds = Math.floor((clock.wallMs() - START_MS) / 1000);
    return gmText(seconds < changesAt ? later(before, seconds) : later(after, seconds - changesAt));
  };
  await using agent = await Agent.open({
    config: aConfig({
      devices: (['gm1', 'ks1'] as const).map((name) =>
        aConfiguredDevice({ name, host: HOSTS[name], schedule: { kind: 'every', ms: 60_000 }, phaseAware: false }),
      ),
    }),
    clock,
    networkClock: clock,
    access: answeringDevices(clock, shown),
    snmp: NO_SNMP,
    restconf: NO_RESTCONF,
    lookup: async () => [],
    store: createMemoryStore(),
    logger: new MemoryLogger(),
    onEvents: (events) => told.push(...events),
  });
  await using syslog = await startSyslogListener({
    listen: { protocol: 'udp', host: '127.0.0.1', port: 0 },
    clock,
    logger: new MemoryLogger(),
    onMessage: (message) => agent.pushed(message),
  });
  agent.start();
  const until = async (second: number) => await clock.advance(START_MS + second * 1000 - clock.wallMs());
  for (const [index, [at, message, from = 'gm1']] of messages.entries()) {
    await until(at);
    const line = said(at, message, from).syslog ?? '';
    senders.get(from)?.send(line, Number(new URL(syslog.url).port), '127.0.0.1');
    await vi.waitUntil(() => received(agent) > index, PATIENCE);
  }
  await until(UNTIL_SECONDS);
  await vi.waitUntil(() => agent.status().pollsRunning === 0, PATIENCE);
  return told.filter(({ device }) => device === 'gm1');
}

function received(agent: Agent): number {
  return Object.values(agent.status().pushed.syslog).reduce((all, count) => all + count, 0);
}

function wordsOf(event: GdoiEvent | undefined): string {
  return [event?.summary, ...(event?.evidence ?? []), event?.action].join('\n');
}

/** Its KEK ends in 260 s, and its timer is due in 110 s. */
const MISSING_ITS_REKEY: ShownGm = { timer: 110, kek: 260, teks: [{ left: 1500 }] };
const WITH_THE_NEXT_KEK: ShownGm = { succeeded: 5, kek: 86_300, timer: 1300, teks: [{ left: 1380 }] };
const IN_NO_WINDOW: ShownGm = {};
/** Its keys went on meanwhile. */
const CHANGES_AT = 95;
const AGAIN: ShownGm = { ...later({}, CHANGES_AT), succeeded: 5, timer: 2300 };
const LINK = 'TenGigabitEthernet0/1/0';

describe('a re-registration and the words of the routers', () => {
  test.each<[string, Happening, { readonly cause: string; readonly says: readonly RegExp[] }]>([
    [
      'a rekey that could not be used',
      {
        before: MISSING_ITS_REKEY,
        after: WITH_THE_NEXT_KEK,
        changesAt: 112,
        messages: [
          [
            70,
            `GDOI-3-GDOI_REKEY_FAILURE: Processing of REKEY payloads failed on GM ${GM_ADDRESS} in the group ${GROUP}`,
          ],
        ],
      },
      { cause: 'kek_missed_rekey', says: [/log: GDOI_REKEY_FAILURE at/u, /because a rekey came/u, /rsa/u] },
    ],
    [
      'a sequence number that was too low',
      {
        before: MISSING_ITS_REKEY,
        after: WITH_THE_NEXT_KEK,
        changesAt: 112,
        messages: [
          [61, `GDOI-3-GDOI_REKEY_SEQ_FAILURE: Failed to process rekey seq # 1 for group ${GROUP}, last seq # 17`],
        ],
      },
      { cause: 'kek_missed_rekey', says: [/log: GDOI_REKEY_SEQ_FAILURE/u, /seq num/u] },
    ],
    [
      'a KS without RSA keys says why no rekey came',
      {
        before: MISSING_ITS_REKEY,
        after: WITH_THE_NEXT_KEK,
        changesAt: 112,
        messages: [[66, `GDOI-1-KS_NO_RSA_KEYS: RSA Key - rekeys : Not found, Required for group ${GROUP}`, 'ks1']],
      },
      { cause: 'kek_missed_rekey', says: [/ks1 log: KS_NO_RSA_KEYS/u, /On ks1, .*mypubkey rsa/u] },
    ],
    [
      'packets under a TEK that it does not hold',
      {
        before: IN_NO_WINDOW,
        after: AGAIN,
        changesAt: CHANGES_AT,
        messages: [
          [
            62,
            `CRYPTO-4-RECVD_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=${GM_ADDRESS}, prot=50, spi=0x44AA01BC(1152975292), srcaddr=203.0.113.42`,
          ],
          [
            80,
            `GDOI-5-GM_RECOVERY_REGISTER: received invalid SPI packet; register to KS to refresh IPSec SA for group ${GROUP}`,
          ],
        ],
      },
      { cause: 'recovery', says: [/RECVD_PKT_INV_SPI/u, /GM_RECOVERY_REGISTER/u] },
    ],
    [
      'the interface went down and came back',
      {
        before: IN_NO_WINDOW,
        after: AGAIN,
        changesAt: CHANGES_AT,
        messages: [
          [70, `LINEPROTO-5-UPDOWN: Line protocol on Interface ${LINK}, changed state to down`],
          [90, `LINEPROTO-5-UPDOWN: Line protocol on Interface ${LINK}, changed state to up`],
        ],
      },
      { cause: 'interface', says: [new RegExp(`LINEPROTO-5-UPDOWN ${LINK} down at .*, up at`, 'u')] },
    ],
  ])('%s', async (_name, happening, expected) => {
    const registrations = (await heard(happening)).filter(({ type }) => type === 'reregistration');
    expect(registrations.map(({ cause }) => cause)).toEqual([expected.cause]);
    for (const words of expected.says) expect(wordsOf(registrations[0])).toMatch(words);
  });
});

describe('attempts that fail', () => {
  const ending: ShownGm = { timer: 62, teks: [{ left: 130 }] };
  const failing: ShownGm = { ...later(ending, 65), timer: 10, attempted: 8 };

  test.each([
    [
      'its own word',
      'gm1',
      'CRYPTO-6-IKMP_MODE_FAILURE',
      `Processing of Main mode failed with peer at ${KS1}`,
      /IKE with its KS/u,
    ],
    [
      'that of its KS',
      'ks1',
      'GDOI-1-UNAUTHORIZED_IPADDR',
      `Group ${GROUP} received registration from unauthorized ip address: ${GM_ADDRESS}`,
      /does not succeed: /u,
    ],
  ] as const)('are told before the TEK ends, with %s', async (_name, from, message, text, summary) => {
    const events = await heard({
      before: ending,
      after: failing,
      changesAt: 65,
      messages: [[64, `${message}: ${text}`, from]],
    });
    const [event] = events.filter(({ type }) => type === 'registration_failed');
    expect(event?.summary).toMatch(summary);
    expect(event?.summary).toMatch(/still registered, \d+ s of its last TEK left/u);
    expect(wordsOf(event)).toContain(`log: ${message.split('-')[2]}`);
  });
});

test('registered without any TEK', async () => {
  const events = await heard({
    before: { teks: [{ left: 40 }] },
    after: later({ teks: [] }, 45),
    changesAt: 45,
    messages: [],
  });
  expect(events.filter(({ type }) => type === 'tek_missing')).toMatchObject([{ severity: 'critical' }]);
});
