/**
 * One group of one GM as SNMP shows it.
 *
 * Beside the CLI it is a second look: it narrows when a registration took place, shows an overdue KEK rekey early and
 * must agree with the CLI; what happened is the counters' to say. Alone (`transport: snmp`) there are no counters: a
 * registration has its event where the keys show it, or where messages do and a timer of the GM was due; its cause
 * stays `unknown` where the keys do not decide.
 */
import { marksIn } from '../log/log-evidence.ts';
import { emitRegistrations } from '../registrations/emitted-registrations.ts';
import { decidePending } from '../registrations/counter-restart.ts';
import type { Counters } from '../seen/counters.ts';
import { withProblem } from '../memory/data-problems.ts';
import { kekRekeyEvent } from '../events/gdoi-events.ts';
import { emitKekMissing, emitKekRekeyOverdue, emitTekMissing } from './gm-alarms.ts';
import type { GroupAnswer } from './gm-tracker.ts';
import type { ComparedAnswer } from '../memory/answer.ts';
import type { GmPlace, Shown } from '../memory/gm-answer.ts';
import { freshState, updated } from '../memory/group-state.ts';
import { isSameKek, shownKek } from '../keys/kek-identity.ts';
import { forcedNow, kekRelation } from '../memory/key-changes.ts';
import type { ReadAt } from '../seen/instant.ts';
import type { Interval } from '../seen/interval.ts';
import { andThen, emitting, type GroupTracked, unchanged } from '../memory/tracked.ts';
import type { KekAfter } from '../memory/registration-facts.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';
import {
  disagreement,
  hasNewKek,
  hasStayedElsewhere,
  holdsLastingKeys,
  showsTheKeys,
  hasChangedKeys,
  type Looked,
  registrationSigns,
  snmpLook,
  type SnmpLook,
} from '../memory/snmp-look.ts';
import { registeredElsewhere, registrationsAlone, type SnmpChange } from '../registrations/snmp-registrations.ts';
import { shownTeks } from '../keys/tek-identity.ts';
import { DISAGREEING_LOOKS, type Draft, type GroupState, type TrackerState } from '../memory/tracker-state.ts';

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
  const before = state.groups.get(snapshot.group)?.snmp?.look;
  return before !== undefined && hasChangedKeys(before, snmpLook(at, snapshot, before));
}

/** `by`: what looked; RESTCONF beside SSH is taken for no more than SNMP is. */
export function trackSnmp(
  known: GroupState | undefined,
  { place, at, gm, ks }: GroupAnswer,
  by: Looked = 'SNMP',
): GroupTracked {
  const before = known?.snmp?.look ?? null;
  const look = snmpLook(at, gm, before);
  const seen = shownBySnmp(at, gm, known?.counters ?? NO_COUNTERS);
  if (known === undefined) {
    const first: GroupState = {
      ...freshState(seen),
      counted: false,
      snmp: { look, sign: null, disagreeing: 0 },
    };
    return emitKekRekeyOverdue(first, { place, seen, ks });
  }
  const span = { fromMs: before?.sentMs ?? at.sentAtMs, toMs: at.receivedAtMs };
  const rekeyed = marksIn(known.marks, 'rekey', span).some(({ atMs }) => atMs > span.fromMs);
  const signs = before === null ? [] : registrationSigns(before, look, rekeyed);
  const change: SnmpChange = { look, before, signs, span, seen, ks };
  const tracked = known.counted ? besideCli(place, known, change, by) : alone(place, known, change);
  return andThen(tracked, (state) => emitOverdueOfHeld(state, { place, seen, ks }));
}

/** Registered: it holds keys. The MIB does not say more, and that is never turned into "not registered". */
function shownBySnmp(at: ReadAt, gm: GmSnapshot, counters: Counters): Shown {
  const kek = shownKek(at, gm);
  const teks = shownTeks(at, gm);
  return { at, gm, registered: kek !== null || teks.length > 0, counters, kek, teks, timer: null, lastRekey: null };
}

/** Of the KEK that the state holds only: another one is for the CLI to confirm. */
function emitOverdueOfHeld(state: GroupState, answer: Pick<ComparedAnswer, 'place' | 'seen' | 'ks'>): GroupTracked {
  const { seen } = answer;
  const held = state.view?.kek ?? null;
  if (held === null || seen.kek === null) return unchanged(state);
  const elapsedMs = seen.at.sentAtMs - (state.view?.receivedMs ?? seen.at.sentAtMs);
  return isSameKek(held, seen.kek, elapsedMs, true) ? emitKekRekeyOverdue(state, answer) : unchanged(state);
}

