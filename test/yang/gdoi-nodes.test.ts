/**
 * The table of nodes compared with the published modules, if these are present (they are Cisco's and not part of this
 * tree).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { GDOI_NODE_NAMES, GDOI_NODES, type NodeShape } from '../../src/yang/gdoi-nodes.ts';
import { type ListedNode, nodesOf } from './yang-module.ts';

const MODULES = fileURLToPath(new URL('../../../shared/yang/', import.meta.url));
const revisions = existsSync(MODULES)
  ? readdirSync(MODULES).filter((name) => name.startsWith('Cisco-IOS-XE-crypto-oper'))
  : [];

describe.runIf(revisions.length > 0)('the table of nodes', () => {
  const published = revisions.map((name) => nodesOf(readFileSync(`${MODULES}${name}`, 'utf8'), 'crypto-oper-data'));

  test.each(GDOI_NODE_NAMES)('has every leaf of every revision for %s', (node) => {
    for (const module of published) {
      const listed = module.get(node);
      expect(listed === undefined ? `no ${node}` : unknownLeaves(listed, GDOI_NODES[node], node)).toEqual([]);
    }
  });

  test.each(GDOI_NODE_NAMES)('has no leaf for %s that no revision has', (node) => {
    const all = published.flatMap((module) => module.get(node) ?? []);
    expect(inventedLeaves(all, GDOI_NODES[node], node)).toEqual([]);
  });
});

test('the comparison finds a leaf that the table lacks and one that it has too many', () => {
  const listed: ListedNode = { leaves: new Set(['a', 'b']), inner: new Map() };
  expect(unknownLeaves(listed, { leaves: ['a'] }, 'x')).toEqual(['x/b']);
  expect(inventedLeaves([listed], { leaves: ['a', 'b', 'c'] }, 'x')).toEqual(['x/c']);
});

function unknownLeaves(listed: ListedNode, shape: NodeShape, at: string): readonly string[] {
  return [
    ...[...listed.leaves].filter((leaf) => !shape.leaves.includes(leaf)).map((leaf) => `${at}/${leaf}`),
    ...[...listed.inner].flatMap(([name, node]) => {
      const inner = shape.inner?.get(name);
      return inner === undefined ? [`${at}/${name}`] : unknownLeaves(node, inner, `${at}/${name}`);
    }),
  ];
}

function inventedLeaves(listed: readonly ListedNode[], shape: NodeShape, at: string): readonly string[] {
  return [
    ...shape.leaves.filter((leaf) => !listed.some(({ leaves }) => leaves.has(leaf))).map((leaf) => `${at}/${leaf}`),
    ...[...(shape.inner ?? [])].flatMap(([name, inner]) => {
      const nodes = listed.flatMap((node) => node.inner.get(name) ?? []);
      return nodes.length === 0 ? [`${at}/${name}`] : inventedLeaves(nodes, inner, `${at}/${name}`);
    }),
  ];
}
