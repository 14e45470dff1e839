/** The metrics as Markdown tables: name, type and help of the exposition itself, labels of its samples. */
import { POLL_RESULTS } from '../../src/model/poll-result.ts';
import { CAUSES, EVENT_TYPES } from '../../src/gdoi/events/event.ts';
import { EXPLANATION_CAUSES } from '../../src/gdoi/explain/explanation.ts';
import { FORECAST_CAUSES } from '../../src/gdoi/keys/forecast.ts';
import { fullExposition } from './full-exposition.ts';
import { code, table } from './generated-part.ts';

export async function metricsReference(): Promise<string> {
  const { device, group, agent } = await fullExposition();
  const devices = familiesOf(device);
  return `## Devices

Every series has the label \`device\`.

${tableOf(devices.filter(({ name }) => /^gdoi_(?!gm_|ks_)/.test(name)))}

## Group members

${tableOf(devices.filter(({ name }) => name.startsWith('gdoi_gm_')))}

## Key servers

${tableOf(devices.filter(({ name }) => name.startsWith('gdoi_ks_')))}

## Groups and events

${tableOf(familiesOf(group))}

## The agent

${tableOf(familiesOf(agent).filter(({ name }) => name.startsWith('gdoi_')))}

## Values of labels

${table(
  ['label', 'values'],
  [
    ['`result`', values(POLL_RESULTS)],
    ['`cause` of a re-registration', values(CAUSES.filter((cause) => cause !== 'initial'))],
    ['`cause` of a forecast', values(FORECAST_CAUSES)],
    ['`cause` of an incident', values(EXPLANATION_CAUSES)],
    ['`type` of an event', values(EVENT_TYPES)],
  ],
)}`;
}

interface Family {
  readonly name: string;
  type: string;
  help: string;
  readonly labels: Set<string>;
}

/** Families of an exposition, in its order. */
function familiesOf(text: string): readonly Family[] {
  const families = new Map<string, Family>();
  const family = (name: string): Family => {
    const known = families.get(name) ?? { name, type: '', help: '', labels: new Set() };
    families.set(name, known);
    return known;
  };
  for (const line of text.split('\n')) {
    const [, kind, named = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'HELP') family(named).help = rest;
    else if (kind === 'TYPE') family(named).type = rest;
    else {
      const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
      if (name === undefined) continue;
      for (const [, label = ''] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) family(name).labels.add(label);
    }
  }
  return [...families.values()];
}

function tableOf(families: readonly Family[]): string {
  return table(
    ['metric', 'type', 'labels', 'meaning'],
    families.map(({ name, type, help, labels }) => [code(name), type, [...labels].map(code).join(', '), help]),
  );
}

function values(all: readonly string[]): string {
  return all.map(code).join(', ');
}
