/** Arbitrary events for properties. */
import fc from 'fast-check';
import { CAUSES, EVENT_TYPES, type GdoiEvent } from '../../src/gdoi/events/event.ts';
import { anEvent, START_MS } from './event-builder.ts';
import { anyCodePoint } from './any-code-point.ts';

/** Few instants, names and ids, so that ties and repetitions occur. */
export const anyEvent: fc.Arbitrary<GdoiEvent> = fc
  .record({
    id: fc.oneof(
      fc.integer({ min: 0, max: 30 }).map((n) => `e${n}`),
      fc.string({ unit: anyCodePoint, maxLength: 4 }),
    ),
    atMs: fc.integer({ min: 0, max: 12 }).map((n) => START_MS + n / 2),
    type: fc.constantFrom(...EVENT_TYPES.slice(0, 4)),
    device: fc.constantFrom(null, 'gm1', 'gm2', 'ks\u{1F511}'),
    group: fc.constantFrom(null, 'G1', 'G2'),
    cause: fc.constantFrom(null, ...CAUSES.slice(0, 3)),
    unexpected: fc.constantFrom(null, true, false),
  })
  .map(anEvent);

/** Texts as a device could send them. */
export const anyText = fc.string({ unit: anyCodePoint, maxLength: 40 });
