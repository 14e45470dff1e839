/**
 * One group of one GM as SNMP shows it.
 *
 * Beside the CLI it is the cheap eye: it narrows when a registration took place, tells an overdue KEK rekey early and
 * must agree with the CLI; what happened is the counters' to say. Alone (`transport: snmp`) there are no counters: a
 * registration is told where the keys show it, or where messages do and a timer of the GM was due; its cause stays
 * `unknown` where the keys do not decide.
 */
import { decidePending } from '../registrations/counter-restart.ts';
import type { Counters } from '../seen/counters.ts';
import { withProblem } from '../memory/data-problems.ts';
import type { GdoiEvent } from '../events/event.ts';
import { kekRekeyEvent } from '../events/gdoi-events.ts';
import { tellMissing, tellOverdue } from './gm-alarms.ts';
import { type GmPlace, type KsFigures, type Shown } from '../memory/gm-answer.ts';
import { freshState, type GmTracked, updated } from '../memory/group-state.ts';
import { isSameKek, shownKek } from '../keys/kek-identity.ts';
import { forcedNow, kekRelation } from '../memory/key-changes.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { KekAfter } from '../memory/registration-facts.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';
import {
  disagreement,
  hasNewKek,
  keysDiffer,
  registrationSigns,
  snmpLook,
  type SnmpLook,
} from '../memory/snmp-look.ts';
import { registrationsAlone, type SnmpChange } from '../registrations/snmp-registrations.ts';
import { shownTeks } from '../keys/tek-identity.ts';
import { DISAGREEING_LOOKS, type GroupState, type TrackerState } from '../memory/tracker-state.ts';

/** Without the CLI no counter is known. */
const NO_COUNTERS: Counters = {
  succeeded: 0,
  attempted: null,
  received: null,
  sinceRegistration: null,
  acksSent: null,
};

/**
 * Should the device be asked over SSH now? True when this SNMP snapshot, which `state` does not hold yet, shows what a
 * rekey or a registration changes: another KEK or TEK SPI, a KEK gone or come back, another sequence number or key
 * server. A group that SNMP has not shown before is no change.
 */
export function snmpHintsAtChange(state: TrackerState, snapshot: GmSnapshot, at: ReadAt): boolean {
  const known = state.groups.get(snapshot.group);
  const before = known?.snmp?.look;
  return before !== undefined && keysDiffer(before, snmpLook(at, snapshot, before));
}

export function trackSnmp(
  place: GmPlace,
  known: GroupState | undefined,
  at: ReadAt,
  gm: GmSnapshot,
  ks: KsFigures,
): GmTracked {
  const look = snmpLook(at, gm, known?.snmp?.look ?? null);
  const events: GdoiEvent[] = [];
  const counters = known?.counters ?? NO_COUNTERS;
  const seen = shownBySnmp(at, gm, counters);
  if (known === undefined) {
    const first: GroupState = {
      ...freshState(seen),
      counted: false,
      snmp: { look, sign: null, disagreeing: 0 },
    };
    return { state: tellOverdue(place, first, seen, ks, events), events };
  }
  const before = known.snmp?.look ?? null;
  const signs = before === null ? [] : registrationSigns(before, look);
  const span = { fromMs: before?.sentMs ?? at.sentAtMs, toMs: at.receivedAtMs };
  const state = known.counted
    ? besideCli(place, known, { look, before, signs, span, seen }, events)
    : alone(place, known, { look, before, signs, span, seen }, ks, events);
  return { state: tellOverdueOfHeld(place, state, seen, ks, events), events };
}

/** Registered: it holds keys. The MIB does not say more, and that is never turned into "not registered". */
function shownBySnmp(at: ReadAt, gm: GmSnapshot, counters: Counters): Shown {
  const kek = shownKek(at, gm);
  const teks = shownTeks(at, gm);
  return { at, gm, registered: kek !== null || teks.length > 0, counters, kek, teks, timer: null, lastRekey: null };
}

