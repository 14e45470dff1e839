/** `gdoiwatch events`: what happened, from a running agent or from a store. */
import { Command, Option } from 'commander';
import { CAUSES, EVENT_TYPES, type GdoiEvent } from '../gdoi/events/event.ts';
import { type EventDocument, eventDocument, isoInstant } from '../gdoi/events/event-document.ts';
import { aroundSeconds, isToTheSecond } from '../gdoi/events/instant-text.ts';
import { incidentOfEvent, incidentsAround } from '../gdoi/incidents/incident-events.ts';
import { createSystemClock } from '../kernel/clock.ts';
import type { UserError } from '../kernel/user-error.ts';
import { type EventHistory, MAX_PAGE_EVENTS } from '../store/event-store.ts';
import { openSqliteStoreReadOnly } from '../store/sqlite/sqlite-store.ts';
import type { AgentClient } from './agent-client.ts';
import { errorLine } from './error-line.ts';
import { type AskEvents, type EventsAsked, type Found, isEventDocument } from './events-asked.ts';
import { eventsAsTheyCome } from './follow-events.ts';
import {
  AGENT_TIMEOUT_MS,
  historySource,
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
import { takeSignals } from './signals.ts';

interface EventsFlags extends WhichHistory, EventsAsked {
  readonly json?: boolean;
  readonly follow?: boolean;
}

export function eventsCommand(): Command {
  const command = new Command('events').description('show the event history of an agent, newest first');
  return withHistoryFlags(command)
    .addOption(sinceFlag('only from this time on'))
    .addOption(untilFlag('only before this time'))
    .option('--device <name>', 'only of this device')
    .option('--group <name>', 'only of this group')
    .addOption(new Option('--type <type>', 'only of this type').choices(EVENT_TYPES))
    .addOption(new Option('--cause <cause>', 'only re-registrations with this cause').choices(CAUSES))
    .option('--unexpected', 'only unexpected re-registrations: those that on-call must look at')
    .addOption(limitFlag())
    .addOption(
      new Option(
        '--follow',
        'show the latest events, oldest first, then each new one as it comes, until Ctrl-C',
      ).conflicts('until'),
    )
    .addOption(jsonLinesFlag())
    .action(async (flags: EventsFlags) => {
      const source = await historySource(flags);
      if (source.kind === 'agent') return show(flags, (asked) => eventsOfAgent(source.client, asked), source.client);
      await using history = await openSqliteStoreReadOnly(source.path, warnOfDamage);
      return await show(flags, (asked) => eventsOfStore(history, asked), null);
    });
}

async function show(flags: EventsFlags, ask: AskEvents, client: AgentClient | null): Promise<void> {
  if (flags.follow === true) {
    using signals = takeSignals();
    const around = { client, clock: createSystemClock(), stop: signals.stop, onAway: sayAway };
    const coming = eventsAsTheyCome({ ask, asked: flags, ...around });
    for await (const event of coming)
      process.stdout.write(flags.json ? jsonLine(event) : `${cells(event).join('  ')}\n`);
    return;
  }
  const { events, more } = await ask(flags);
  process.stdout.write(flags.json ? events.map(jsonLine).join('') : table(events));
  if (more) process.stderr.write(`more than ${flags.limit} events; see --limit, --since, --until\n`);
}

function sayAway(reason: UserError | null): void {
  process.stderr.write(reason === null ? 'it answers again\n' : `waiting: ${errorLine(reason)}`);
}

async function eventsOfStore(history: EventHistory, asked: EventsAsked): Promise<Found> {
  const { since: sinceMs, until: untilMs, device, group, type, cause, unexpected, limit: most } = asked;
  const filter = { sinceMs, untilMs, device, group, type, cause, unexpected };
  const page = await history.query({ ...filter, limit: most, order: 'newest_first' });
  const incidentOf = await incidentIdsIn(history, page.events);
  const events = page.events.map((event) => eventDocument(event, incidentOf(event)));
  return { events, more: page.nextCursor !== null };
}

async function incidentIdsIn(history: EventHistory, events: readonly GdoiEvent[]) {
  const instants = events.map(({ atMs }) => atMs);
  const around = incidentsAround(Math.min(...instants), Math.max(...instants));
  const nowMs = createSystemClock().wallMs();
  const known = events.length === 0 ? [] : (await history.incidents({ ...around, limit: MAX_PAGE_EVENTS })).incidents;
  return (event: GdoiEvent) => incidentOfEvent(event, known, nowMs)?.id ?? null;
}

async function eventsOfAgent(client: AgentClient, asked: EventsAsked): Promise<Found> {
  const { device, group, type, cause, unexpected, since, until, limit: most } = asked;
  const filter = { device, group, type, cause, unexpected, since: isoOrAbsent(since), until: isoOrAbsent(until) };
  const answer = await client.get(`/api/v1/events?${queryOf({ ...filter, limit: most })}`, AGENT_TIMEOUT_MS);
  const page = answer.kind === 'document' ? eventPage(answer.document) : null;
  if (page === null) throw client.unsuitable(answer);
  return page;
}

function eventPage(document: unknown): Found | null {
  if (document === null || typeof document !== 'object') return null;
  const { events, next_cursor: next } = Object.fromEntries(Object.entries(document));
  return Array.isArray(events) && events.every(isEventDocument) ? { events, more: next !== null } : null;
}

function jsonLine(event: EventDocument): string {
  return `${JSON.stringify(event)}\n`;
}

function cells({ at, between, severity, type, device, group, cause, summary }: EventDocument): readonly string[] {
  return [whenText(at, between), severity, type, device ?? '', group ?? '', cause ?? '', summary];
}

/** If it is not known to the second: the interval, as ISO 8601 writes it. */
function whenText(at: string, between: EventDocument['between']): string {
  const [fromMs, toMs] = [Date.parse(between[0]), Date.parse(between[1])];
  return isToTheSecond(fromMs, toMs)
    ? isoInstant(Math.round(Date.parse(at) / 1000) * 1000)
    : aroundSeconds(fromMs, toMs).map(isoInstant).join('/');
}

function table(events: readonly EventDocument[]): string {
  if (events.length === 0) return 'no such events\n';
  const all = [['at', 'severity', 'type', 'device', 'group', 'cause', 'summary'], ...events.map(cells)];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
