/**
 * The facts that decide causes, in seconds: what a GM held at 700 s, whose KEK expires at 1000 s, and a registration as
 * it was counted.
 */
import type { RegistrationFacts } from '../../src/gdoi/memory/registration-facts.ts';
import type { HeldView } from '../../src/gdoi/memory/tracker-state.ts';
import type { Interval } from '../../src/gdoi/seen/interval.ts';

export const seconds = (from: number, to = from): Interval => ({ fromMs: from * 1000, toMs: to * 1000 });
export const KEK = { expiry: seconds(1000), anchor: 1000, cookies: null, spi: null };

/** As the answer at 700 s showed it: a KEK, a TEK that lives long, and no countdown. */
export function held(over: Partial<HeldView> = {}): HeldView {
  return {
    sentMs: 700_000,
    receivedMs: 700_000,
    keyServer: '192.0.2.1',
    kek: KEK,
    kekShown: true,
    teks: [{ spi: '0x1', expiry: seconds(90_000) }],
    interfaces: ['Gi0'],
    keysCame: null,
    timer: null,
    timerAfterKek: null,
    timerBeforeTek: null,
    timerOf: null,
    ...over,
  };
}

/** With a countdown of the same answer that ends at the second. */
export function counting(at: number, over: Partial<HeldView> = {}): HeldView {
  const view = held(over);
  const tekMs = view.teks[0]?.expiry.fromMs ?? null;
  return {
    ...view,
    timer: seconds(at),
    timerAfterKek: view.kek === null ? null : at - 1000,
    timerBeforeTek: tekMs === null ? null : tekMs / 1000 - at,
  };
}

export function registered(between: Interval, over: Partial<RegistrationFacts> = {}): RegistrationFacts {
  return {
    start: between,
    completed: between,
    begunByKek: null,
    quick: true,
    before: null,
    kekAfter: 'new',
    keyServerAfter: '192.0.2.1',
    teksReplaced: null,
    kekMade: null,
    tekMade: null,
    rekeysBetween: 0,
    rekeyBroughtTek: false,
    lastRekey: null,
    marks: [],
    ksSaid: [],
    forced: null,
    legacyKek: null,
    tekLifetimeSeconds: 3600,
    keyServers: [],
    groupType: null,
    ...over,
  };
}
