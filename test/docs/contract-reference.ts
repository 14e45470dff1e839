/** The names of docs/contract.md: which exist, as the code has them, and which are reserved. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAUSES, EVENT_TYPES } from '../../src/gdoi/events/event.ts';
import { eventDocument } from '../../src/gdoi/events/event-document.ts';
import { anEvent } from '../builders/event-builder.ts';
import { serve } from '../http/served.ts';
import { commandHelps } from './commands-reference.ts';
import { configurationReference } from './configuration-reference.ts';
import { type NameKind, RESERVED } from './contract-names.ts';
import { ROOT } from './documents.ts';
import { code, table } from './generated-part.ts';
import { metricsReference } from './metrics-reference.ts';

/** Routes that the OpenAPI document leaves out: they are not of the API. */
const UNDESCRIBED = ['/metrics', '/-/healthy', '/-/ready', '/api/openapi.json'];

export type Names = Readonly<Record<NameKind, readonly string[]>>;

/** Every name of each kind that the program has. Settings are without `NAME` and `[]`: `credentials.username`. */
export async function existingNames(): Promise<Names> {
  const helps = commandHelps().map(({ command, flags }) => ({ name: command.replace('gdoiwatch ', ''), flags }));
  return {
    commands: helps.flatMap(({ name, flags }) => [name, ...Array.from(flags, (flag) => `${name} ${flag}`)]),
    events: EVENT_TYPES,
    causes: CAUSES,
    eventFields: Object.keys(eventDocument(anEvent({ id: 'e1', cell: 'default' }), null)),
    paths: await servedPaths(),
    settings: settings(),
    metrics: namesIn(await metricsReference(), /^\| `(gdoi_\w+)`/gm),
    alerts: namesIn(readFileSync(join(ROOT, 'dashboards/prometheus/rules.yml'), 'utf8'), /alert: (Gdoi\w+)/g),
  };
}

async function servedPaths(): Promise<readonly string[]> {
  await using served = await serve();
  const { paths } = await served.json<{ readonly paths: Readonly<Record<string, unknown>> }>('/api/openapi.json');
  const others = [];
  for (const path of UNDESCRIBED) if ((await served.get(path)).status !== 404) others.push(path);
  return [...others, ...Object.keys(paths)];
}

/** A key that this version only refuses, with a reason, does not exist yet. */
function settings(): readonly string[] {
  const keys = Array.from(configurationReference().matchAll(/^\| `([^`]+)` \|.*$/gm))
    .filter(([row]) => !row.includes('not in this version'))
    .map(([, key = '']) => key.replaceAll('[]', '').replaceAll('.NAME', ''));
  return [...new Set(keys)];
}

function namesIn(text: string, pattern: RegExp): readonly string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, name = '']) => name))];
}

/** A setting exists also as the end, or a section, of a longer one: `source_address` in `devices.source_address`. */
export function exists(kind: NameKind, name: string, names: Names): boolean {
  if (kind !== 'settings') return names[kind].includes(name);
  return names.settings.some((setting) => `.${setting}.`.includes(`.${name}.`));
}

const HEADINGS: Readonly<Record<NameKind, string>> = {
  commands: 'commands and flags',
  settings: 'configuration keys',
  paths: 'HTTP paths',
  events: 'types of events',
  causes: 'causes',
  eventFields: 'fields of an event',
  metrics: 'metrics',
  alerts: 'alerts',
};

/** Where all of a kind are described; those are not listed again. */
const LISTED_IN: Partial<Readonly<Record<NameKind, string>>> = {
  settings: '[configuration.md](configuration.md)',
  metrics: '[metrics.md](metrics.md)',
};

export async function contractReference(): Promise<string> {
  const names = await existingNames();
  const rows = (Object.keys(HEADINGS) as readonly NameKind[]).map((kind) => {
    const now = kind === 'commands' ? names.commands.filter((name) => !name.includes('--')) : names[kind];
    const reserved = RESERVED[kind].filter((name) => !exists(kind, name, names));
    return [
      HEADINGS[kind],
      LISTED_IN[kind] ?? listed(kind, now),
      reserved.length === 0 ? 'none' : reserved.map(code).join(', '),
    ];
  });
  return `## Names\n\n${table(['kind', 'now', 'reserved'], rows)}`;
}

function listed(kind: NameKind, names: readonly string[]): string {
  return kind === 'alerts' ? names.join(', ') : names.map(code).join(', ');
}
