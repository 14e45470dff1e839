/** Lists that a device prints without end: what is read of them, and what becomes of the rest. */
import { describe, expect, test } from 'vitest';
import { MOST_GROUPS, MOST_MEMBERS, MOST_TEKS } from '../../src/gdoi/seen/row-bounds.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';

const times = (count: number, row: (index: number) => string) =>
  Array.from({ length: count }, (_, k) => row(k)).join('');
const hex = (index: number) => `0x${(0x10_00_00_00 + index).toString(16).toUpperCase()}`;
const address = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

const GM_HEAD = 'GROUP INFORMATION\n    Group Name : G1\n    Group Identity : 1\n    Group member : 10.0.0.1\n';
const tunnel = (index: number) =>
  `  Tunnel${index}:\n    IPsec SA:\n        spi: ${hex(index)}(${index})\n        sa timing:remaining key lifetime (sec): (393)\n`;
const ksTek = (index: number) =>
  `TEK POLICY (encaps : ENCAPS_TUNNEL)\n  spi : ${hex(index)}\n  remaining life(sec) : 393\n`;
const member = (index: number) =>
  `Group Member ID : ${address(index)}\n Group ID : 1\n Group Name : G1\n Key Server ID : 10.0.0.1\n Rekeys sent : 1\n`;
const summaryRow = (index: number) => `${address(index)}   1.0.25   0   0\n`;

const LISTS = [
  {
    list: 'no more TEKs of a GM than are read',
    command: 'show crypto gdoi',
    text: (count: number) => `${GM_HEAD}TEK POLICY for the current KS-Policy ACEs Downloaded:\n${times(count, tunnel)}`,
    most: MOST_TEKS,
    // The first interface without room is a heading still.
    unknown: (beyond: number) => 4 * beyond - 1,
    rows: (snapshot: object) => Reflect.get(snapshot, 'teks') as readonly unknown[],
  },
  {
    list: 'no more TEKs of a KS than are read',
    command: 'show crypto gdoi ks policy',
    text: (count: number) =>
      `Key Server Policy:\nFor group G1 (handle: 1) server 10.0.0.1 (handle: 1):\n  # of teks : ${count}\n${times(count, ksTek)}`,
    most: MOST_TEKS,
    unknown: (beyond: number) => 3 * beyond,
    rows: (snapshot: object) => Reflect.get(snapshot, 'teks') as readonly unknown[],
  },
  {
    list: 'no more members than a KS serves',
    command: 'show crypto gdoi ks members',
    text: (count: number) => `Group Member Information :\n\n${times(count, member)}`,
    most: MOST_MEMBERS,
    unknown: (beyond: number) => 5 * beyond,
    rows: (snapshot: object) => Reflect.get(snapshot, 'memberDetails') as readonly unknown[],
  },
  {
    list: 'no more rows of a summary than a KS serves',
    command: 'show crypto gdoi ks members summary',
    text: (count: number) =>
      `Group Member Information :\n\nGroup Name: G1, ID: 1, Group Members: ${count}\n${times(count, summaryRow)}`,
    most: MOST_MEMBERS,
    unknown: (beyond: number) => beyond,
    rows: (snapshot: object) => Reflect.get(snapshot, 'memberDetails') as readonly unknown[],
  },
];

test('an answer that names groups without end has as many as are read, and the lines of what is beyond are unknown', () => {
  const group = (index: number) => `Group Name : G${index}\n Group Identity : 1\n Group member : 10.0.0.1\n`;
  for (const beyond of [0, 500]) {
    const result = parseCommandOutput(
      'show crypto gdoi',
      `R1#show crypto gdoi\n${times(MOST_GROUPS + beyond, group)}R1#`,
    );
    if (result.kind !== 'parsed') throw new Error(result.message);
    expect(result.snapshots).toHaveLength(MOST_GROUPS);
    expect(result.lines.unknown).toBe(3 * beyond);
  }
});

describe('an answer that lists without end', () => {
  test.each(LISTS.map((each) => [each.list, each] as const))(
    'has %s, and the lines of what is beyond are unknown',
    (_, { command, text, most, unknown, rows }) => {
      for (const beyond of [0, 500]) {
        const result = parseCommandOutput(command, `R1#${command}\n${text(most + beyond)}R1#`);
        if (result.kind !== 'parsed') throw new Error(result.message);
        expect(rows(result.snapshots[0]!)).toHaveLength(most);
        expect(result.lines.unknown).toBe(beyond === 0 ? 0 : unknown(beyond));
      }
    },
  );
});