function besideCli(place: GmPlace, known: GroupState, change: SnmpChange, by: Looked): GroupTracked {
  const { look, before, signs, span, seen } = change;
  // Keys that the CLI has shown since are no news: the change lies before that answer.
  const isNew = signs.length > 0 && (known.view === null || !showsTheKeys(known.view, look));
  const sign = isNew ? { between: span, evidence: signs[0] ?? '' } : (known.snmp?.sign ?? null);
  const state = { ...known, snmp: { look, sign, disagreeing: known.snmp?.disagreeing ?? 0 } };
  if (before === null || !isBracketed(known, before, look) || hasChangedKeys(before, look)) return unchanged(state);
  const { view } = known;
  const detail = view === null || !known.registered ? null : disagreement(view, look, by);
  const disagreeing = detail === null ? 0 : Math.min(state.snmp.disagreeing + 1, DISAGREEING_LOOKS + 1);
  const next = { ...state, snmp: { ...state.snmp, disagreeing } };
  const isKnown = disagreeing <= DISAGREEING_LOOKS || state.snmp.disagreeing > DISAGREEING_LOOKS;
  if (detail === null || isKnown) return unchanged(next);
  return withProblem(place, next, { kind: 'sources', detail, at: seen.at });
}

/** The CLI's answer lies between two looks: what both looks show, it must have shown. */
function isBracketed({ seen }: GroupState, before: SnmpLook, look: SnmpLook): boolean {
  return before.receivedMs <= seen.sentAtMs && seen.receivedAtMs <= look.sentMs;
}

function alone(place: GmPlace, known: GroupState, change: SnmpChange): GroupTracked {
  return andThen(decidePending(place, known, null), (before) => aloneDecided(place, before, change));
}

function aloneDecided(place: GmPlace, before: GroupState, change: SnmpChange): GroupTracked {
  const { look, seen, span, ks } = change;
  const kekAfter = aloneKekAfter(before, change);
  const elapsedMs = before.view === null ? 0 : seen.at.sentAtMs - before.view.receivedMs;
  const state = { ...before, forced: forcedNow(before, { seen, ks }, elapsedMs) };
  const shown = registrationsAlone(state, change, kekAfter);
  const drafts = shown.length === 0 && hasStayedElsewhere(look) ? registeredElsewhere(state, look) : shown;
  const happened =
    drafts.length > 0 ? unchanged(withDrafts(state, drafts, { span, kekAfter })) : emitRekey(place, state, change);
  return andThen(happened, (held) => {
    const { emitted } = held;
    const next = updated(held, seen, { kekAfter, emitted, registrations: drafts.length });
    const placed = drafts.length > 0 ? registeredHere(look) : look;
    const known: GroupState = { ...next, counted: false, snmp: { look: placed, sign: null, disagreeing: 0 } };
    const answer = { place, before: held, seen, span, kekAfter, ks };
    return andThen(emitKekMissing(known, answer), (now) => emitTekMissing(now, answer));
  });
}

function registeredHere(look: SnmpLook): SnmpLook {
  const { elsewhere, ...others } = look;
  return elsewhere === undefined ? look : others;
}

/** No look will follow: a server that was shown since, and no other one in between, is the one it registered with. */
export function settleElsewhere(place: GmPlace, known: GroupState): GroupTracked {
  const look = known.snmp?.look;
  if (known.counted || look?.elsewhere === undefined || look.elsewhere.wandering) return unchanged(known);
  if (!holdsLastingKeys(look, known.tekLifetimeSeconds)) return unchanged(known);
  return emitRegistrations(place, known, { drafts: registeredElsewhere(known, look), causeOfFirst: 'unknown' });
}

/** They wait for the uptime, which may show that it was a reload. */
function withDrafts(
  state: GroupState,
  drafts: readonly Draft[],
  { span, kekAfter }: { readonly span: Interval; readonly kekAfter: KekAfter },
): GroupState {
  const isLegacy = drafts.at(-1)?.cause === 'legacy_ks' && kekAfter !== 'new';
  return {
    ...state,
    emitted: state.emitted + drafts.length,
    forced: null,
    legacyKek: isLegacy ? (state.view?.kek?.anchor ?? null) : state.legacyKek,
    pending: { kind: 'perhaps_reload', between: span, drafts, evidence: [], allRestarted: false },
  };
}

function emitRekey(place: GmPlace, state: GroupState, { look, before, span }: SnmpChange): GroupTracked {
  if (before === null || !hasNewKek(before, look) || look.sequence === before.sequence) return unchanged(state);
  return emitting(
    state,
    kekRekeyEvent(place, {
      occurrence: [state.epoch.id, look.kek?.anchor ?? 0],
      between: span,
      evidence: [`another KEK, and rekey sequence number ${before.sequence ?? '?'} -> ${look.sequence ?? '?'}`],
    }),
  );
}

function aloneKekAfter(state: GroupState, { look, before, seen }: SnmpChange): KekAfter {
  if (before?.kek != null && look.kek !== null) return hasNewKek(before, look) ? 'new' : 'same';
  const elapsedMs = state.view === null ? 0 : seen.at.sentAtMs - state.view.receivedMs;
  return kekRelation(state.view, seen, elapsedMs, true);
}
