import { expect, test } from 'vitest';
import type { EventDocument } from '../../src/gdoi/events/event-document.ts';
import { EventHistory, MAX_EVENTS } from '../../src/page/event-history.ts';

function event(n: number): EventDocument {
  return {
    id: `e${n}`,
    at: new Date(n * 1000).toISOString(),
    between: ['', ''],
    type: 'reload',
    device: null,
    group: null,
    cause: null,
    unexpected: null,
    severity: 'info',
    summary: '',
    evidence: [],
    action: '',
    incident: null,
    planned: false,
  };
}

/** Events `from` down to `to`. */
function page(from: number, to: number) {
  const events = Array.from({ length: from - to + 1 }, (_, n) => event(from - n));
  return { events, next_cursor: to > 1 ? `below ${to}` : null };
}

const shown = (history: EventHistory) => [history.events[0]?.id, history.events.at(-1)?.id, history.events.length];

test('what comes while older pages are shown leaves no gap and doubles nothing', () => {
  const history = new EventHistory();
  history.newest(page(100, 51));
  history.older(page(50, 1));
  history.newest(page(120, 71));
  expect(shown(history)).toEqual(['e120', 'e1', 120]);
  expect(history.cursor).toBeNull();
});

test('an event that comes late is placed at its time', () => {
  const history = new EventHistory();
  history.newest({ events: [event(5), event(3)], next_cursor: null });
  history.newest({ events: [event(5), event(4), event(3)], next_cursor: null });
  expect(history.events.map(({ id }) => id)).toEqual(['e5', 'e4', 'e3']);
});

test('when more came than a page has room for, the list starts again with that page', () => {
  const history = new EventHistory();
  history.newest(page(50, 1));
  history.newest(page(200, 151));
  expect(shown(history)).toEqual(['e200', 'e151', 50]);
  expect(history.cursor).toBe('below 151');
});

test('it does not grow for ever', () => {
  const history = new EventHistory();
  for (let n = 50; n < 2000; n += 10) history.newest(page(n, n - 49));
  expect(history.events.length).toBeLessThanOrEqual(MAX_EVENTS);
});
