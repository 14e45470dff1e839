/** The NACM rules that docs/routers.md gives: they let through exactly what the agent asks. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RESTCONF_PATHS } from '../../src/access/restconf-path.ts';

const RULES = /```xml\n(<nacm [\s\S]*?<\/nacm>)\n```/.exec(readFileSync('docs/routers.md', 'utf8'))?.[1] ?? '';

/** `/restconf/data/module:a/b?fields=...` -> `/a/b`: rules name nodes by a prefix of their own. */
const nodeOf = (path: string) =>
  path
    .replace(/^\/restconf\/data/, '')
    .replace(/\?.*$/, '')
    .replaceAll(/\/[\w-]+:/g, '/');

test('permit reading of every path that is asked, and of nothing else', () => {
  const permitted = [
    ...RULES.matchAll(
      /<path [^>]*>([^<]*)<\/path>\s*<access-operations>read<\/access-operations>\s*<action>permit<\/action>/g,
    ),
  ];
  expect(permitted.map(([, path = '']) => nodeOf(path)).toSorted()).toEqual([...RESTCONF_PATHS].map(nodeOf).toSorted());
  expect(RULES.match(/<action>permit<\/action>/g)).toHaveLength(RESTCONF_PATHS.length);
});

test('end with a rule that denies everything else', () => {
  const last = RULES.slice(RULES.lastIndexOf('<rule>'));
  expect(last.replaceAll(/\s+/g, '')).toContain(
    '<module-name>*</module-name><access-operations>*</access-operations><action>deny</action>',
  );
});

test('name each node by the namespace of its module', () => {
  const namespaces = new Set([...RULES.matchAll(/xmlns:\w+="([^"]*)"/g)].map(([, name]) => name));
  const modules = new Set(RESTCONF_PATHS.map((path) => path.split(/[/:]/)[3] ?? ''));
  expect(new Set([...namespaces].map((name) => name?.replace(/^.*[/:]/, '')))).toEqual(modules);
});
