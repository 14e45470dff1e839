/**
 * Server-sent events: events as they are stored, for whoever listens. A listener that reconnects names the last event
 * it had (`Last-Event-ID`) and gets what it missed: exactly, while the agent remembers its last events; otherwise from
 * the history, where events around that time are repeated (their ids tell).
 *
 * Bounded: the number of listeners, what is kept for a slow one (then it is closed, and reconnects), and what is sent
 * again.
 */
import type { ServerResponse } from 'node:http';
import { eventDocument } from '../../gdoi/events/event-document.ts';
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { HttpCounters } from '../base/counters.ts';
import { type IncidentHistory, incidentIdsOf } from './incident-history.ts';
import type { HttpOptions } from '../base/options.ts';

/** Pages and scripts of a large team; each costs a socket and, if it reads slowly, its unsent data. */
export const MAX_STREAMS = 1024;
/** Unsent bytes of a listener above which it is closed before more is sent. */
const MAX_UNSENT_BYTES = 64 * 1024;
/** Keeps proxies from closing a quiet stream, and detects that a listener is gone. */
const HEARTBEAT_MS = 15_000;
/** Events that are remembered, in the order in which they were sent. */
const MAX_REMEMBERED = 1000;
/** Most events that are sent again. */
const MAX_RESUMED = 1000;
/** Events are not stored in the order of their times: a cause may wait for the answer that decides it. */
const OVERLAP_MS = 600_000;

export class EventStreams implements AsyncDisposable {
  readonly #history: IncidentHistory;
  readonly #network: Clock;
  readonly #logger: Logger;
  readonly #counters: HttpCounters;
  readonly #listeners = new Set<Listener>();
  #sent: readonly GdoiEvent[] = [];
  /** One batch after the other, in order. */
  #sending: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  #heartbeat: Promise<void> = Promise.resolve();

  readonly limit: number;

  constructor(
    {
      network,
      logger,
      maxStreams,
      ...history
    }: Pick<HttpOptions, 'events' | 'incidents' | 'clock' | 'network' | 'logger' | 'maxStreams'>,
    counters: HttpCounters,
  ) {
    this.limit = maxStreams ?? MAX_STREAMS;
    this.#history = history;
    this.#network = network;
    this.#logger = logger;
    this.#counters = counters;
  }

  start(): void {
    this.#heartbeat = this.#beat();
  }

  get full(): boolean {
    return this.#listeners.size >= this.limit;
  }

  send(events: readonly GdoiEvent[]): void {
    this.#sending = this.#sendAfter(this.#sending, events);
  }

  async #sendAfter(before: Promise<void>, events: readonly GdoiEvent[]): Promise<void> {
    await before;
    const framed = this.#listeners.size === 0 ? [] : await this.#framed(events);
    // In the same turn in which the listeners get it, so that one that reconnects meanwhile gets it once.
    this.#sent = [...this.#sent, ...events].slice(-MAX_REMEMBERED);
    const text = framed.map(({ frame }) => frame).join('');
    for (const listener of this.#listeners) listener.send(framed, text);
  }

  /** As they are sent. An event is sent even if its incident cannot be read. */
  async #framed(events: readonly GdoiEvent[]): Promise<readonly Framed[]> {
    const incidentOf = await incidentIdsOf(events, this.#history).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'the incidents of streamed events could not be read');
      return new Map<GdoiEvent, string>();
    });
    return events.map((event) => ({ id: event.id, frame: frameOf(event, incidentOf.get(event) ?? null) }));
  }

  /** The response belongs to the stream from here on; its head is written. */
  async open(response: ServerResponse, lastEventId: string | null): Promise<void> {
    const listener = new Listener(response, this.#counters);
    this.#listeners.add(listener);
    this.#counters.streamsOpen = this.#listeners.size;
    response.once('close', () => {
      this.#listeners.delete(listener);
      this.#counters.streamsOpen = this.#listeners.size;
    });
    response.write(': gdoiwatch events\nretry: 3000\n\n');
    try {
      const missed = lastEventId === null ? [] : await this.#missedSince(lastEventId);
      listener.begin(await this.#framed(missed));
    } catch (error) {
      // Without the history nothing can be resumed: the listener reconnects and asks again.
      this.#logger.warn({ err: error }, 'an event stream could not be resumed');
      listener.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const listener of this.#listeners) listener.end();
    await this.#heartbeat;
    await this.#sending;
  }

  async #missedSince(lastEventId: string): Promise<readonly GdoiEvent[]> {
    const last = positionOf(lastEventId);
    if (last === null) return [];
    const index = this.#sent.findLastIndex(({ id }) => id === last.id);
    if (index >= 0) return this.#sent.slice(index + 1);
    const { events } = await this.#history.events.query({
      sinceMs: last.atMs - OVERLAP_MS,
      limit: MAX_RESUMED,
      order: 'newest_first',
    });
    return events.toReversed().filter(({ id }) => id !== last.id);
  }

  async #beat(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#network.sleep(HEARTBEAT_MS, signal, { unref: true });
      } catch {
        return;
      }
      for (const listener of this.#listeners) listener.comment('still here');
    }
  }
}

interface Framed {
  readonly id: string;
  readonly frame: string;
}

class Listener {
  readonly #response: ServerResponse;
  readonly #counters: HttpCounters;
  /** What came while the missed events were read; null: those are sent. */
  #waiting: Framed[] | null = [];

  constructor(response: ServerResponse, counters: HttpCounters) {
    this.#response = response;
    this.#counters = counters;
  }

  begin(missed: readonly Framed[]): void {
    const known = new Set(missed.map(({ id }) => id));
    const since = (this.#waiting ?? []).filter(({ id }) => !known.has(id));
    this.#waiting = null;
    for (const { frame } of [...missed, ...since]) this.#write(frame);
  }

  /** `text`: all their frames, joined once for all listeners. */
  send(events: readonly Framed[], text: string): void {
    if (this.#waiting === null) this.#write(text);
    else if (this.#waiting.length + events.length <= MAX_REMEMBERED) this.#waiting.push(...events);
    else this.#tooSlow();
  }

  comment(text: string): void {
    this.#write(`: ${text}\n\n`);
  }

  end(): void {
    this.#response.end();
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    // Unsent data from before: a batch of a storm is large for the fastest reader too.
    if (this.#response.writableLength > MAX_UNSENT_BYTES) this.#tooSlow();
    else this.#response.write(text);
  }

  #tooSlow(): void {
    if (this.#response.destroyed) return;
    this.#counters.streamsClosedSlow += 1;
    this.#response.destroy();
  }
}

function frameOf(event: GdoiEvent, incident: string | null): string {
  return `id: ${Math.floor(event.atMs)} ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(eventDocument(event, incident))}\n\n`;
}

function positionOf(lastEventId: string): { readonly atMs: EpochMs; readonly id: string } | null {
  const [, at, id] = /^(\d{1,16}) (\S{1,1024})$/.exec(lastEventId) ?? [];
  return at === undefined || id === undefined ? null : { atMs: Number(at), id };
}
