/** What the simulated fleet shows over RESTCONF, requested as the poller does, but without a socket. */
import { type RestconfPath, YANG_LIBRARY_PATH } from '../../src/access/restconf-path.ts';
import { withAnswered } from '../../src/agent/poll/asked-when.ts';
import { onPresentClock } from '../../src/agent/poll/device-clock.ts';
import {
  followUpPaths,
  mainPaths,
  NOTHING_LEARNT_BY_RESTCONF,
  rememberMainAnswer,
  type RestconfInterest,
  type RestconfMemory,
} from '../../src/agent/poll/restconf-memory.ts';
import { readRestconf, type RestconfDocument } from '../../src/agent/poll/restconf-observations.ts';
import type { EpochMs } from '../../src/gdoi/seen/instant.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import type { SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';

export interface Looking {
  readonly device: string;
  /** In true time, which the clock below converts. */
  readonly nowMs: EpochMs;
  readonly latencyMs: number;
  /** True time -> the agent's. */
  readonly clock: (trueMs: EpochMs) => EpochMs;
}

export class RestconfReader {
  readonly #fleet: SimulatedFleet;
  readonly #memories = new Map<string, RestconfMemory>();

  constructor(fleet: SimulatedFleet) {
    this.#fleet = fleet;
  }

  /** One poll; null: the device went down during it. */
  read(looking: Looking, interest: Omit<RestconfInterest, 'nowMonoMs'>): readonly Observation[] | null {
    const { device, nowMs, latencyMs } = looking;
    const asked = { ...interest, nowMonoMs: nowMs };
    const memory = this.#memories.get(device) ?? NOTHING_LEARNT_BY_RESTCONF;
    const main = this.#documents(looking, mainPaths(memory, asked), memory);
    const read = readRestconf(main.documents, 'main', device);
    const paths = followUpPaths(memory, read, asked);
    const later = { ...looking, nowMs: nowMs + 2 * latencyMs };
    const details = this.#documents(later, paths, { ...memory, clock: main.clock });
    if (!this.#fleet.isUp(device)) return null;
    const learnt = { ...memory, clock: details.clock, learntAtMs: memory.learntAtMs ?? nowMs };
    const answered = [...main.documents, ...details.documents].map(({ path }) => path);
    this.#memories.set(device, rememberMainAnswer(withAnswered(learnt, answered, nowMs), read));
    if (details.documents.length === 0) return read.observations;
    const all = [...main.documents, ...details.documents];
    return [...read.observations, ...readRestconf(all, 'details', device).observations];
  }

  /** Each answer comes `latencyMs` after its request. */
  #documents({ device, nowMs, latencyMs, clock }: Looking, paths: readonly RestconfPath[], memory: RestconfMemory) {
    const documents: (RestconfDocument & { readonly path: RestconfPath })[] = [];
    for (const path of paths) {
      const document = this.#fleet.yangDocument(device, path, nowMs, { module: 'release' });
      if (path === YANG_LIBRARY_PATH || document.kind === 'unknown') continue;
      documents.push({
        path,
        sentAtMs: clock(nowMs - latencyMs),
        receivedAtMs: clock(nowMs + latencyMs),
        deviceNowMs: Math.floor(nowMs / 1000) * 1000,
        body: document.kind === 'document' ? document.body : null,
      });
    }
    const present = onPresentClock(memory.clock, documents, clock(nowMs) - nowMs);
    return { documents: present.documents, clock: present.memory };
  }
}
