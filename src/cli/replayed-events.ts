/**
 * Events of a replay with the incident that each belongs to. An incident becomes known only some polls after its first
 * event, so events wait, in their order, until the timeline has gone on that far.
 */
import type { Replay } from '../agent/record/replay.ts';
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { type EventDocument, eventDocument } from '../gdoi/events/event-document.ts';
import { INCIDENT_KNOWN_MS, incidentOfEvent } from '../gdoi/incidents/incident-events.ts';

interface Waiting {
  readonly event: GdoiEvent;
  /** Where the timeline was when the event was found. */
  readonly foundMs: number;
}

export class ReplayedEvents {
  readonly #replay: Pick<Replay, 'incidents' | 'latestMs'>;
  #waiting: Waiting[] = [];
  readonly #byIncident = new Map<string, GdoiEvent[]>();

  constructor(replay: Pick<Replay, 'incidents' | 'latestMs'>) {
    this.#replay = replay;
  }

  /** Takes the events of the last line; returns those whose incident is known by now. */
  take(events: readonly GdoiEvent[]): readonly EventDocument[] {
    const { latestMs } = this.#replay;
    this.#waiting.push(...events.map((event) => ({ event, foundMs: latestMs })));
    const [first] = this.#waiting;
    return first === undefined || latestMs - first.foundMs < 2 * INCIDENT_KNOWN_MS
      ? []
      : this.#documents(latestMs - INCIDENT_KNOWN_MS);
  }

  /** The timeline is over: returns all that waited. */
  end(events: readonly GdoiEvent[]): readonly EventDocument[] {
    this.#waiting.push(...events.map((event) => ({ event, foundMs: this.#replay.latestMs })));
    return this.#documents(Number.POSITIVE_INFINITY);
  }

  /** Returned events with this incident, oldest first. */
  of(incident: string): readonly GdoiEvent[] {
    return (this.#byIncident.get(incident) ?? []).toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  }

  #documents(untilMs: number): readonly EventDocument[] {
    const known = this.#waiting.filter(({ foundMs }) => foundMs <= untilMs);
    this.#waiting = this.#waiting.slice(known.length);
    const { incidents, latestMs } = this.#replay;
    return known.map(({ event }) => {
      const incident = incidentOfEvent(event, incidents, latestMs)?.id ?? null;
      if (incident !== null) this.#byIncident.set(incident, [...(this.#byIncident.get(incident) ?? []), event]);
      return eventDocument(event, incident);
    });
  }
}
