import { expect, test } from 'vitest';
import { headline } from '../../src/page/headline.ts';

const WELL = { ok: 5, unknown: 0, warning: 0, critical: 0 };

test('the headline says who is at risk now', () => {
  expect(headline({ ok: 2, unknown: 1, warning: 0, critical: 3 }, [])).toBe('3 critical, 1 unknown of 6 devices');
  expect(headline(WELL, [{ status: 'ok' }])).toBe('All 5 devices are well');
  expect(headline({ ...WELL, ok: 0 }, [])).toBe('No devices');
});

test('a group can be critical while each of its devices is well', () => {
  expect(headline(WELL, [{ status: 'critical' }, { status: 'ok' }])).toBe('1 group critical; all 5 devices are well');
});
