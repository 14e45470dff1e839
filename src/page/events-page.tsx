/** The history, newest first, and what happens now on top of it. */
import { CAUSES, EVENT_TYPES } from '../gdoi/events/event.ts';
import type { EventListDocument } from '../http/schemas/event-schema.ts';
import { Choice, NameChoice } from './choice.tsx';
import { eventRows } from './csv-rows.ts';
import { saveCsv } from './save-csv.ts';
import type { FeedState } from './event-feed.ts';
import { EventHistory, MAX_EVENTS } from './event-history.ts';
import { EventList } from './event-list.tsx';
import { navigate } from './navigation.ts';
import { Fragment, type VNode } from 'preact';
import { Refusal } from './refusal.tsx';
import { type Filter, withFilter } from './route.ts';
import type { Session } from './session.ts';
import type { Page } from './page.ts';
import { addressOf } from './root.ts';

const PAGE_EVENTS = 50;

export class EventsPage implements Page {
  readonly title = 'Events';
  readonly #session: Session;
  #filter: Filter;
  /** Where `hours` begins: fixed when it was chosen, so that pages fit together. */
  #since: string | undefined;
  readonly #signal: AbortSignal;
  readonly #feed: () => FeedState;
  /** Null: the first answer to this filter is still to come; until then `#shown` is of the previous filter. */
  #history: EventHistory | null = null;
  #shown: EventHistory | null = null;
  #refusal: { readonly detail: string } | null = null;

  constructor(session: Session, filter: Filter, feed: () => FeedState, signal: AbortSignal) {
    this.#session = session;
    this.#filter = filter;
    this.#feed = feed;
    this.#signal = signal;
  }

  /** From the next refresh on; what is shown stays until then. */
  show(filter: Filter): void {
    this.#filter = filter;
    this.#since = undefined;
    this.#history = null;
  }

  async refresh(): Promise<void> {
    const filter = this.#filter;
    const hours = filter['hours'];
    if (hours !== undefined && this.#since === undefined) await this.#fixSince(Number(hours));
    const answer = await this.#session.ask<EventListDocument>(this.#path(), this.#signal);
    // Another request was made meanwhile: its answer counts.
    if (filter !== this.#filter || answer.kind === 'unreachable') return;
    this.#refusal = answer.kind === 'refused' && answer.status !== 401 ? answer : null;
    if (answer.kind === 'ok') {
      this.#history ??= new EventHistory();
      this.#history.newest(answer.body);
      this.#shown = this.#history;
    }
    this.#session.changed();
  }

  async #fixSince(hours: number): Promise<void> {
    if (this.#session.nowMs() === null) await this.#session.checkAgent(this.#signal);
    const nowMs = this.#session.nowMs();
    if (nowMs !== null && Number.isFinite(hours)) this.#since = new Date(nowMs - hours * 3_600_000).toISOString();
  }

  #path(cursor?: string): string {
    const { hours: _, ...filter } = this.#filter;
    return withFilter('/api/v1/events', { ...filter, since: this.#since, limit: String(PAGE_EVENTS), cursor });
  }

  async #loadOlder(cursor: string): Promise<void> {
    const history = this.#history;
    const answer = await this.#session.ask<EventListDocument>(this.#path(cursor), this.#signal);
    if (answer.kind !== 'ok' || history?.cursor !== cursor) return;
    history.older(answer.body);
    this.#session.changed();
  }

  render(): VNode {
    const refusal = this.#refusal;
    const { events, cursor } = this.#shown ?? new EventHistory();
    return (
      <Fragment>
        <h1 tabIndex={-1}>Events</h1>
        <p class="faint">{FEED_TEXT[this.#feed()]}</p>
        <EventFilters filter={this.#filter} />
        <Refusal of={refusal} />
        {this.#shown === null ? (
          refusal === null && <p class="note">Loading events ...</p>
        ) : (
          <EventList events={events} nowMs={this.#session.nowMs()} />
        )}
        {events.length > 0 && (
          <p>
            <button type="button" onClick={() => saveCsv('events.csv', eventRows(events))}>
              CSV
            </button>
          </p>
        )}
        {cursor !== null && events.length < MAX_EVENTS && (
          <button
            type="button"
            onClick={() => {
              // Not awaited: the page is drawn when it comes.
              void this.#loadOlder(cursor);
            }}
          >
            Older events
          </button>
        )}
        {cursor !== null && events.length >= MAX_EVENTS && <p class="note">Older ones: narrow the filter.</p>}
      </Fragment>
    );
  }
}

/** By hours. */
const SPANS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({ 1: 'the last hour', 24: 'the last day', 168: 'the last week' }),
);

const FEED_TEXT: Readonly<Record<FeedState, string>> = {
  connecting: 'Connecting to the live stream ...',
  live: 'Live: new events appear by themselves.',
  lost: 'The live stream is lost; the page tries to open it again, and refreshes the list every few seconds.',
};

function EventFilters({ filter }: { readonly filter: Filter }): VNode {
  const choose = (key: string, value: string) =>
    navigate(addressOf(withFilter('/events', { ...filter, [key]: value })), 'replace');
  const name = (key: 'device' | 'group' | 'cell', label: string) => (
    <NameChoice label={label} value={filter[key]} onChoose={(value) => choose(key, value)} />
  );
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      {name('device', 'Device')}
      {name('group', 'Group')}
      {filter['cell'] !== undefined && name('cell', 'Cell')}
      <Choice label="Type" value={filter['type']} options={EVENT_TYPES} onChoose={(value) => choose('type', value)} />
      <Choice label="Cause" value={filter['cause']} options={CAUSES} onChoose={(value) => choose('cause', value)} />
      <Choice
        label="Unexpected"
        value={filter['unexpected']}
        options={['true', 'false']}
        onChoose={(value) => choose('unexpected', value)}
      />
      <Choice
        label="Since"
        value={filter['hours']}
        options={[...SPANS.keys()]}
        say={(hours) => SPANS.get(hours) ?? `${hours} hours`}
        onChoose={(value) => choose('hours', value)}
      />
      {Object.keys(filter).length > 0 && <a href={addressOf('/events')}>Clear</a>}
    </form>
  );
}
