/** `gdoiwatch incidents`: what happened to the groups, for a person, a ticket or a program. */
import { Command, Option } from 'commander';
import { EXPLANATION_CAUSES, type ExplanationCause } from '../gdoi/explain/explanation.ts';
import type { Incident } from '../gdoi/incidents/incident.ts';
import {
  type IncidentDocument,
  incidentDocument,
  incidentMarkdown,
  incidentText,
} from '../gdoi/incidents/incident-document.ts';
import { eventsOf, incidentsAround, spanOf } from '../gdoi/incidents/incident-events.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/user-error.ts';
import { type EventHistory, MAX_PAGE_EVENTS } from '../store/event-store.ts';
import { openSqliteStoreReadOnly } from '../store/sqlite/sqlite-store.ts';
import type { AgentClient } from './agent-client.ts';
import {
  AGENT_TIMEOUT_MS,
  historySource,
  type HistoryAsked,
  isoOrAbsent,
  jsonLinesFlag,
  limitFlag,
  queryOf,
  sinceFlag,
  untilFlag,
  warnOfDamage,
  type WhichHistory,
  withHistoryFlags,
} from './history-flags.ts';

interface IncidentsFlags extends WhichHistory, HistoryAsked {
  readonly cause?: ExplanationCause;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

/** Most incidents in one answer of an agent. */
const AGENT_PAGE = 100;

export function incidentsCommand(): Command {
  const command = new Command('incidents').description(
    'show what happened to the groups, one entry per incident, latest first',
  );
  return withHistoryFlags(command)
    .addOption(sinceFlag('only those open at or after this time'))
    .addOption(untilFlag('only those that began before this time'))
    .option('--group <name>', 'only of this group')
    .option('--device <name>', 'only those that concern this device')
    .addOption(new Option('--cause <cause>', 'only with this cause').choices(EXPLANATION_CAUSES))
    .addOption(limitFlag())
    .addOption(new Option('--markdown', 'print Markdown, for a ticket').conflicts('json'))
    .addOption(jsonLinesFlag())
    .action(async (flags: IncidentsFlags) => {
      const source = await historySource(flags);
      const { shown, more } =
        source.kind === 'store' ? await fromStore(source.path, flags) : await fromAgent(source.client, flags);
      if (shown.length === 0 && flags.json !== true) process.stdout.write('no such incidents\n');
      for (const text of shown) process.stdout.write(text);
      if (more) process.stderr.write(`more than ${flags.limit} incidents; see --limit, --since, --until\n`);
    });
}

interface Found {
  readonly shown: readonly string[];
  readonly more: boolean;
}

async function fromStore(path: string, flags: IncidentsFlags): Promise<Found> {
  const nowMs = createSystemClock().wallMs();
  await using history = await openSqliteStoreReadOnly(path, warnOfDamage);
  const { since: sinceMs, until: untilMs, group, device, cause, limit: most } = flags;
  const page = await history.incidents({ sinceMs, untilMs, group, device, cause, limit: most });
  const shown: string[] = [];
  for (const incident of page.incidents) {
    const events = await eventsDuring(incident, history, nowMs);
    const document = incidentDocument(incident, events);
    shown.push(flags.markdown === true ? `${incidentMarkdown(incident, events)}\n` : textOf(document, flags));
  }
  return { shown, more: page.nextCursor !== null };
}

function textOf(document: IncidentDocument, { json }: IncidentsFlags): string {
  return json === true ? `${JSON.stringify(document)}\n` : incidentText(document);
}

async function eventsDuring(incident: Incident, history: EventHistory, nowMs: number) {
  const [sinceMs, untilMs] = spanOf(incident, nowMs);
  const query = { sinceMs, untilMs, limit: MAX_PAGE_EVENTS, order: 'oldest_first' } as const;
  const { events } = await history.query(query);
  const { group, cell } = incident;
  const around = { ...incidentsAround(sinceMs, untilMs), group, cell, limit: MAX_PAGE_EVENTS };
  const { incidents: beside } = await history.incidents(around);
  return eventsOf(incident, beside, events, nowMs);
}

async function fromAgent(client: AgentClient, flags: IncidentsFlags): Promise<Found> {
  const { group, device, cause, since, until, limit: most } = flags;
  const documents: IncidentDocument[] = [];
  let cursor: string | undefined;
  do {
    const asked = { group, device, cause, since: isoOrAbsent(since), until: isoOrAbsent(until), cursor };
    const page = await pageOf(client, queryOf({ ...asked, limit: Math.min(AGENT_PAGE, most - documents.length) }));
    documents.push(...page.incidents);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && documents.length < most);
  const shown: string[] = [];
  for (const document of documents) {
    shown.push(flags.markdown === true ? `${await ticketOf(client, document)}\n` : textOf(document, flags));
  }
  return { shown, more: cursor !== undefined };
}

async function pageOf(client: AgentClient, query: string) {
  const answer = await client.get(`/api/v1/incidents?${query}`, AGENT_TIMEOUT_MS);
  const page = answer.kind === 'document' ? incidentPage(answer.document) : null;
  if (page === null) throw client.unsuitable(answer);
  return page;
}

async function ticketOf(client: AgentClient, { id }: IncidentDocument): Promise<string> {
  const answer = await client.text(`/api/v1/incidents/${encodeURIComponent(id)}/ticket`, AGENT_TIMEOUT_MS);
  if (answer.kind === 'text') return answer.text;
  throw answer.kind === 'not_found'
    ? new UserError('agent_unsuitable', `the agent at ${client.url} no longer has incident ${id}`)
    : client.unsuitable(answer);
}

function incidentPage(
  document: unknown,
): { readonly incidents: readonly IncidentDocument[]; readonly next: string | null } | null {
  if (document === null || typeof document !== 'object') return null;
  const { incidents, next_cursor: next } = Object.fromEntries(Object.entries(document));
  if (!Array.isArray(incidents) || !incidents.every(isIncidentDocument)) return null;
  return { incidents, next: typeof next === 'string' ? next : null };
}

function isIncidentDocument(value: unknown): value is IncidentDocument {
  if (value === null || typeof value !== 'object') return false;
  const texts = ['id', 'group', 'cause', 'status', 'severity', 'began_at', 'summary'];
  return texts.every((name) => typeof Reflect.get(value, name) === 'string');
}
