/**
 * Events as they come, each once: first the latest ones, then those of the agent's stream, or what is new in the store
 * each second. A stream that breaks is opened again, and whenever one is open, missed events are asked for.
 */
import type { EventDocument } from '../gdoi/events/event-document.ts';
import type { Clock } from '../kernel/clock.ts';
import { UserError, type UserErrorCode } from '../kernel/user-error.ts';
import type { AgentClient } from './agent-client.ts';
import { type AskEvents, type EventsAsked, type Found, isEventDocument } from './events-asked.ts';

const LOOK_EVERY_MS = 1000;
const OPEN_AGAIN_MS = 2000;
/** Events are not stored in the order of their times: a cause may wait for the answer that decides it. */
const OVERLAP_MS = 900_000;
/** Most events of one look: no second has more. */
const MAX_AT_ONCE = 1000;
/** Event ids that are remembered: those of the overlap. */
const MAX_REMEMBERED = 20_000;

export interface Followed {
  readonly ask: AskEvents;
  readonly asked: EventsAsked;
  /** Null: events come from a store. */
  readonly client: AgentClient | null;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** Called once when it cannot be asked any more, and with null when it can again: silence would look like peace. */
  readonly onAway: (reason: UserError | null) => void;
}

export async function* eventsAsTheyCome(followed: Followed): AsyncIterable<EventDocument> {
  const { ask, asked, clock, client, stop } = followed;
  const printed = new Printed();
  const presence = new Presence(followed.onAway);
  const recent = () => ask({ ...asked, since: clock.wallMs() - OVERLAP_MS, limit: MAX_AT_ONCE });
  // What the first ones leave out was left out on purpose. Asked before them, so that nothing falls between.
  const known = await recent();
  const { events } = await ask(asked);
  yield* events.toReversed();
  printed.fresh([...events, ...known.events]);
  const missed = async () => printed.fresh((await presence.unlessAway(recent)).toReversed());
  while (!stop.aborted) {
    if (client !== null) yield* streamed(client, followed, { printed, missed });
    yield* await missed();
    await clock.sleep(client === null ? LOOK_EVERY_MS : OPEN_AGAIN_MS, stop).catch(() => undefined);
  }
}

/** While an agent restarts or a store is locked, the next look gives what happened meanwhile. */
class Presence {
  readonly #onAway: Followed['onAway'];
  #isAway = false;

  constructor(onAway: Followed['onAway']) {
    this.#onAway = onAway;
  }

  async unlessAway(ask: () => Promise<Found>): Promise<readonly EventDocument[]> {
    try {
      const { events } = await ask();
      if (this.#isAway) this.#onAway(null);
      this.#isAway = false;
      return events;
    } catch (error) {
      if (!(error instanceof UserError && PASSING.has(error.code))) throw error;
      if (!this.#isAway) this.#onAway(error);
      this.#isAway = true;
      return [];
    }
  }
}

/** Of a question that was answered once. An error of the agent may be that of a proxy before it. */
const PASSING: ReadonlySet<UserErrorCode> = new Set<UserErrorCode>([
  'agent_unreachable',
  'agent_refused',
  'store_locked',
]);

/** Until the stream breaks. It begins with what came since the last look: only once it is open nothing is missed. */
async function* streamed(
  client: AgentClient,
  { asked, stop }: Followed,
  { printed, missed }: { readonly printed: Printed; readonly missed: () => Promise<readonly EventDocument[]> },
): AsyncIterable<EventDocument> {
  const answer = await client.stream('/api/v1/events/stream', stop).catch((error: unknown) => {
    // The question that follows reports what is wrong, if it still is.
    if (error instanceof UserError) return null;
    throw error;
  });
  if (answer?.kind !== 'stream') return;
  yield* await missed();
  for await (const data of answer.data) {
    const event = eventIn(data);
    if (event !== null && fits(event, asked)) yield* printed.fresh([event]);
  }
}

class Printed {
  readonly #ids = new Set<string>();

  fresh(events: readonly EventDocument[]): readonly EventDocument[] {
    return events.filter(({ id }) => {
      if (this.#ids.has(id)) return false;
      this.#ids.add(id);
      const [oldest] = this.#ids;
      if (this.#ids.size > MAX_REMEMBERED && oldest !== undefined) this.#ids.delete(oldest);
      return true;
    });
  }
}

function eventIn(data: string): EventDocument | null {
  try {
    const parsed: unknown = JSON.parse(data);
    return isEventDocument(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function fits(event: EventDocument, { device, group, type, cause, unexpected }: EventsAsked): boolean {
  return (
    (device === undefined || event.device === device) &&
    (group === undefined || event.group === group) &&
    (type === undefined || event.type === type) &&
    (cause === undefined || event.cause === cause) &&
    (unexpected === undefined || event.unexpected === unexpected)
  );
}
