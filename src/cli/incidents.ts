/** `gdoiwatch incidents`: what happened to the groups, for a person, a ticket or a program. */
import { Command, Option } from 'commander';
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { EXPLANATION_CAUSES, type ExplanationCause } from '../gdoi/explain/explanation.ts';
import type { Incident } from '../gdoi/incidents/incident.ts';
import {
  eventsOf,
  incidentDocument,
  incidentMarkdown,
  incidentText,
  spanOf,
} from '../gdoi/incidents/incident-document.ts';
import { createSystemClock } from '../kernel/clock.ts';
import type { EventHistory } from '../store/event-store.ts';
import { openSqliteStoreReadOnly } from '../store/sqlite/sqlite-store.ts';
import { instant, limit, storePath, type WhichStore } from './history-flags.ts';

interface IncidentsFlags extends WhichStore {
  readonly since?: number;
  readonly until?: number;
  readonly group?: string;
  readonly device?: string;
  readonly cause?: ExplanationCause;
  readonly limit: number;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

/** Events that are read for one incident. */
const MAX_EVENTS = 1000;

export function incidentsCommand(): Command {
  return new Command('incidents')
    .description('what happened to the groups, one entry a happening, the latest first')
    .option('--config <file>', 'the configuration whose store is read')
    .option('--store <file>', 'a store file (instead of --config)')
    .option('--since <when>', 'open at or after this instant: ISO 8601, or an age such as 30m, 24h, 7d', instant)
    .option('--until <when>', 'begun before this instant', instant)
    .option('--group <name>', 'of this group')
    .option('--device <name>', 'that concern this device')
    .addOption(new Option('--cause <cause>', 'with this cause').choices(EXPLANATION_CAUSES))
    .option('--limit <n>', 'at most so many', limit, 50)
    .addOption(new Option('--markdown', 'for a ticket').conflicts('json'))
    .option('--json', 'one JSON object a line, as the API gives them')
    .action(async (flags: IncidentsFlags) => {
      const nowMs = createSystemClock().wallMs();
      await using history = await openSqliteStoreReadOnly(await storePath(flags));
      const { since: sinceMs, until: untilMs, group, device, cause, limit: most } = flags;
      const found = await history.incidents({
        sinceMs,
        untilMs,
        group,
        device,
        cause,
        limit: most,
      });
      if (found.length === 0 && flags.json !== true) process.stdout.write('no such incidents\n');
      for (const incident of found) process.stdout.write(await shown(incident, history, flags, nowMs));
    });
}

async function shown(incident: Incident, history: EventHistory, flags: IncidentsFlags, nowMs: number): Promise<string> {
  if (flags.json !== true && flags.markdown !== true) return incidentText(incident);
  const events = await eventsDuring(incident, history, nowMs);
  return flags.json === true
    ? `${JSON.stringify(incidentDocument(incident, events))}\n`
    : `${incidentMarkdown(incident, events)}\n`;
}

async function eventsDuring(incident: Incident, history: EventHistory, nowMs: number): Promise<readonly GdoiEvent[]> {
  const [sinceMs, untilMs] = spanOf(incident, nowMs);
  const { events } = await history.query({
    sinceMs,
    untilMs,
    limit: MAX_EVENTS,
    order: 'oldest_first',
  });
  return eventsOf(incident, events, nowMs);
}
