/**
 * Answers that say the same again and again, of every command, table and node that is read: twice as much costs twice
 * the work, counted and not timed, and what is kept of it is bounded. A new parser is covered by its golden text, a new
 * table or node by its description.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import { decodeGdoi as decodeMib } from '../../src/mib/decode-gdoi.ts';
import type { GdoiColumn, GdoiTable } from '../../src/mib/gdoi-column.ts';
import { GDOI_COLUMNS, GDOI_TABLES } from '../../src/mib/gdoi-oids.ts';
import { NOTHING_LEARNT_BY_SNMP, rememberReply } from '../../src/mib/snmp-memory.ts';
import { decodeGdoi as decodeYang } from '../../src/yang/decode-gdoi.ts';
import { GDOI_NODE_NAMES, GDOI_NODES, type NodeShape } from '../../src/yang/gdoi-nodes.ts';
import { deviceFacts } from '../../src/yang/system-data.ts';
import { gdoiModelOf } from '../../src/yang/yang-library.ts';
import { emptyGmSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { shownTeks } from '../../src/gdoi/keys/tek-identity.ts';
import { MOST_ACES, MOST_IKE_SAS, MOST_IPSEC_FLOWS, MOST_MEMBERS, MOST_TEKS } from '../../src/gdoi/seen/row-bounds.ts';
import { WorkCounter } from '../builders/counted-work.ts';
import { half } from '../builders/half.ts';
import { wholeGoldenTexts } from '../ios/golden-texts.ts';
import { encodeIdentity, octets, READ_AT_MS, replyOf, rowOf } from '../builders/gdoi-reply-builder.ts';
import { aTek } from '../builders/snapshots.ts';

let counter: WorkCounter;
beforeAll(async () => {
  counter = await WorkCounter.started();
});
afterAll(() => counter[Symbol.asyncDispose]());

/** For twice the input. A sort is a little more than linear; work on each of all others would be four times as much. */
const MOST_FOR_TWICE = 2.4;
/** Below this, what does not depend on the input counts for much. */
const TELLING_WORK = 5_000;

interface Growth<Item, Result> {
  readonly item: Item;
  readonly grows: number;
  readonly result: Result;
}

/** How the work on each grows when it is done on twice as much. */
async function growths<Item, Result>(
  items: readonly Item[],
  of: (item: Item, factor: 1 | 2) => () => Result,
): Promise<readonly Growth<Item, Result>[]> {
  const counted = await counter.ofEach(items.flatMap((item) => [of(item, 1), of(item, 2)]));
  return items.map((item, index) => {
    const [once, twice] = counted.slice(2 * index);
    if (once === undefined || twice === undefined) throw new Error('not counted');
    return { item, grows: twice.work < TELLING_WORK ? 1 : twice.work / once.work, result: twice.result };
  });
}

/** The work on so many repetitions and on twice as many. */
async function growth<Result>(times: number, of: (times: number) => () => Result): Promise<Growth<number, Result>> {
  const [only] = await growths([times], (item, factor) => of(factor * item));
  if (only === undefined) throw new Error('not counted');
  return only;
}

const isSteep = ({ grows }: { readonly grows: number }) => grows > MOST_FOR_TWICE;

/** Lists that may be longer than others, by their names in a snapshot. */
const LONG_LISTS: Readonly<Record<string, number>> = {
  memberDetails: MOST_MEMBERS,
  features: MOST_MEMBERS,
  acl: MOST_ACES,
  teks: MOST_TEKS,
  sas: MOST_IKE_SAS,
  flows: MOST_IPSEC_FLOWS,
  // Read once and then left: of a log two thousand lines are kept.
  messages: Number.POSITIVE_INFINITY,
};
/** Any other list; of each of 256 groups there is one snapshot as GM and one as KS. */
const MOST_ROWS = 512;

/** Lists that are longer than they may be. */
function tooLong(value: unknown, name = ''): readonly string[] {
  if (value === null || typeof value !== 'object') return [];
  if (!Array.isArray(value)) return Object.entries(value).flatMap(([key, inner]) => tooLong(inner, key));
  const own = value.length > (LONG_LISTS[name] ?? MOST_ROWS) ? [`${name}: ${value.length}`] : [];
  return [...own, ...value.flatMap((item) => tooLong(item, name))];
}

