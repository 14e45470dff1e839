/** What a walk asks and takes, without a network. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Varbind } from '../../src/gdoi/seen/varbind.ts';
import {
  type BulkAnswer,
  type BulkRequest,
  ColumnWalk,
  NOTHING_WALKED,
  type WalkBounds,
  WALK_BOUNDS,
  type WalkMemory,
} from '../../src/access/snmp/column-walk.ts';
import { comesAfter, liesBelow } from '../../src/access/snmp/oid.ts';

const parts = (oid: string) => oid.split('.').map(Number);
const compare = (left: string, right: string): number => {
  const [a, b] = [parts(left), parts(right)];
  for (const [index, part] of a.entries()) if (part !== (b[index] ?? -1)) return part - (b[index] ?? -1);
  return a.length - b.length;
};

/** An agent over sorted rows; `cut` decides after how many varbinds its answer ends. */
function answerOf(rows: readonly Varbind[], request: BulkRequest, cut: () => number): BulkAnswer {
  const after = (oid: string) => rows.find((row) => compare(row.oid, oid) > 0) ?? null;
  let left = cut();
  const single: Array<Varbind | null> = [];
  for (const oid of request.oids.slice(0, request.nonRepeaters)) if (left-- > 0) single.push(after(oid));
  const repeated: Array<Array<Varbind | null>> = [];
  let row = request.oids.slice(request.nonRepeaters);
  for (let repetition = 0; repetition < request.maxRepetitions; repetition += 1) {
    row = row.map((oid, index) => {
      const found = after(oid);
      if (left-- > 0) (repeated[index] ??= []).push(found);
      return found?.oid ?? oid;
    });
  }
  return { single, repeated };
}

const agentOf = (rows: Iterable<[string, number]>): Varbind[] =>
  [...rows].map(([oid, value]) => ({ oid, value })).toSorted((left, right) => compare(left.oid, right.oid));

function walked(
  rows: readonly Varbind[],
  request: { scalars?: string[]; columns?: string[] },
  options: { memory?: WalkMemory; cut?: () => number; bounds?: WalkBounds } = {},
) {
  const { memory = NOTHING_WALKED, cut = () => Number.POSITIVE_INFINITY, bounds = WALK_BOUNDS } = options;
  const walk = new ColumnWalk({ scalars: request.scalars ?? [], columns: request.columns ?? [] }, memory, bounds);
  const requests: BulkRequest[] = [];
  for (let next = walk.next(); next !== null; next = walk.next()) {
    requests.push(next);
    const answer = answerOf(rows, next, cut);
    const varbinds = answer.repeated.reduce((sum, { length }) => sum + length, answer.single.length);
    const problem = walk.take(answer, 60 + varbinds * 50);
    if (problem !== null) return { walk, requests, problem };
  }
  return { walk, requests, problem: null };
}

describe('the order of object identifiers', () => {
  const oid = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 5 }).map((list) => list.join('.'));

  test('is that of their numbers, whatever their digits', () => {
    fc.assert(
      fc.property(oid, oid, (left, right) => {
        expect(comesAfter(left, right)).toBe(compare(right, left) > 0);
      }),
    );
  });

  test('an OID is below another one if it begins with it', () => {
    expect(liesBelow('1.3.6', '1.3.6.1')).toBe(true);
    expect(liesBelow('1.3.6', '1.3.61')).toBe(false);
    expect(liesBelow('1.3.6', '1.3.6')).toBe(false);
  });
});

