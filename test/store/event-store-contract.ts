/** What every event store does, told once and run against each of them. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CAUSES, EVENT_TYPES, type GdoiEvent } from '../../src/gdoi/events/event.ts';
import { groupKey } from '../../src/gdoi/seen/cell.ts';
import { UserError } from '../../src/kernel/user-error.ts';
import type { EventFilter, EventQuery } from '../../src/gdoi/events/event-query.ts';
import type { IncidentQuery } from '../../src/gdoi/incidents/incident-query.ts';
import { type EventCount, type EventStore, MAX_PAGE_EVENTS } from '../../src/store/event-store.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';
import { anyEvent, anyText } from '../builders/any-event.ts';
import { aBatch, anEvent, anIncident, START_MS } from '../builders/event-builder.ts';

const RETENTION_MS = 3_600_000;

/**
 * `openEmpty` opens a store of its own at each call; of properties every so-many-th case is drawn. `empty` takes all out
 * of a store that is open, where that is less work than to open another one for each run of a property.
 */
export function eventStoreContract(
  openEmpty: (options: { retentionMs: number }) => Promise<EventStore>,
  { everyCase = 1, empty }: { readonly everyCase?: number; readonly empty?: () => Promise<void> } = {},
): void {
  const drawing = (numRuns: number) => ({ numRuns: Math.ceil(numRuns / everyCase) });
  const opened: EventStore[] = [];
  const emptyStore = async () => {
    const store = await openEmpty({ retentionMs: RETENTION_MS });
    opened.push(store);
    return store;
  };
  /** For each run of a property. */
  const emptyAgain = async () => {
    const [store] = opened;
    if (store === undefined || empty === undefined) return emptyStore();
    await empty();
    return store;
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store[Symbol.asyncDispose]();
  });

  const everything = { limit: MAX_PAGE_EVENTS, order: 'oldest_first' } as const;
  const idsIn = async (store: EventStore, query: Partial<EventQuery> = {}) =>
    (await store.query({ ...everything, ...query })).events.map((event) => event.id);

  const byId = (events: readonly GdoiEvent[]) => events.toSorted((a, b) => (a.id < b.id ? -1 : 1));

  describe('cells', () => {
    const acme = { cell: 'acme' } as const;

    it('finds events and incidents by cell; those without one are of the default cell', async () => {
      const store = await emptyStore();
      const events = [anEvent({ id: 'a', ...acme }), anEvent({ id: 'b' }), anEvent({ id: 'c', cell: 'default' })];
      const incidents = [anIncident({ id: 'i', ...acme }), anIncident({ id: 'j' })];
      await store.commit(aBatch({ events, incidents }));
      expect((await store.query(everything)).events).toEqual(events);
      expect(await idsIn(store, acme)).toEqual(['a']);
      expect(await idsIn(store, { cell: 'default', group: 'G1' })).toEqual(['b', 'c']);
      expect(await store.incidents({ limit: 10, ...acme })).toMatchObject({ incidents: [incidents[0]] });
      expect(await store.incidents({ limit: 10, cell: 'default' })).toMatchObject({ incidents: [incidents[1]] });
    });

    it('counts each cell apart, and keeps the states of two groups of one name', async () => {
      const store = await emptyStore();
      const fleetStates = new Map([
        [groupKey('acme', 'G1'), { of: 'acme' }],
        [groupKey(undefined, 'G1'), { of: 'default' }],
      ]);
      await store.commit(aBatch({ events: [anEvent({ id: 'a', ...acme }), anEvent({ id: 'b' })], fleetStates }));
      await store.commit(aBatch({ events: [anEvent({ id: 'c', ...acme })] }));
      const counts = (await store.counts()).map(({ cell, count }) => [cell, count]);
      expect(new Map(counts.map(([cell, count]) => [cell ?? 'none', count]))).toEqual(
        new Map([
          ['acme', 2],
          ['none', 1],
        ]),
      );
      expect((await store.loadStates()).fleets).toEqual(fleetStates);
      await store.commit(aBatch({ removedFleets: [groupKey('acme', 'G1')] }));
      expect([...(await store.loadStates()).fleets.keys()]).toEqual(['G1']);
    });
  });

  describe('incidents', () => {
    it('keeps the last word on each, finds them by what they are, the latest beginning first', async () => {
      const store = await emptyStore();
      const open = anIncident({ id: 'a', beganAtMs: START_MS });
      await store.commit(
        aBatch({ incidents: [open, anIncident({ id: 'b', group: 'G2', beganAtMs: START_MS + 1000 })] }),
      );
      const closed = { ...open, status: 'closed', endedAtMs: START_MS + 500, summary: 'over' } as const;
      await store.commit(aBatch({ incidents: [closed] }));
      expect(await store.incident('a')).toEqual(closed);
      expect(await store.incident('c')).toBeNull();
      const ids = async (query: Partial<IncidentQuery>) =>
        (await store.incidents({ limit: 10, ...query })).incidents.map(({ id }) => id);
      expect(await ids({})).toEqual(['b', 'a']);
      expect(await ids({ limit: 1 })).toEqual(['b']);
      expect(await ids({ group: 'G1' })).toEqual(['a']);
      expect(await ids({ device: 'ks1' })).toEqual(['b', 'a']);
      expect(await ids({ device: 'ks' })).toEqual([]);
      expect(await ids({ cause: 'path_loss' })).toEqual([]);
      // Open at some time between: one that ended before is not, one that goes on is.
      expect(await ids({ sinceMs: START_MS + 600 })).toEqual(['b']);
      expect(await ids({ untilMs: START_MS + 1000 })).toEqual(['a']);
    });

    it('forgets one that ended before the retention, and none that is open', async () => {
      const store = await emptyStore();
      const ended = anIncident({ id: 'a', status: 'closed', endedAtMs: START_MS });
      await store.commit(aBatch({ incidents: [ended, anIncident({ id: 'b' })] }));
      await store.prune(START_MS + RETENTION_MS + 1);
      expect((await store.incidents({ limit: 10 })).incidents.map(({ id }) => id)).toEqual(['b']);
    });

    it('gives them page by page, each once, whatever begins meanwhile', async () => {
      const store = await emptyStore();
      const at = (id: string, second: number) => anIncident({ id, beganAtMs: START_MS + second * 1000 });
      await store.commit(aBatch({ incidents: [at('a', 0), at('c', 1), at('b', 1), at('d', 2)] }));
      const first = await store.incidents({ limit: 2 });
      expect(first.incidents.map(({ id }) => id)).toEqual(['d', 'b']);
      await store.commit(aBatch({ incidents: [at('e', 3)] }));
      const second = await store.incidents({ limit: 2, cursor: first.nextCursor ?? '' });
      expect(second.incidents.map(({ id }) => id)).toEqual(['c', 'a']);
      expect(second.nextCursor).toBeNull();
      await expect(store.incidents({ limit: 2, cursor: 'none' })).rejects.toMatchObject({ code: 'cursor_invalid' });
    });
  });

  describe('events', () => {
    it('tells which events of a batch are new, in their order', async () => {
      const store = await emptyStore();
      const [a, b, c] = [anEvent({ id: 'a' }), anEvent({ id: 'b' }), anEvent({ id: 'c' })];
      expect(await store.commit(aBatch({ events: [b, a] }))).toEqual([b, a]);
      expect(await store.commit(aBatch({ events: [c, a] }))).toEqual([c]);
      expect(await store.commit(aBatch({ events: [c, a] }))).toEqual([]);
    });

    it('keeps the first telling of an occurrence', async () => {
      const store = await emptyStore();
      await store.commit(aBatch({ events: [anEvent({ id: 'a', summary: 'first' }), anEvent({ id: 'a' })] }));
      await store.commit(aBatch({ events: [anEvent({ id: 'a', summary: 'second', atMs: START_MS + 5 })] }));
      expect((await store.query(everything)).events).toEqual([anEvent({ id: 'a', summary: 'first' })]);
    });

    it('keeps that an event was planned, and takes no words of a device for it', async () => {
      const store = await emptyStore();
      const evidence = ['planned: maintenance until 2026-01-01T00:00:00Z'];
      const [planned, worded] = [anEvent({ id: 'a', planned: true }), anEvent({ id: 'b', evidence })];
      await store.commit(aBatch({ events: [planned, worded] }));
      expect((await store.query(everything)).events.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
        planned,
        worded,
      ]);
    });

    it('gives an event back as it was, whatever text a device put into it', async () => {
      const store = await emptyStore();
      let number = 0;
      await fc.assert(
        fc.asyncProperty(
          anyText,
          anyText,
          fc.array(anyText),
          fc.double({ min: 0, max: 9e12, noNaN: true }),
          async (id, summary, evidence, atMs) => {
            number += 1;
            const group = `G${number}`;
            const event = anEvent({ id: `${number} ${id}`, summary, evidence, action: summary, atMs, group });
            await store.commit(aBatch({ events: [event] }));
            expect((await store.query({ ...everything, group })).events).toEqual([event]);
          },
        ),
        drawing(100),
      );
    });

    it('keeps an event whose text was cut inside a character, without that half', async () => {
      const cut = (text: string) => `${text}${'\u{1f600}'.slice(0, 1)}`;
      const event = anEvent({
        id: 'half',
        device: cut('gm'),
        summary: cut('gm registered'),
        action: cut('show'),
        evidence: [cut('x')],
      });
      const store = await emptyStore();
      await store.commit(aBatch({ events: [event] }));
      const { events } = await store.query(everything);
      // In memory it stays as it is.
      const wellFormed = events.map(({ id, summary, action }) =>
        [id, summary, action].map((text) => Buffer.from(text).toString()),
      );
      expect(wellFormed).toEqual([['half', 'gm registered\ufffd', 'show\ufffd']]);
    });

    it('holds an event once, however often and in whatever batches it comes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(anyEvent, { maxLength: 8 }), { maxLength: 6 }), async (batches) => {
          const store = await emptyAgain();
          const told: GdoiEvent[] = [];
          for (const events of [...batches, ...batches]) told.push(...(await store.commit(aBatch({ events }))));
          const stored = (await store.query(everything)).events;
          const ids = batches.flat().map((event) => event.id);
          expect(new Set(stored.map((event) => event.id))).toEqual(new Set(ids));
          expect(stored).toHaveLength(new Set(ids).size);
          expect(told).toHaveLength(stored.length);
          // As lists: a set of objects is compared each with each.
          expect(byId(told)).toEqual(byId(stored));
        }),
        drawing(20),
      );
    });
  });

  describe('pages', () => {
    it('put together are the whole filtered history in order, for any filters and page size', async () => {
      const optional = <T>(values: readonly T[]) => fc.constantFrom(undefined, ...values);
      const instants = fc.option(
        fc.integer({ min: 0, max: 12 }).map((n) => START_MS + n / 2),
        { nil: undefined },
      );
      const anyFilter: fc.Arbitrary<EventFilter> = fc.record({
        sinceMs: instants,
        untilMs: instants,
        device: optional(['gm1', 'ks\u{1F511}']),
        group: optional(['G1', 'G2']),
        type: optional(EVENT_TYPES.slice(0, 2)),
        cause: optional(CAUSES.slice(0, 2)),
        unexpected: optional([true, false]),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyEvent, { maxLength: 60 }),
          fc.array(
            fc.tuple(
              anyFilter,
              fc.integer({ min: 1, max: 7 }),
              fc.constantFrom('newest_first' as const, 'oldest_first' as const),
            ),
            { minLength: 5, maxLength: 15 },
          ),
          async (events, queries) => {
            const store = await emptyAgain();
            const stored = await store.commit(aBatch({ events }));
            for (const [filter, limit, order] of queries) {
              const pages: GdoiEvent[][] = [];
              let cursor: string | undefined;
              do {
                const page = await store.query({ ...filter, limit, order, cursor });
                pages.push([...page.events]);
                cursor = page.nextCursor ?? undefined;
              } while (cursor !== undefined && pages.length <= stored.length);
              expect(pages.flat()).toEqual(expectedHistory(stored, filter, order));
              expect(pages).toHaveLength(Math.max(1, Math.ceil(pages.flat().length / limit)));
            }
          },
        ),
        drawing(30),
      );
    });

    it('repeat nothing when events arrive while someone turns them', async () => {
      const store = await emptyStore();
      const events = [1, 2, 3, 4].map((n) => anEvent({ id: `e${n}`, atMs: START_MS + n }));
      await store.commit(aBatch({ events }));
      const first = await store.query({ limit: 2, order: 'newest_first' });
      await store.commit(aBatch({ events: [anEvent({ id: 'late', atMs: START_MS + 9 })] }));
      expect(first.events.map((event) => event.id)).toEqual(['e4', 'e3']);
      expect(await idsIn(store, { order: 'newest_first', cursor: first.nextCursor ?? '' })).toEqual(['e2', 'e1']);
    });

    it('take no cursor that is not one of theirs', async () => {
      const store = await emptyStore();
      for (const cursor of ['', 'x', 'bnVsbA', Buffer.from('["1","a"]').toString('base64url')]) {
        await expect(store.query({ ...everything, cursor })).rejects.toThrow(UserError);
      }
    });
  });

  describe('states', () => {
    it('replace what was stored for the same name, and leave the others', async () => {
      const store = await emptyStore();
      const deviceStates = new Map<string, unknown>([
        ['gm1', { boot: 1 }],
        ['gm2', [null]],
      ]);
      await store.commit(aBatch({ deviceStates, fleetStates: new Map([['gm1', 'a group of that name']]) }));
      await store.commit(aBatch({ deviceStates: new Map([['gm1', { boot: 2 }]]) }));
      const states = await store.loadStates();
      expect(states.devices).toEqual(
        new Map<string, unknown>([
          ['gm1', { boot: 2 }],
          ['gm2', [null]],
        ]),
      );
      expect(states.fleets).toEqual(new Map([['gm1', 'a group of that name']]));
    });

    it('are JSON values of any text', async () => {
      const store = await emptyStore();
      let number = 0;
      await fc.assert(
        fc.asyncProperty(anyText, fc.jsonValue({ stringUnit: anyCodePoint }), async (text, state) => {
          number += 1;
          const name = `${number} ${text}`;
          await store.commit(aBatch({ deviceStates: new Map([[name, state]]) }));
          expect((await store.loadStates()).devices.get(name)).toEqual(JSON.parse(JSON.stringify(state)));
        }),
      );
    });

    it('do not change with the value they were made from', async () => {
      const store = await emptyStore();
      const state = { rekeys: 1 };
      await store.commit(aBatch({ fleetStates: new Map([['G1', state]]) }));
      state.rekeys = 2;
      expect((await store.loadStates()).fleets.get('G1')).toEqual({ rekeys: 1 });
    });

    it('of a removed device are gone, its events stay; one that comes back in the same batch has its new state', async () => {
      const store = await emptyStore();
      const both = new Map([
        ['gm1', 1],
        ['gm2', 1],
      ]);
      await store.commit(aBatch({ events: [anEvent({ id: 'a' })], deviceStates: both, fleetStates: both }));
      await store.commit(
        aBatch({ removedDevices: ['gm1', 'gm2'], deviceStates: new Map([['gm2', 2]]), removedFleets: ['gm2'] }),
      );
      expect(await store.loadStates()).toEqual({
        devices: new Map([['gm2', 2]]),
        fleets: new Map([['gm1', 1]]),
        members: [],
      });
      expect(await idsIn(store)).toEqual(['a']);
    });

    it('of a member are its own in each group: one that is replaced or removed leaves the others', async () => {
      const store = await emptyStore();
      const member = (group: string, device: string, state: unknown) => ({ group, device, state });
      const membersIn = async () =>
        (await store.loadStates()).members.toSorted((a, b) =>
          `${a.group} ${a.device}` < `${b.group} ${b.device}` ? -1 : 1,
        );
      await store.commit(
        aBatch({ memberStates: [member('G1', 'gm1', 1), member('G1', 'gm2', [null]), member('G2', 'gm1', { a: 1 })] }),
      );
      await store.commit(aBatch({ memberStates: [member('G1', 'gm1', 2)] }));
      expect(await membersIn()).toEqual([
        member('G1', 'gm1', 2),
        member('G1', 'gm2', [null]),
        member('G2', 'gm1', { a: 1 }),
      ]);
      await store.commit(aBatch({ removedMembers: [{ group: 'G1', device: 'gm2' }] }));
      expect(await membersIn()).toEqual([member('G1', 'gm1', 2), member('G2', 'gm1', { a: 1 })]);
    });

    it('of a removed group go with those of all its members; what comes in the same batch stays', async () => {
      const store = await emptyStore();
      const members = ['gm1', 'gm2', 'gm3'].map((device) => ({ group: 'G1', device, state: 1 }));
      await store.commit(aBatch({ memberStates: [...members, { group: 'G2', device: 'gm1', state: 1 }] }));
      await store.commit(
        aBatch({
          removedFleets: ['G1'],
          removedMembers: [{ group: 'G2', device: 'gm1' }],
          memberStates: [
            { group: 'G1', device: 'gm2', state: 2 },
            { group: 'G2', device: 'gm1', state: 2 },
          ],
        }),
      );
      expect((await store.loadStates()).members.toSorted((a, b) => (a.group < b.group ? -1 : 1))).toEqual([
        { group: 'G1', device: 'gm2', state: 2 },
        { group: 'G2', device: 'gm1', state: 2 },
      ]);
    });

    it('of a member that are no JSON value are a bug, and nothing of the batch is kept', async () => {
      const store = await emptyStore();
      const memberStates = [{ group: 'G1', device: 'gm1', state: undefined }];
      await expect(store.commit(aBatch({ events: [anEvent({ id: 'a' })], memberStates }))).rejects.toThrow(TypeError);
      expect(await idsIn(store)).toEqual([]);
    });

    it('that are no JSON value are a bug, and nothing of the batch is kept', async () => {
      const store = await emptyStore();
      const batch = aBatch({ events: [anEvent({ id: 'a' })], deviceStates: new Map([['gm1', undefined]]) });
      await expect(store.commit(batch)).rejects.toThrow(TypeError);
      expect(await idsIn(store)).toEqual([]);
    });
  });

  describe('notes', () => {
    it('are of a kind and a name, the last text of each, with its age', async () => {
      const { notes } = await emptyStore();
      await notes.put('maintenance', 'b', 'first');
      await notes.put('maintenance', 'b', 'second');
      await notes.put('maintenance', 'a', 'other');
      await notes.put('refusal', 'b', 'of another kind');
      const all = await notes.all('maintenance');
      expect(all.map(({ name, text }) => [name, text])).toEqual([
        ['a', 'other'],
        ['b', 'second'],
      ]);
      expect(all.every(({ ageMs }) => ageMs >= 0)).toBe(true);
      expect([await notes.get('refusal', 'b'), await notes.get('refusal', 'a')]).toEqual(['of another kind', null]);
      expect([await notes.remove('maintenance', 'b'), await notes.remove('maintenance', 'b')]).toEqual([true, false]);
      expect((await notes.all('maintenance')).map(({ name }) => name)).toEqual(['a']);
    });

    it('of several who are first one is, and all of them hear which', async () => {
      const { notes } = await emptyStore();
      const heard = await Promise.all(['x', 'y', 'z'].map((text) => notes.putFirst('host_key', 'gm1', text)));
      expect(new Set(heard).size).toBe(1);
      expect(await notes.get('host_key', 'gm1')).toBe(heard[0]);
      expect(await notes.putFirst('host_key', 'gm1', 'late')).toBe(heard[0]);
    });

    it('hold any text', async () => {
      const { notes } = await emptyStore();
      await fc.assert(
        fc.asyncProperty(anyText, anyText, async (name, text) => {
          await notes.put('refusal', name, text);
          expect(await notes.get('refusal', name)).toBe(text);
        }),
        drawing(30),
      );
    });
  });

  describe('counts', () => {
    it('are the number of new events of each kind', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(anyEvent, { maxLength: 20 }), { maxLength: 4 }), async (batches) => {
          const store = await emptyAgain();
          const expected = new Map<string, number>();
          for (const events of batches) {
            for (const event of await store.commit(aBatch({ events }))) {
              const kind = kindOf(event);
              expected.set(kind, (expected.get(kind) ?? 0) + 1);
            }
          }
          const counts = await store.counts();
          expect(new Map(counts.map((row) => [kindOf(row), row.count]))).toEqual(expected);
          expect(counts).toHaveLength(expected.size);
        }),
        drawing(20),
      );
    });

    it('never fall: pruned events still count', async () => {
      const store = await emptyStore();
      await store.commit(aBatch({ events: [anEvent({ id: 'a' }), anEvent({ id: 'b' })] }));
      await store.prune(START_MS + 2 * RETENTION_MS);
      expect((await store.counts()).map((row) => row.count)).toEqual([2]);
    });
  });

  it('prunes what is older than the retention and nothing else', async () => {
    const store = await emptyStore();
    const events = Array.from({ length: 1300 }, (_, n) => anEvent({ id: `e${n}`, atMs: START_MS + n }));
    await store.commit(aBatch({ events, deviceStates: new Map([['gm1', 1]]) }));
    expect(await store.prune(START_MS + RETENTION_MS)).toBe(0);
    expect(await store.prune(START_MS + RETENTION_MS + 1200)).toBe(1200);
    expect(await idsIn(store)).toEqual(events.slice(1200).map((event) => event.id));
    expect((await store.loadStates()).devices.size).toBe(1);
  });
}

function kindOf({ type, device, group, cause, unexpected }: GdoiEvent | EventCount): string {
  return JSON.stringify([type, device, group, cause, unexpected]);
}

/** The history as plainly as it can be said. */
function expectedHistory(stored: readonly GdoiEvent[], filter: EventFilter, order: EventQuery['order']): GdoiEvent[] {
  const { sinceMs = -Infinity, untilMs = Infinity, ...same } = filter;
  const oldestFirst = stored
    .filter((event) => event.atMs >= sinceMs && event.atMs < untilMs)
    .filter((event) =>
      Object.entries(same).every(([name, value]) => value === undefined || event[name as 'type'] === value),
    )
    .toSorted((a, b) => a.atMs - b.atMs || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  return order === 'oldest_first' ? oldestFirst : oldestFirst.toReversed();
}
