/** Events, newest first; each opens to its evidence. */
import { aroundSeconds, isToTheSecond, tellsState } from '../gdoi/events/instant-text.ts';
import type { EventDocument } from '../gdoi/events/event-document.ts';
import { Instant, Span, utcText } from './instants.tsx';
import { DeviceLink, GroupLink } from './names.tsx';
import { Fragment, type VNode } from 'preact';
import { StatusMark } from './status-mark.tsx';

export function EventList(props: { readonly events: readonly EventDocument[]; readonly nowMs: number | null }): VNode {
  if (props.events.length === 0) return <p class="note">No events.</p>;
  return (
    <ol class="events">
      {props.events.map((event) => (
        <li key={event.id} class={`event ${event.severity}`}>
          <EventEntry event={event} nowMs={props.nowMs} />
        </li>
      ))}
    </ol>
  );
}

function EventEntry({ event, nowMs }: { readonly event: EventDocument; readonly nowMs: number | null }): VNode {
  return (
    <details>
      <summary>
        <span class="event-head">
          <SeverityMark severity={event.severity} /> <When event={event} nowMs={nowMs} />
        </span>
        <bdi class="event-summary">{event.summary}</bdi>
      </summary>
      <div class="evidence">
        <p>
          {event.type.replaceAll('_', ' ')}
          {event.cause !== null && (
            <Fragment>
              , cause: <strong>{event.cause}</strong>
            </Fragment>
          )}
          {event.unexpected !== null && (event.unexpected ? ', unexpected' : ', expected')}
          {event.planned && ', planned'}
          {event.device !== null && (
            <Fragment>
              {' · device '}
              <DeviceLink name={event.device} />
            </Fragment>
          )}
          {event.group !== null && (
            <Fragment>
              {' · group '}
              <GroupLink name={event.group} cell={event.cell} />
            </Fragment>
          )}
        </p>
        <p class="faint">
          Certainly between {utcText(event.between[0])} and {utcText(event.between[1])}
        </p>
        {event.evidence.length > 0 && (
          <ul>
            {event.evidence.map((fact) => (
              <li key={fact}>
                <bdi>{fact}</bdi>
              </li>
            ))}
          </ul>
        )}
        {event.action !== '' && (
          <p>
            <strong>First step:</strong> <bdi>{event.action}</bdi>
          </p>
        )}
      </div>
    </details>
  );
}

function When({ event, nowMs }: { readonly event: EventDocument; readonly nowMs: number | null }): VNode {
  const [fromMs, toMs] = [Date.parse(event.between[0]), Date.parse(event.between[1])];
  if (isToTheSecond(fromMs, toMs)) return <Instant at={event.at} nowMs={nowMs} />;
  return <Span betweenMs={aroundSeconds(fromMs, toMs)} at={event.at} nowMs={nowMs} isState={tellsState(event.type)} />;
}

function SeverityMark({ severity }: { readonly severity: EventDocument['severity'] }): VNode {
  return severity === 'info' ? <span class="mark info">info</span> : <StatusMark status={severity} />;
}
