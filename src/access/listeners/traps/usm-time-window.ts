/**
 * Refuses recorded SNMPv3 messages: an engine's boots and time only go forward (RFC 3414, 3.2 step 7).
 *
 * The last time of an engine is learned from authentic messages only. For an engine that was never heard, any time is
 * believed once: the agent has nothing to compare it with, so one trap proves nothing.
 */
import { LRUCache } from 'lru-cache';

const WINDOW_SECONDS = 150;
/** Boots stuck at the highest value: the engine must be configured anew. */
const MAX_ENGINE_BOOTS = 2_147_483_647;

export interface EngineInstant {
  readonly boots: number;
  readonly timeSeconds: number;
}

interface HeardEngine extends EngineInstant {
  readonly heardMonoMs: number;
}

export class UsmTimeWindow {
  readonly #engines: LRUCache<string, HeardEngine>;

  constructor(maxEngines = 20_000) {
    this.#engines = new LRUCache({ max: maxEngines });
  }

  /** Whether an authentic message of this instant may be believed at `nowMonoMs`; remembers the instant. */
  accepts(engineId: Buffer, { boots, timeSeconds }: EngineInstant, nowMonoMs: number): boolean {
    const engine = engineId.toString('hex');
    const heard = this.#engines.get(engine);
    if (boots >= MAX_ENGINE_BOOTS) return false;
    if (heard !== undefined && !isForward(heard, { boots, timeSeconds }, nowMonoMs)) return false;
    const newer = heard === undefined || boots > heard.boots || timeSeconds > heard.timeSeconds;
    if (newer) this.#engines.set(engine, { boots, timeSeconds, heardMonoMs: nowMonoMs });
    return true;
  }
}

function isForward(heard: HeardEngine, said: EngineInstant, nowMonoMs: number): boolean {
  if (said.boots !== heard.boots) return said.boots > heard.boots;
  const expected = heard.timeSeconds + (nowMonoMs - heard.heardMonoMs) / 1000;
  return said.timeSeconds >= expected - WINDOW_SECONDS;
}

/** Whether a message to an engine whose instant is `own` is within the window, either way. */
export function isWithinWindow(own: EngineInstant, { boots, timeSeconds }: EngineInstant): boolean {
  return boots === own.boots && Math.abs(timeSeconds - own.timeSeconds) <= WINDOW_SECONDS;
}
