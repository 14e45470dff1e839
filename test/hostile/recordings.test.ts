/**
 * Damaged and forged recordings given to `replay`: a line that is none is passed over by its number, whatever it holds,
 * and what the others tell can be printed.
 */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Replay } from '../../src/agent/record/replay.ts';
import { timelineLines } from '../../src/agent/record/timeline-lines.ts';
import { ReplayedEvents } from '../../src/cli/replayed-events.ts';
import { incidentDocument } from '../../src/gdoi/incidents/incident-document.ts';
import { hostility, madeHostile } from '../builders/hostile-values.ts';
import { simulatedAgent } from '../builders/simulated-agent.ts';

let lines: readonly string[];
beforeAll(async () => {
  await using live = await simulatedAgent({
    scenario: 'rekey-loss',
    pollInterval: '30s',
    gms: 3,
    kss: 1,
    transport: 'ssh+restconf',
    logs: true,
    record: true,
    lifetimes: { kekSeconds: 300, tekSeconds: 300 },
  });
  live.agent.start();
  await live.clock.advance(5 * 60_000);
  lines = (await live.recording()).trimEnd().split('\n');
});

/** What `replay` would print, as text. */
function printed(recording: readonly string[]): string {
  const replay = new Replay();
  const events = new ReplayedEvents(replay);
  const documents: object[] = [];
  for (const line of recording) {
    const step = replay.line(line);
    if (step.kind === 'events') documents.push(...events.take(step.events));
  }
  documents.push(...events.end(replay.end()));
  const incidents = replay.incidents.map((incident) => incidentDocument(incident, events.of(incident.id)));
  return JSON.stringify([...documents, ...incidents]);
}

test('an unchanged recording gives events', () => {
  expect(printed(lines)).toContain('"type":"kek_rekey"');
});

describe('a recording', () => {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const somewhere = (at: number) => Math.floor(at * (lines.length - 1));

  test('with hostile values in some of its lines is replayed as far as possible', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(place, hostility), { minLength: 1, maxLength: 40 }), (damages) => {
        const damaged = [...lines];
        for (const [at, hostile] of damages) {
          const index = somewhere(at);
          damaged[index] = JSON.stringify(madeHostile(JSON.parse(lines[index] ?? ''), hostile));
        }
        expect(() => printed(damaged)).not.toThrow();
      }),
      { numRuns: 4 },
    );
  });

  test('that was cut, mixed up, doubled or overwritten is replayed as far as possible', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, place, place, fc.string({ maxLength: 20 })), { minLength: 1, maxLength: 40 }),
        (damages) => {
          const damaged = [...lines];
          for (const [at, from, inLine, text] of damages) {
            const line = lines[somewhere(from)] ?? '';
            const cut = Math.floor(inLine * line.length);
            damaged[somewhere(at)] = line.slice(0, cut) + text + (text.length % 2 === 0 ? line.slice(cut) : '');
          }
          expect(() => printed(damaged)).not.toThrow();
        },
      ),
      { numRuns: 4 },
    );
  });

  test('in any order is replayed as far as possible', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 97 }), (step) => {
        const shuffled = lines.map((_, index) => lines[(index * step) % lines.length] ?? '');
        expect(() => printed(shuffled)).not.toThrow();
      }),
      { numRuns: 2 },
    );
  });
});

describe('lines of a timeline', () => {
  async function read(input: AsyncIterable<string | Uint8Array>, maxChars = 100): Promise<readonly (string | null)[]> {
    const found: (string | null)[] = [];
    for await (const line of timelineLines(input, maxChars)) found.push(line);
    return found;
  }

  test('are the same however the text arrives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll(/[\r\n]/g, '-'))),
        fc.integer({ min: 1, max: 17 }),
        fc.constantFrom('\n', '\r\n'),
        async (texts, size, end) => {
          const octets = Buffer.from(texts.map((text) => text + end).join(''));
          const chunks = Array.from({ length: Math.ceil(octets.length / size) }, (_, index) =>
            octets.subarray(index * size, (index + 1) * size),
          );
          expect(await read(Readable.from(chunks))).toEqual(texts);
        },
      ),
    );
  });

  test('that are too long are passed over, and the next ones are read', async () => {
    const long = Array.from({ length: 1_000 }, () => 'x'.repeat(100));
    expect(await read(Readable.from(['a\n', ...long, '\nb']))).toEqual(['a', null, 'b']);
  });

  test('one that never ends is held in bounds', async () => {
    async function* endless() {
      // Longer than any text that the engine can hold (2^29 - 24).
      for (let index = 0; index < 8_192; index += 1) yield 'x'.repeat(65_536);
    }
    expect(await read(endless(), 1_000_000)).toEqual([null]);
  });
});
