import type { PathAnswer, RestconfAccess, RestconfReply, RestconfTarget } from '../../src/access/device-restconf.ts';
import type { RestconfPath } from '../../src/access/restconf-path.ts';
import type { SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import type { FakeClock } from './fake-clock.ts';

/** The fleet's documents without a network: a second implementation of the port. */
export class FleetRestconf implements RestconfAccess {
  readonly asked: RestconfPath[] = [];
  /** The clock that the devices show, minus theirs. */
  clockAheadMs = 0;
  /** The time that the device shows, instead of that clock. */
  dateOf: ((device: string) => number | null) | null = null;
  forbidden: readonly string[] = [];
  module: 'release' | 'without-gdoi' = 'release';
  failure: RestconfReply | null = null;
  /** Changes what a device shows. */
  amend: (device: string, path: RestconfPath, body: unknown) => unknown = (_device, _path, body) => body;
  readonly #fleet: SimulatedFleet;
  readonly #clock: FakeClock;
  readonly #isGone: (device: string) => boolean;

  constructor(fleet: SimulatedFleet, clock: FakeClock, isGone = (device: string) => !fleet.isUp(device)) {
    this.#fleet = fleet;
    this.#clock = clock;
    this.#isGone = isGone;
  }

  read({ device }: RestconfTarget, paths: readonly RestconfPath[]): Promise<RestconfReply> {
    this.asked.push(...paths);
    const nowMs = this.#clock.wallMs();
    this.#fleet.advance(nowMs);
    if (this.#isGone(device)) {
      const error = { kind: 'timeout', operation: 'connect', message: `${device} gives no answer` } as const;
      return Promise.resolve({ kind: 'failed', error });
    }
    const at = {
      sentAtMs: nowMs,
      receivedAtMs: nowMs,
      deviceNowMs: this.dateOf === null ? Math.floor((nowMs + this.clockAheadMs) / 1000) * 1000 : this.dateOf(device),
    };
    const answers = paths.map((path): PathAnswer => {
      if (this.forbidden.some((end) => path.endsWith(end))) return { ...at, path, kind: 'forbidden' };
      const document = this.#fleet.yangDocument(device, path, nowMs, { module: this.module });
      if (document.kind === 'document') {
        return {
          ...at,
          path,
          kind: 'document',
          body: this.amend(device, path, this.#onItsClock(document.body)),
          bytes: 1,
        };
      }
      return { ...at, path, kind: 'empty', status: document.kind === 'empty' ? 204 : 404 };
    });
    return Promise.resolve(this.failure ?? { kind: 'answers', answers, connection: 1 });
  }

  #onItsClock(body: unknown): unknown {
    const ahead = (text: string) => new Date(Date.parse(text) + this.clockAheadMs).toISOString();
    return JSON.parse(JSON.stringify(body), (key, value: unknown) =>
      key === 'current-time' && typeof value === 'string' ? ahead(value) : value,
    );
  }

  forget = () => Promise.resolve();
  status = () => ({ openConnections: 0, requestsActive: 0, quarantinedCredentials: [] });
  [Symbol.asyncDispose] = () => Promise.resolve();
}
