/** What happened over a chosen span: the incidents of all groups or of one, live. */
import { EXPLANATION_CAUSES } from '../gdoi/explain/explanation.ts';
import type { IncidentListDocument } from '../http/schemas/incident-schema.ts';
import { Choice, NameChoice } from './choice.tsx';
import { incidentRows } from './csv-rows.ts';
import { saveCsv } from './save-csv.ts';
import { IncidentList, Tickets } from './incident-list.tsx';
import { navigate } from './navigation.ts';
import { Fragment, type VNode } from 'preact';
import { Refusal } from './refusal.tsx';
import { type Filter, withFilter } from './route.ts';
import { Kept, type Session } from './session.ts';
import type { Page } from './page.ts';
import { addressOf } from './root.ts';

const MOST = 100;
const SPANS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({ 1: 'the last hour', 24: 'the last day', 168: 'the last week', 720: 'the last 30 days' }),
);

export class IncidentsPage implements Page {
  readonly title = 'Incidents';
  readonly #session: Session;
  readonly #incidents: Kept<IncidentListDocument>;
  readonly #tickets: Tickets;
  readonly #signal: AbortSignal;
  #filter: Filter;

  constructor(session: Session, filter: Filter, signal: AbortSignal) {
    this.#session = session;
    this.#filter = filter;
    this.#signal = signal;
    this.#incidents = new Kept(session, '', signal);
    this.#tickets = new Tickets(session, signal);
  }

  show(filter: Filter): void {
    this.#filter = filter;
  }

  async refresh(): Promise<void> {
    if (this.#session.nowMs() === null) await this.#session.checkAgent(this.#signal);
    await this.#incidents.refresh(incidentsPath(this.#filter, this.#session.nowMs(), MOST));
  }

  render(): VNode {
    const { body, refusal } = this.#incidents;
    return (
      <Fragment>
        <h1 tabIndex={-1}>Incidents</h1>
        <IncidentFilters filter={this.#filter} />
        <Refusal of={refusal} />
        {body === null ? (
          refusal === null && <p class="note">Loading incidents ...</p>
        ) : (
          <IncidentList incidents={body.incidents} tickets={this.#tickets} nowMs={this.#session.nowMs()} />
        )}
        {body !== null && body.incidents.length > 0 && (
          <p>
            <button type="button" onClick={() => saveCsv('incidents.csv', incidentRows(body.incidents))}>
              CSV
            </button>
          </p>
        )}
        {body !== null && body.next_cursor !== null && <p class="note">Older ones: narrow the filter.</p>}
      </Fragment>
    );
  }
}

/** The API's path: `hours` begins at a whole minute, so that the same request is repeated. */
export function incidentsPath(filter: Filter, nowMs: number | null, most: number): string {
  const { hours = '168', ...rest } = filter;
  const sinceMs = nowMs === null ? null : Math.floor((nowMs - Number(hours) * 3_600_000) / 60_000) * 60_000;
  const since = sinceMs === null || !Number.isFinite(sinceMs) ? undefined : new Date(sinceMs).toISOString();
  return withFilter('/api/v1/incidents', { ...rest, since, limit: String(most) });
}

function IncidentFilters({ filter }: { readonly filter: Filter }): VNode {
  const choose = (key: string, value: string) =>
    navigate(addressOf(withFilter('/incidents', { ...filter, [key]: value })), 'replace');
  const name = (key: 'device' | 'group' | 'cell', label: string) => (
    <NameChoice label={label} value={filter[key]} onChoose={(value) => choose(key, value)} />
  );
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      {name('group', 'Group')}
      {filter['cell'] !== undefined && name('cell', 'Cell')}
      {name('device', 'Device')}
      <Choice
        label="Cause"
        value={filter['cause']}
        options={EXPLANATION_CAUSES}
        onChoose={(value) => choose('cause', value)}
      />
      <Choice
        label="Since"
        value={filter['hours'] ?? '168'}
        options={[...SPANS.keys()]}
        say={(hours) => SPANS.get(hours) ?? `${hours} hours`}
        onChoose={(value) => choose('hours', value)}
      />
      {Object.keys(filter).length > 0 && <a href={addressOf('/incidents')}>Clear</a>}
    </form>
  );
}