describe('a walk', () => {
  const columns = ['1.1.2', '1.1.3', '1.2.2'];
  const table = fc.uniqueArray(
    fc.tuple(fc.constantFrom('1.1.2', '1.1.3', '1.2.2', '1.1.1', '1.3.9'), fc.integer({ min: 1, max: 40 })),
    { selector: ([column, row]) => `${column}.${row}`, maxLength: 60 },
  );

  test('gives exactly the rows of its columns, however the agent splits its answers', () => {
    fc.assert(
      fc.property(table, fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (cells, cuts) => {
        const rows = agentOf(cells.map(([column, row]) => [`${column}.${row}`, row]));
        const { walk, problem } = walked(rows, { columns }, { cut: () => cuts.next().value ?? 1 });
        expect(problem).toBeNull();
        const wanted = rows.filter(({ oid }) => columns.some((column) => liesBelow(column, oid)));
        expect(walk.varbinds.toSorted((left, right) => compare(left.oid, right.oid))).toEqual(wanted);
        const empty = columns.filter((column) => !rows.some(({ oid }) => liesBelow(column, oid)));
        expect(walk.emptyColumns).toEqual(empty);
      }),
    );
  });

  test('asks for scalars and columns together: a GM with one KEK takes one request', () => {
    const rows = agentOf([
      ['1.0.1.0', 11],
      ['1.0.2.0', 12],
      ...['1.1.2', '1.1.3', '1.2.2'].map((column): [string, number] => [`${column}.1`, 1]),
      ['9.9', 9],
    ]);
    const { walk, requests } = walked(rows, { scalars: ['1.0.1.0', '1.0.2.0'], columns });
    expect(requests).toHaveLength(1);
    expect(walk.varbinds.map(({ oid }) => oid)).toEqual(['1.0.1.0', '1.0.2.0', '1.1.2.1', '1.1.3.1', '1.2.2.1']);
  });

  test('asks the next time for no more rows than there were, and the one that shows the end', () => {
    const rows = agentOf([
      ['1.1.2.1', 1],
      ['1.1.3.1', 1],
      ['9.9', 9],
    ]);
    const first = walked(rows, { columns: ['1.1.2', '1.1.3'] });
    expect(first.requests[0]?.maxRepetitions).toBe(12);
    const second = walked(rows, { columns: ['1.1.2', '1.1.3'] }, { memory: first.walk.memory });
    expect(second.requests.map(({ maxRepetitions }) => maxRepetitions)).toEqual([2]);
  });

  test('lets a column drop out when it has ended, and the others have its room', () => {
    const rows = agentOf([
      ['1.1.2.1', 1],
      ...Array.from({ length: 60 }, (_, index): [string, number] => [`1.2.2.${index + 1}`, index]),
      ['9.9', 9],
    ]);
    const { requests } = walked(rows, { columns: ['1.1.2', '1.2.2'] });
    expect(requests.map(({ oids }) => oids.length)).toEqual([2, 1, 1]);
  });

  test('asks for as much as fits 1400 octets by the answers so far', () => {
    const many = agentOf(Array.from({ length: 400 }, (_, index): [string, number] => [`1.1.2.${index + 1}`, 1]));
    const walk = new ColumnWalk({ scalars: [], columns: ['1.1.2'] }, NOTHING_WALKED);
    const first = walk.next()!;
    walk.take(
      answerOf(many, first, () => 999),
      25 * 100,
    );
    expect([first.maxRepetitions, walk.next()?.maxRepetitions]).toEqual([25, 14]);
  });

  test('asks for less after tooBig, once', () => {
    const walk = new ColumnWalk({ scalars: [], columns }, NOTHING_WALKED);
    expect(walk.next()?.maxRepetitions).toBe(8);
    expect(walk.shrink()).toBe(true);
    expect(walk.next()?.maxRepetitions).toBe(1);
    expect(walk.shrink()).toBe(false);
  });

  test('has null for a scalar that is not there, and for one after which nothing is', () => {
    const { walk } = walked(agentOf([['1.0.2.0', 12]]), { scalars: ['1.0.1.0', '1.0.2.0', '1.0.3.0'] });
    expect(walk.varbinds).toEqual([
      { oid: '1.0.1.0', value: null },
      { oid: '1.0.2.0', value: 12 },
      { oid: '1.0.3.0', value: null },
    ]);
  });

  const take = (...found: Array<Varbind | null>) => {
    const walk = new ColumnWalk({ scalars: [], columns: ['1.5'] }, NOTHING_WALKED);
    walk.next();
    return { walk, problem: walk.take({ single: [], repeated: [found] }, 100) };
  };

  test.each([
    ['repeat', ['1.5.2', '1.5.2']],
    ['go back', ['1.5.2', '1.5.1']],
    ['go back before the column', ['1.5.2', '1.4.9']],
    ['are not after what was asked', ['1.4.9']],
  ])('ends as a problem when rows %s', (_, oids) => {
    expect(take(...oids.map((oid) => ({ oid, value: 1 }))).problem).toEqual({ kind: 'backwards', column: '1.5' });
  });

  test('ends as a problem when an answer is empty', () => {
    expect(take().problem).toEqual({ kind: 'empty' });
  });

  test.each(['varbinds', 'requests', 'octets'] as const)('ends as a problem at the bound for %s', (what) => {
    const bounds = { ...WALK_BOUNDS, [what]: 20 };
    const rows = agentOf(Array.from({ length: 300 }, (_, index): [string, number] => [`1.1.2.${index + 1}`, 1]));
    const { problem } = walked(
      rows,
      { columns: ['1.1.2'] },
      { bounds, ...(what === 'requests' ? { cut: () => 1 } : {}) },
    );
    expect(problem).toEqual({ kind: 'bound', what });
  });
});
