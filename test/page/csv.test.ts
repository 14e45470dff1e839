import { describe, expect, test } from 'vitest';
import { csvText } from '../../src/page/csv.ts';

test('cells are quoted where they must be, and none is a formula', () => {
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
