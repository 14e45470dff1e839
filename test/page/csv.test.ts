import { describe, expect, test } from 'vitest';
import { csvText } from '../../src/page/csv.ts';
import { eventRows, incidentRows } from '../../src/page/csv-rows.ts';

test('cells are quoted if necessary, and none is a formula', () => {
  const rows = [
    ['at', 'summary'],
    ['1', 'a "b", c\nd'],
    ['=1+1', '-2'],
  ];
  expect(csvText(rows)).toBe('at,summary\r\n1,"a ""b"", c\nd"\r\n\'=1+1,\'-2\r\n');
});

describe('a formula', () => {
  test.each([
    ['=1', "'=1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' =1', "' =1"],
    ['"=1', '"\'""=1"'],
    ['\uff1d1', "'\uff1d1"],
    ['\t=1', '"\'\t\'=1"'],
    ['\n=1', '"\'\n\'=1"'],
  ])('%j at the beginning of a cell is text', (text, cell) => {
    expect(csvText([[text]])).toBe(`${cell}\r\n`);
  });

  test.each([
    ['gm1;=1', '"gm1;\'=1"'],
    ['gm1;;@x', '"gm1;;\'@x"'],
    ['gm1\t-1', '"gm1\t\'-1"'],
    ['gm1\n=1', '"gm1\n\'=1"'],
  ])('in %j is text for a spreadsheet that takes other characters than commas as the end of a cell', (text, cell) => {
    expect(csvText([[text]])).toBe(`${cell}\r\n`);
  });

  test.each(['gm-1', 'a=b', '2026-01-01', 'a+b@c'])('is not in %j', (text) => {
    expect(csvText([[text]])).toBe(`${text}\r\n`);
  });
});

describe('rows of a spreadsheet', () => {
  const event = {
    id: 'gm1/G1/reload/1',
    at: '2026-01-01T00:00:00Z',
    between: ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'] as [string, string],
    type: 'reload',
    device: 'gm1',
    group: 'G1',
    cause: null,
    unexpected: null,
    severity: 'info',
    summary: 'GM gm1 reloaded',
    evidence: [],
    action: 'none',
    incident: null,
    planned: false,
  } as const;

  test('have the cell of an event if there are cells, and its interval', () => {
    const [head, of, without] = eventRows([
      { ...event, evidence: [], cell: 'acme' },
      { ...event, evidence: [] },
    ]);
    expect([head?.at(11), of?.at(11), without?.at(11)]).toEqual(['cell', 'acme', '']);
    expect(head?.slice(12)).toEqual(['not before', 'not after']);
    expect(of?.slice(12)).toEqual(['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z']);
    expect([head?.length, of?.length]).toEqual([14, 14]);
    expect(of?.slice(0, 5)).toEqual(['2026-01-01T00:00:00Z', 'info', 'reload', 'gm1', 'G1']);
  });

  test('of no incident are the head alone', () => {
    expect(incidentRows([])).toEqual([
      ['began', 'ended', 'group', 'cause', 'severity', 'summary', 'devices', 'ended by', 'id', 'cell'],
    ]);
  });
});
