import { expect, test } from 'vitest';
import { csvText } from '../../src/page/csv.ts';

test('cells are quoted where they must be, and none is a formula', () => {
  const rows = [
    ['at', 'summary'],
    ['1', 'a "b", c\nd'],
    ['=1+1', '-2'],
  ];
  expect(csvText(rows)).toBe('at,summary\r\n1,"a ""b"", c\nd"\r\n\'=1+1,\'-2\r\n');
});
