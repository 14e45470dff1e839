/** An HTTP server of the agent on a free port, with a fleet that a test fills. */
import { Maintenance } from '../../src/model/maintenance.ts';
import { createReadModel, type MutableReadModel } from '../../src/model/read-model.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import type { HttpOptions, PollNowOutcome, WebAccess } from '../../src/http/base/options.ts';
import { OPEN_ACCESS } from './open-access.ts';
import { type HttpServer, startHttpServer } from '../../src/http/server.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { InternalErrors } from '../../src/kernel/internal-errors.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { aDevice, aReport, NOON, viewAfter } from '../builders/view-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { aGm, aKek, aTek } from '../builders/snapshots.ts';

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly server: HttpServer;
  readonly fleet: MutableReadModel;
  /** Of devices and verdicts. */
  readonly clock: FakeClock;
  readonly logger: MemoryLogger;
  /** Devices that were asked to be polled. */
  readonly polls: string[];
  /** What a test changes while the server runs. */
  readonly now: {
    pollOutcome: (device: string, signal: AbortSignal) => Promise<PollNowOutcome>;
    web: WebAccess;
  };
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Parsed body of an answer. */
  json<Body = object>(path: string): Promise<Body>;
  /** Kept in the history and told to listeners, as the agent does. */
  happens(...events: readonly GdoiEvent[]): Promise<void>;
}

export async function serve(over: Partial<HttpOptions> = {}): Promise<Served> {
  const fleet = createReadModel();
  const clock = new FakeClock(NOON);
  const logger = new MemoryLogger();
  const store = createMemoryStore();
  const polls: string[] = [];
  const now: Served['now'] = {
    web: over.web?.() ?? OPEN_ACCESS,
    pollOutcome: async () => ({ kind: 'polled' }),
  };
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    version: '9.9.9',
    clock,
    network: createSystemClock(),
    logger,
    errors: new InternalErrors(logger),
    fleet,
    status: () => ({ firstSweepDone: true, firstSweepProgress: 1, quarantinedCredentials: [] }),
    deviceMetrics: () => ['gdoi_device_up{device="gm1"} 1\n', 'gdoi_device_up{device="gm2"} 0\n'],
    deviceLines: (device) => `gdoi_device_up{device="${device}"} 1\n`,
    selfMetrics: async () => 'gdoi_build_info 1\n',
    events: store,
    incidents: store,
    maintenance: new Maintenance(),
    pollNow: (device, signal) => {
      polls.push(device);
      return now.pollOutcome(device, signal);
    },
    reload: async () => ({ ok: true, message: 'reloaded' }),
    ...over,
    web: () => now.web,
  });
  const get = (path: string, init?: RequestInit) => fetch(`${server.url}${path}`, init);
  return {
    now,
    url: server.url,
    server,
    fleet,
    clock,
    logger,
    polls,
    get,
    json: async <Body>(path: string) => (await (await get(path)).json()) as Body,
    async happens(...events) {
      const kept = await store.commit({ events, deviceStates: new Map(), fleetStates: new Map() });
      fleet.addEvents(kept);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A GM that was polled at noon; `gm1` of group G1 unless told. */
export function polledGm(device = 'gm1', over: Parameters<typeof aGm>[0] = {}) {
  const view = viewAfter(
    aReport({
      'show crypto gdoi': [
        aGm({
          address: '10.0.0.1',
          keyServer: '10.1.0.1',
          kek: aKek(5000),
          teks: [aTek(2000)],
          ...over,
        }),
      ],
    }),
  );
  return { ...view, device, host: '192.0.2.1' };
}

export function failingDevice(device: string) {
  return aDevice({ device, result: 'auth', error: `${device}: the device refused the credential` });
}
