import { expect, test } from 'vitest';
import { eventId } from '../../../src/gdoi/events/event-id.ts';

test('an id has its parts as an URL has them, also of a name that was cut inside a character', () => {
  expect(eventId('gm 1', 'A/B', 'reregistration', 7, 'x')).toBe('gm%201/A%2FB/reregistration/7/x');
  expect(eventId('gm1', 'A\ud83d', 'reregistration')).toBe(eventId('gm1', 'A\ufffd', 'reregistration'));
  expect(decodeURIComponent(eventId('gm1', 'A\u{1f600}', 'reregistration'))).toContain('A\u{1f600}');
});