/** Of the KEK that the state holds only: another one is for the CLI to confirm. */
function tellOverdueOfHeld(
  place: GmPlace,
  state: GroupState,
  seen: Shown,
  ks: KsFigures,
  events: GdoiEvent[],
): GroupState {
  const held = state.view?.kek ?? null;
  if (held === null || seen.kek === null) return state;
  const elapsedMs = seen.at.sentAtMs - (state.view?.receivedMs ?? seen.at.sentAtMs);
  return isSameKek(held, seen.kek, elapsedMs, true) ? tellOverdue(place, state, seen, ks, events) : state;
}

function besideCli(place: GmPlace, known: GroupState, change: SnmpChange, events: GdoiEvent[]): GroupState {
  const { look, before, signs, span, seen } = change;
  const sign = signs.length > 0 ? { between: span, evidence: signs[0] ?? '' } : (known.snmp?.sign ?? null);
  const state = { ...known, snmp: { look, sign, disagreeing: known.snmp?.disagreeing ?? 0 } };
  if (before === null || !isBracketed(known, before, look) || keysDiffer(before, look)) return state;
  const { view } = known;
  const what = view === null || !known.registered ? null : disagreement(view, look);
  const disagreeing = what === null ? 0 : Math.min(state.snmp.disagreeing + 1, DISAGREEING_LOOKS + 1);
  const next = { ...state, snmp: { ...state.snmp, disagreeing } };
  const isTold = disagreeing <= DISAGREEING_LOOKS || state.snmp.disagreeing > DISAGREEING_LOOKS;
  return what === null || isTold ? next : withProblem(place, next, seen.at, 'sources', what, events);
}

/** The CLI's answer lies between two looks: what both looks show, it must have shown. */
function isBracketed({ seen }: GroupState, before: SnmpLook, look: SnmpLook): boolean {
  return before.receivedMs <= seen.sentAtMs && seen.receivedAtMs <= look.sentMs;
}

function alone(place: GmPlace, known: GroupState, change: SnmpChange, ks: KsFigures, events: GdoiEvent[]): GroupState {
  const { look, before, seen, span } = change;
  let state = decidePending(place, known, null, events);
  const kekAfter = aloneKekAfter(state, change);
  const elapsedMs = state.view === null ? 0 : seen.at.sentAtMs - state.view.receivedMs;
  state = { ...state, forced: forcedNow(state, seen, elapsedMs) };
  const drafts = registrationsAlone(state, change, kekAfter, ks);
  if (drafts.length > 0) {
    const told = state.told + drafts.length;
    const isLegacy = drafts.at(-1)?.cause === 'legacy_ks' && kekAfter !== 'new';
    const legacyKek = isLegacy ? (state.view?.kek?.anchor ?? null) : state.legacyKek;
    state = { ...state, told, forced: null, legacyKek };
    // The uptime comes after it, and may say that it was a reload.
    state = {
      ...state,
      pending: { kind: 'perhaps_reload', between: span, drafts, evidence: [], allRestarted: false },
    };
  } else if (before !== null && hasNewKek(before, look) && look.sequence !== before.sequence) {
    events.push(
      kekRekeyEvent(place, {
        occurrence: [state.epoch.id, look.kek?.anchor ?? 0],
        between: span,
        evidence: [`another KEK, and rekey sequence number ${before.sequence ?? '?'} -> ${look.sequence ?? '?'}`],
      }),
    );
  }
  const held = state;
  state = updated(state, seen, { kekAfter, told: state.told, registrations: drafts.length });
  state = { ...state, counted: false, snmp: { look, sign: null, disagreeing: 0 } };
  return tellMissing(place, held, state, seen, span, events);
}

function aloneKekAfter(state: GroupState, { look, before, seen }: SnmpChange): KekAfter {
  if (before?.kek != null && look.kek !== null) return hasNewKek(before, look) ? 'new' : 'same';
  const elapsedMs = state.view === null ? 0 : seen.at.sentAtMs - state.view.receivedMs;
  return kekRelation(state.view, seen, elapsedMs, true);
}