describe('an answer of the CLI that repeats', () => {
  /** Another name and another address each time. */
  const numbered = (line: string, index: number) =>
    line
      .replaceAll(/(?<=[A-Za-z-])\d+(?![\d.:])/g, (digits) => String(Number(digits) + index))
      .replaceAll(/\d{1,3}\.\d{1,3}(?=\.\d{1,3}\.\d)/g, `${(index >> 8) & 255}.${index & 255}`);
  const repeated = (lines: readonly string[], times: number) =>
    Array.from({ length: times }, (_, index) => lines.map((line) => numbered(line, index)).join('\n'));

  /** By command, its longest golden text. */
  const commands = new Map<string, readonly string[]>();
  for (const { text } of wholeGoldenTexts()) {
    for (const { kind, command } of parseCapturedText(text).slice(0, 1)) {
      const lines = text.split('\n').filter((line) => !/^\S{1,64}[#>]/.test(line));
      if (kind === 'parsed' && (commands.get(command)?.length ?? 0) < lines.length) commands.set(command, lines);
    }
  }
  const answers = [...commands];

  /** Where its lines stand; of lines that differ in numbers alone, the last one. */
  const placesOf = (lines: readonly string[]) => [
    ...new Map(lines.map((line, at) => [line.replaceAll(/[\d.:]+/g, '0'), at])).values(),
  ];

  test.each(half(answers, { otherWay: true }))(
    'as a whole (%s) costs proportional work, and is read up to a bound',
    async (command, lines) => {
      const { grows, result } = await growth(150, (times) => {
        const text = repeated(lines, times).join('\n');
        return () => parseCommandOutput(command, text, 'prompt');
      });
      expect(grows).toBeLessThan(MOST_FOR_TWICE);
      expect(result.kind).toBe('parsed');
      expect(result.kind === 'parsed' ? tooLong(result.snapshots) : []).toEqual([]);
    },
  );

  test.each(half(answers))('one of its lines (%s) does too', async (command, lines) => {
    const grown = await growths(placesOf(lines), (at, factor) => {
      const rows = repeated([lines[at] ?? ''], 300 * factor);
      const text = [...lines.slice(0, at), ...rows, ...lines.slice(at)].join('\n');
      return () => parseCommandOutput(command, text, 'prompt');
    });
    expect(grown.filter(isSteep).map(({ item, grows }) => `${lines[item]}: ${grows}`)).toEqual([]);
    expect(grown.flatMap(({ result }) => (result.kind === 'parsed' ? tooLong(result.snapshots) : []))).toEqual([]);
  });

  test.each(half(answers, { otherWay: true }))(
    'one of its lines within the line (%s) does too',
    async (command, lines) => {
      const places = placesOf(lines).filter((at) => lines[at]?.trim() !== '');
      const grown = await growths(places, (at, factor) => {
        const line = (lines[at] ?? '').trim();
        const times = factor * Math.floor(2_000 / (line.length + 1));
        const long = Array.from({ length: times }, () => line).join(' ');
        const text = [...lines.slice(0, at), ...Array.from({ length: 20 }, () => long), ...lines.slice(at)].join('\n');
        return () => parseCommandOutput(command, text, 'prompt');
      });
      expect(grown.filter(isSteep).map(({ item, grows }) => `${lines[item]}: ${grows}`)).toEqual([]);
    },
  );

  test('answer after answer costs work in proportion', async () => {
    const grown = await growths(half(wholeGoldenTexts()), ({ text }, factor) => {
      const all = repeated(text.split('\n'), 60 * factor).join('\n');
      return () => parseCapturedText(all);
    });
    expect(grown.filter(isSteep).map(({ item, grows }) => `${item.name}: ${grows}`)).toEqual([]);
  });
});

describe('rows of the MIB without end', () => {
  const group = (index: number) => encodeIdentity(2, Buffer.from(`G${index}`));
  const party = (index: number) => encodeIdentity(1, [10, index >> 16, (index >> 8) & 255, index & 255]);
  /** What differs from row to row. */
  const INDEXES: Readonly<Record<string, (index: number) => readonly [group: string, party: string, number: number]>> =
    {
      groups: (index) => [group(index), party(1), 1],
      'members of a group': (index) => [group(1), party(index), 1],
      'keys of a member': (index) => [group(1), party(1), index + 1],
    };
  const VALUES = [1, 3_600, octets('6b3cd27a'), octets('a'.repeat(32)), octets('47')];
  const tables = Object.keys(GDOI_TABLES) as readonly GdoiTable[];

  const rowsOf = (table: GdoiTable, kind: string, times: number) => {
    const { entry, identities, numbers } = GDOI_TABLES[table];
    const columns = (Object.keys(GDOI_COLUMNS) as GdoiColumn[]).filter(
      (column) => GDOI_COLUMNS[column].slice(0, GDOI_COLUMNS[column].lastIndexOf('.')) === entry,
    );
    return Array.from({ length: times }, (_, index) => {
      const [ofGroup, ofParty, number] = INDEXES[kind]!(index);
      const instance = [
        ofGroup,
        ...(identities > 1 ? [ofParty] : []),
        ...Array.from({ length: numbers }, () => number),
      ];
      const spi = Buffer.alloc(4);
      spi.writeUInt32BE(index + 1);
      const cells = columns.map(
        (column, at) => [column, at === 0 ? spi : VALUES[(index + at) % VALUES.length]] as const,
      );
      return rowOf(instance.join('.'), Object.fromEntries(cells));
    }).flat();
  };
  const cases = [...tables, 'all tables' as const].flatMap((table) =>
    Object.keys(INDEXES).map((kind) => [table, kind] as const),
  );

  test.each(half(cases))('%s of many %s cost work in proportion, and are read to a bound', async (table, kind) => {
    const { grows, result } = await growth(300, (times) => {
      const varbinds = (table === 'all tables' ? tables : [table]).flatMap((each) => rowsOf(each, kind, times));
      const reply = replyOf(varbinds);
      return () => decodeMib(reply, rememberReply(NOTHING_LEARNT_BY_SNMP, reply));
    });
    expect(grows).toBeLessThan(MOST_FOR_TWICE);
    expect(tooLong(result.snapshots).concat(tooLong(result.problems))).toEqual([]);
  });
});

describe('a RESTCONF document without end', () => {
  const entry = (shape: NodeShape, index: number, inner: Readonly<Record<string, unknown>> = {}) => ({
    ...Object.fromEntries(shape.leaves.map((leaf) => [leaf, index])),
    'group-name': `G${index}`,
    'gm-id': `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    'ks-addr': `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    'ks-ip': '10.0.0.1',
    ...inner,
  });
  const many = (times: number, made: (index: number) => unknown) =>
    Array.from({ length: times }, (_, index) => made(index));

  /**
   * How a document of the node is made for each of its lists, with that list repeated; and one of leaves that nobody
   * knows.
   */
  function documentsOf(shape: NodeShape, times: number): Readonly<Record<string, () => unknown>> {
    const made: Record<string, () => unknown> = {
      groups: () => many(times, (index) => entry(shape, index)),
      'one group': () => many(times, () => entry(shape, 1)),
      'unknown leaves': () => [
        { ...entry(shape, 1), ...Object.fromEntries(many(times, (index) => [`x${index}`, 1]) as []) },
      ],
    };
    for (const [name, innerShape] of shape.inner ?? []) {
      for (const [inner, document] of Object.entries(documentsOf(innerShape, times))) {
        made[`${name}, ${inner}`] = () => [entry(shape, 1, { [name]: document() })];
      }
    }
    return made;
  }

  const cases = GDOI_NODE_NAMES.flatMap((node) =>
    Object.keys(documentsOf(GDOI_NODES[node], 1)).map((kind) => [node, kind] as const),
  );

  test.each(half(cases))('(%s: %s) costs work in proportion, and is read to a bound', async (node, kind) => {
    const { grows, result } = await growth(300, (times) => {
      const read = { deviceNowMs: READ_AT_MS, sentAtMs: READ_AT_MS, receivedAtMs: READ_AT_MS };
      const list = node.startsWith('gdoi-ks') ? ('gdoi-ks' as const) : ('gdoi-gm' as const);
      const documents = new Map([
        [list, { ...read, body: { [list]: [entry(GDOI_NODES[list], 1)] } }],
        [node, { ...read, body: { [node]: documentsOf(GDOI_NODES[node], times)[kind]?.() } }],
      ]);
      return () => decodeYang(documents);
    });
    expect(grows).toBeLessThan(MOST_FOR_TWICE);
    expect(tooLong(result.snapshots).concat(tooLong(result.problems))).toEqual([]);
  });

  test.each<[string, (times: number) => unknown, (body: unknown) => unknown]>([
    [
      'of modules',
      (times) => ({ 'modules-state': { module: many(times, (index) => ({ name: `m${index}` })) } }),
      gdoiModelOf,
    ],
    [
      'of the system',
      (times) => ({ 'device-system-data': Object.fromEntries(many(times, (index) => [`x${index}`, 1]) as []) }),
      deviceFacts,
    ],
  ])('%s costs work in proportion', async (_, made, read) => {
    const { grows } = await growth(2_000, (times) => {
      const body = made(times);
      return () => read(body);
    });
    expect(grows).toBeLessThan(MOST_FOR_TWICE);
  });
});

test('the TEKs of an endless answer cost proportional work', async () => {
  const { grows } = await growth(4_000, (times) => {
    const teks = Array.from({ length: times }, (_, index) =>
      aTek(100, { interface: null, spi: `0x${index.toString(16)}` }),
    );
    return () => shownTeks({ sentAtMs: 0, receivedAtMs: 0 }, { ...emptyGmSnapshot('G1'), teks });
  });
  expect(grows).toBeLessThan(MOST_FOR_TWICE);
});
