/** A snapshot as indented `label: value` lines for a person, without what the output did not show. */
import { toDocument } from '../../gdoi/events/document.ts';
import type { Snapshot, UnnamedSnapshot } from '../../ios/text/parse-result.ts';

export function describeSnapshot(snapshot: Snapshot | UnnamedSnapshot): string {
  const { role, ...rest } = toDocument(snapshot);
  if (!('group' in rest)) return [`  ${role}`, ...lines(rest, '    ')].join('\n');
  const { group, ...values } = rest;
  const title = group === null ? `  ${role} of a group that is not named` : `  ${role} of group ${group}`;
  return [title, ...lines(values, '    ')].join('\n');
}
function lines(value: object, indent: string): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    if (inner === null) return [];
    if (typeof inner !== 'object')
      return [`${indent}${name}: ${typeof inner === 'string' ? inner : JSON.stringify(inner)}`];
    if (Array.isArray(inner)) return list(name, inner, indent);
    const nested = lines(inner, `${indent}  `);
    return nested.length === 0 ? [] : [`${indent}${name}:`, ...nested];
  });
}

function list(name: string, items: readonly unknown[], indent: string): string[] {
  const header = `${indent}${name}: ${items.length}`;
  return [
    header,
    ...items.map((item) => {
      if (item === null || typeof item !== 'object') return `${indent}  ${String(item)}`;
      const known = Object.entries(item).filter(([, value]) => value !== null);
      return `${indent}  ${known.map(([key, value]) => `${key} ${String(value)}`).join(', ')}`;
    }),
  ];
}
