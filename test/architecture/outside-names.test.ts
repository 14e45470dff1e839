/** No name from outside is looked up in a plain object: see `outside-names.ts` for how that is known. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sourceFiles } from './imports.ts';
import { openKeysOf } from './outside-names.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** Files that may say that any text is a key, how often, and why nothing is looked up there by a name from outside. */
const ALLOWED: ReadonlyMap<string, readonly [times: number, why: string]> = new Map(
  Object.entries({
    'access/listeners/drop-counts.ts': [1, 'counts as they are shown: walked'],
    'access/pushed.ts': [1, 'counts as they are shown: walked'],
    'access/restconf/restconf-connection.ts': [1, "Node's headers: asked for by names of ours"],
    'agent/record/recorded-values.ts': [1, 'written as JSON'],
    'config/credentials.ts': [1, 'walked into a map'],
    'config/load/load.ts': [1, "Node's environment, handed on"],
    'config/mapping.ts': [1, 'of the file: walked, and looked up by its own keys and by names of ours'],
    'config/resolved-config.ts': [3, 'labels and settings: walked'],
    'config/run-program.ts': [1, "Node's environment, handed on"],
    'config/secret-source.ts': [1, "Node's environment: own properties only"],
    'config/service-discovery/target-groups.ts': [2, 'labels: walked'],
    'store/postgres/connections.ts': [1, 'columns: asked for by names of ours'],
    'config/resolved-web.ts': [1, 'headers: walked'],
    'export/alertmanager/alert-message.ts': [2, 'labels: walked; labels of the rules'],
    'export/alertmanager/alertmanager-push.ts': [1, 'labels: walked'],
    'export/alertmanager/alerts-of-event.ts': [1, 'labels: walked'],
    'export/alertmanager/firing-alerts.ts': [1, 'labels: walked'],
    'export/label-text.ts': [1, 'labels: walked'],
    'gdoi/seen/snapshot.ts': [1, "kinds of the parser's own: walked"],
    'http/guard/security-headers.ts': [1, 'headers: walked'],
    'http/base/options.ts': [1, 'headers: walked'],
    'ios/commands/gm-dataplane.ts': [1, "kinds of the parser's own"],
    'ios/text/command-name.ts': [1, 'own properties only'],
    'model/device-view.ts': [1, 'labels: walked'],
    'model/read-model.ts': [1, 'counts as they are shown: walked'],
    'page/agent-api.ts': [1, 'headers for fetch'],
    'simulator/render/render-yang.ts': [1, 'written as JSON'],
    'page/route.ts': [2, 'parameters of the page itself'],
  }),
);

test('no type says that any text is a key of it, but for those where nothing from outside is looked up', () => {
  const found = sourceFiles().flatMap((file) => {
    const keys = openKeysOf(file, readFileSync(`${SRC}${file}`, 'utf8'));
    return keys.length > (ALLOWED.get(file)?.[0] ?? 0) ? keys.map(({ line, text }) => `${file}:${line} ${text}`) : [];
  });
  expect(found).toEqual([]);
});

test('nothing is allowed that is not there', () => {
  const files = new Set(sourceFiles());
  const stale = [...ALLOWED].filter(([file, [times]]) => {
    const keys = files.has(file) ? openKeysOf(file, readFileSync(`${SRC}${file}`, 'utf8')) : [];
    return keys.length < times;
  });
  expect(stale.map(([file]) => file)).toEqual([]);
});

test.each([
  ['a record of any text', 'const a: Record<string, number> = {};'],
  ['a record within another type', 'type A = Readonly<Partial<Record<string, number>>>;'],
  ['an index signature', 'interface A { readonly [name: string]: number }'],
  ['a mapped type', 'type A = { [name in string]: number };'],
  ['a pattern of text', 'type A = Record<`x-${string}`, number>;'],
  ['any property key', 'type A = Record<PropertyKey, number>;'],
  ['a variable of fromEntries', 'const a = Object.fromEntries(entries);'],
  ['a question by in', 'const a = name in table;'],
])('%s is found', (_, text) => {
  expect(openKeysOf('probe.ts', text)).toHaveLength(1);
});

test.each([
  ['a record of closed keys', "type A = Record<'gm' | 'ks', number>;"],
  ['a map', 'const a = new Map<string, number>();'],
  ['a table that satisfies a record', 'const a = { b: 1 } as const satisfies Record<string, number>;'],
  ['a question for one name by in', "const a = 'kind' in value;"],
  ['entries handed on', 'send(Object.fromEntries(entries));'],
])('%s is not', (_, text) => {
  expect(openKeysOf('probe.ts', text)).toEqual([]);
});
