/** Events and incidents as rows of a spreadsheet. New columns go last, because readers go by position. */
import type { EventDocument } from '../gdoi/events/event-document.ts';
import type { IncidentDocument } from '../gdoi/incidents/incident-document.ts';

export function eventRows(events: readonly EventDocument[]): readonly (readonly string[])[] {
  const head = [
    'at',
    'severity',
    'type',
    'device',
    'group',
    'cause',
    'unexpected',
    'planned',
    'summary',
    'incident',
    'id',
    'cell',
    'not before',
    'not after',
  ];
  return [
    head,
    ...events.map((event) => [
      event.at,
      event.severity,
      event.type,
      event.device ?? '',
      event.group ?? '',
      event.cause ?? '',
      event.unexpected === null ? '' : String(event.unexpected),
      String(event.planned),
      event.summary,
      event.incident ?? '',
      event.id,
      event.cell ?? '',
      event.between[0],
      event.between[1],
    ]),
  ];
}

export function incidentRows(incidents: readonly IncidentDocument[]): readonly (readonly string[])[] {
  const head = ['began', 'ended', 'group', 'cause', 'severity', 'summary', 'devices', 'ended by', 'id', 'cell'];
  return [
    head,
    ...incidents.map((incident) => [
      incident.began_at,
      incident.ended_at ?? '',
      incident.group,
      incident.cause,
      incident.severity,
      incident.summary,
      incident.devices.join(' '),
      incident.ended_by ?? '',
      incident.id,
      incident.cell ?? '',
    ]),
  ];
}
