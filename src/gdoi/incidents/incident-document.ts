/** An incident as the contract's document, and as Markdown for a ticket. */
import { durationText } from '../events/duration-text.ts';
import type { GdoiEvent } from '../events/event.ts';
import { isoInstant } from '../events/event-document.ts';
import { instant, when } from '../events/instant-text.ts';
import { nameList } from '../events/name-list.ts';
import type { Incident } from './incident.ts';

export interface IncidentDocument {
  readonly id: string;
  readonly group: string;
  readonly cell?: string;
  readonly cause: Incident['cause'];
  readonly status: Incident['status'];
  readonly severity: Incident['severity'];
  readonly began_at: string;
  readonly ended_at: string | null;
  readonly summary: string;
  readonly consequence: string | null;
  readonly deadline: string | null;
  readonly first_step: string | null;
  readonly devices: string[];
  readonly events: string[];
  readonly evidence: string[];
  readonly ended_by: string | null;
}

/** `events`: its own, oldest first. */
export function incidentDocument(incident: Incident, events: readonly Pick<GdoiEvent, 'id'>[]): IncidentDocument {
  const { beganAtMs, endedAtMs, deadlineMs, firstStep, endedBy, devices, evidence, ...same } = incident;
  return {
    ...same,
    began_at: isoInstant(Math.round(beganAtMs)),
    ended_at: endedAtMs === null ? null : isoInstant(Math.round(endedAtMs)),
    deadline: deadlineMs === null ? null : isoInstant(Math.round(deadlineMs)),
    first_step: firstStep,
    devices: [...devices],
    events: events.map(({ id }) => id),
    evidence: [...evidence],
    ended_by: endedBy,
  };
}

/** Two lines for a terminal: when and what, and what follows or ended it. */
export function incidentText(incident: IncidentDocument): string {
  const { began_at: began, ended_at: ended, group, cause, severity, summary, consequence, ended_by: by } = incident;
  const span =
    ended === null ? 'open' : `${durationText((Date.parse(ended) - Date.parse(began)) / 1000)}, closed: ${by ?? ''}`;
  const follows = ended === null && consequence !== null ? `\n    follows: ${consequence}` : '';
  return `${instant(Date.parse(began))}  ${severity.toUpperCase()}  ${group}  ${cause}  (${span})\n    ${summary}${follows}\n`;
}

/** For a ticket: what happened, to whom, in which order, and what to do. Nothing of it is markup by accident. */
export function incidentMarkdown(incident: Incident, events: readonly GdoiEvent[]): string {
  const { cell, beganAtMs, endedAtMs, firstStep, devices, evidence, endedBy } = incident;
  const lasted =
    endedAtMs === null ? 'open' : `ended ${instant(endedAtMs)}, after ${durationText((endedAtMs - beganAtMs) / 1000)}`;
  const lines = [
    `## ${plain(incident.group)}: ${incident.cause} (${incident.severity})`,
    '',
    plain(incident.summary),
    '',
    `- Began: ${instant(beganAtMs)}, ${lasted}`,
    ...(endedBy === null ? [] : [`- Ended by: ${plain(endedBy)}`]),
    ...(cell === undefined ? [] : [`- Cell: ${plain(cell)}`]),
    `- Devices: ${plain(nameList(devices))}`,
    ...whatFollows(incident),
    ...(firstStep === null
      ? []
      : [`- ${endedAtMs === null ? 'First step' : 'First step while it was open'}: ${plain(firstStep)}`]),
    ...evidence.map((line) => `- Evidence: ${plain(line)}`),
    ...(events.length === 0 ? [] : ['', '| when | event |', '| --- | --- |']),
    ...events.map((event) => `| ${when(event)} | ${plain(event.summary)} |`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of what is over, what was foreseen: it is said as that, since it need not have come. */
function whatFollows({ status, consequence, deadlineMs }: Incident): readonly string[] {
  const label = status === 'open' ? 'Follows' : 'Foreseen while it was open';
  return [
    ...(consequence === null ? [] : [`- ${label}: ${plain(consequence)}`]),
    ...(deadlineMs === null ? [] : [`- Deadline: ${instant(deadlineMs)}`]),
  ];
}

/**
 * Devices' own words may hold anything: no emphasis, link, picture, list, entity or column of it, and no direction of
 * text.
 */
function plain(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .replaceAll(/[\\`*_[\]<>#~&|]|:(?=\/\/)|(?<=\bwww)\.|^[-+=]|(?<=^\d{1,9})[.)]/giu, String.raw`\$&`);
}
