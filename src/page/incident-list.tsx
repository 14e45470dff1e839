/**
 * Incidents, the latest first: what happened, to which devices, what follows or ended it; each as text for a ticket.
 */
import { durationText } from '../gdoi/events/duration-text.ts';
import type { IncidentDocument } from '../gdoi/incidents/incident-document.ts';
import { askText } from './agent-api.ts';
import { Instant, TimeTo } from './instants.tsx';
import { GroupLink, NameList } from './names.tsx';
import { Fragment, type VNode } from 'preact';
import type { Session } from './session.ts';
import { StatusMark } from './status-mark.tsx';

const RUNBOOK = 'https://github.com/gdoiwatch/gdoiwatch/blob/main/dashboards/runbooks/GdoiIncident.md';

export function IncidentList(props: {
  readonly incidents: readonly IncidentDocument[];
  readonly tickets: Tickets;
  readonly nowMs: number | null;
}): VNode {
  if (props.incidents.length === 0) return <p class="note">No incidents in this time.</p>;
  return (
    <ol class="events incidents">
      {props.incidents.map((incident) => (
        <li key={incident.id} class={`event ${incident.status === 'open' ? incident.severity : 'info'}`}>
          <IncidentEntry incident={incident} tickets={props.tickets} nowMs={props.nowMs} />
        </li>
      ))}
    </ol>
  );
}

function IncidentEntry(props: {
  readonly incident: IncidentDocument;
  readonly tickets: Tickets;
  readonly nowMs: number | null;
}): VNode {
  const { incident, tickets, nowMs } = props;
  return (
    <details open={incident.status === 'open'}>
      <summary>
        <span class="event-head">
          {incident.severity === 'info' ? (
            <span class="mark info">info</span>
          ) : (
            <StatusMark status={incident.severity} />
          )}{' '}
          <Instant at={incident.began_at} nowMs={nowMs} /> <span class="faint">· {lasted(incident, nowMs)}</span>
        </span>
        <bdi class="event-summary">{incident.summary}</bdi>
      </summary>
      <div class="evidence">
        <p>
          {'group '}
          <GroupLink name={incident.group} cell={incident.cell} />, cause: <strong>{incident.cause}</strong>
          {incident.devices.length > 0 && (
            <Fragment>
              {' · '}
              <NameList names={incident.devices} most={10} link />
            </Fragment>
          )}
        </p>
        <Consequence incident={incident} nowMs={nowMs} />
        {incident.first_step !== null && incident.status === 'open' && (
          <p>
            <strong>First step:</strong> <bdi>{incident.first_step}</bdi>
          </p>
        )}
        {incident.evidence.length > 0 && (
          <ul>
            {incident.evidence.map((fact) => (
              <li key={fact}>
                <bdi>{fact}</bdi>
              </li>
            ))}
          </ul>
        )}
        <Ticket of={incident.id} tickets={tickets} />
      </div>
    </details>
  );
}

function Consequence(props: { readonly incident: IncidentDocument; readonly nowMs: number | null }): VNode | null {
  const { status, consequence, deadline } = props.incident;
  if (consequence === null) return null;
  return (
    <p>
      <strong>{status === 'open' ? 'Follows:' : 'Foreseen while it was open:'}</strong> <bdi>{consequence}</bdi>
      {deadline !== null && (
        <Fragment>
          {', '}
          <TimeTo at={deadline} nowMs={props.nowMs} />
        </Fragment>
      )}
    </p>
  );
}

function Ticket({ of: id, tickets }: { readonly of: string; readonly tickets: Tickets }): VNode {
  const text = tickets.shown(id);
  return (
    <Fragment>
      <p>
        <button type="button" onClick={() => void tickets.copy(id)}>
          Copy as ticket
        </button>{' '}
        <a href={RUNBOOK}>Runbook</a> <span role="status">{tickets.said(id)}</span>
      </p>
      {text !== null && <textarea class="ticket" readOnly rows={12} aria-label="Ticket" value={text} />}
    </Fragment>
  );
}

function lasted({ status, began_at: began, ended_at: ended, ended_by: by }: IncidentDocument, nowMs: number | null) {
  const from = Date.parse(began);
  if (ended !== null) return `for ${durationText((Date.parse(ended) - from) / 1000)}; ended: ${by ?? ''}`;
  return status === 'open' && nowMs !== null ? `open for ${durationText(Math.max(0, nowMs - from) / 1000)}` : status;
}

/** The text of the last requested ticket: in the clipboard, or on the page if the browser does not allow that. */
export class Tickets {
  readonly #session: Session;
  readonly #signal: AbortSignal;
  #last: { readonly id: string; readonly said: string; readonly text: string | null } | null = null;

  constructor(session: Session, signal: AbortSignal) {
    this.#session = session;
    this.#signal = signal;
  }

  said(id: string): string {
    return this.#last?.id === id ? this.#last.said : '';
  }

  shown(id: string): string | null {
    return this.#last?.id === id ? this.#last.text : null;
  }

  async copy(id: string): Promise<void> {
    const text = await askText(`/api/v1/incidents/${encodeURIComponent(id)}/ticket`, this.#signal);
    if (text === null) this.#last = { id, said: 'The agent did not return it.', text: null };
    else if (await isCopied(text)) this.#last = { id, said: 'Copied.', text: null };
    else this.#last = { id, said: 'This browser does not allow copying: select the text here.', text };
    this.#session.changed();
  }
}

/** Browsers give the clipboard only to pages over TLS or on this machine. */
async function isCopied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
