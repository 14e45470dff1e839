/**
 * What SNMP shows of a GM's keys, and what its change says.
 *
 * The MIB lacks state and counters of registrations; its "rekeys received" is the sequence number of the
 * last rekey, which advances with each rekey under one KEK and restarts with the next. So keys that change while it
 * stands still came by a registration, unless a message tells of a rekey. Two registrations between two looks cannot be
 * told apart.
 */
import { type Interval, intersection, widened } from '../seen/interval.ts';
import { MAX_TEXT } from './gm-answer.ts';
import { type HeldKek, isSameKek, sameInstantToleranceMs, shownKek } from '../keys/kek-identity.ts';
import { MISSED_REKEY_WINDOW } from '../keys/kek-window.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import type { GmSnapshot } from '../seen/snapshot.ts';
import { kekMissedWindow, tekWindow } from '../keys/timer-windows.ts';
import { hasNewTek, type HeldTek, sharesTek, shownTeks } from '../keys/tek-identity.ts';

export interface SnmpLook {
  readonly sentMs: EpochMs;
  readonly receivedMs: EpochMs;
  readonly keyServer: string | null;
  readonly sequence: number | null;
  /**
   * The number has moved while this KEK was held: it counts the rekeys of this KEK, and is not left from an earlier
   * one.
   */
  readonly sequenceOfKek: boolean;
  readonly kek: HeldKek | null;
  /** No KEK row, or one that has expired. */
  readonly withoutKek: boolean;
  /** When the KEK went, between two looks; null: it is there, or was never seen. */
  readonly kekLost: Interval | null;
  readonly teks: readonly HeldTek[];
  /** Another server than the one it registered with is shown beside its keys; absent: none is. */
  readonly elsewhere?: Elsewhere;
}

/** A GM that shows another server may have registered there, or may be trying it while it keeps the keys it has. */
export interface Elsewhere {
  /** The one that it had registered with. */
  readonly from: string;
  /** The one shown now has been shown since. */
  readonly since: Interval;
  /** A third one, or the same before: it tries one after the other. */
  readonly wandering: boolean;
}

/** More are not kept: during a rollover there are two. */
const MAX_COMPARED_TEKS = 4;
/** A sequence number up to this is what a new KEK starts with: it may be the same by chance. */
const FIRST_SEQUENCE = 1;

export function snmpLook(at: ReadAt, gm: GmSnapshot, before: SnmpLook | null): SnmpLook {
  const kek = shownKek(at, gm);
  const look: SnmpLook = {
    sentMs: at.sentAtMs,
    receivedMs: at.receivedAtMs,
    keyServer: gm.keyServer?.slice(0, MAX_TEXT) ?? null,
    sequence: gm.rekeys.lastSequence,
    sequenceOfKek: false,
    kek,
    withoutKek: kek === null && (gm.kek === null ? gm.teks !== null : gm.kek.remainingSeconds === 0),
    kekLost: kek === null ? kekLost(before, at) : null,
    teks: shownTeks(at, gm).slice(0, MAX_COMPARED_TEKS),
  };
  const elsewhere = elsewhereOf(before, look);
  const placed = elsewhere === null ? look : { ...look, elsewhere };
  if (before === null || !hasSameKek(before, look)) return placed;
  return { ...placed, sequenceOfKek: before.sequenceOfKek || (look.sequence ?? 0) !== (before.sequence ?? 0) };
}

/** Without keys it is registered with none: the server shown is the one that it tries. */
function elsewhereOf(before: SnmpLook | null, now: SnmpLook): Elsewhere | null {
  if (before === null || now.keyServer === null || (before.kek === null && before.teks.length === 0)) return null;
  const known = before.elsewhere;
  const from = known?.from ?? before.keyServer;
  if (from === null || from === now.keyServer) return null;
  if (known !== undefined && before.keyServer === now.keyServer) return known;
  const since = { fromMs: before.sentMs, toMs: now.receivedMs };
  return { from, since, wandering: known !== undefined };
}

/** A GM that tries its servers moves on to the next one sooner. */
const STAYED_MS = 600_000;

/**
 * The server has been shown for so long that the GM must have registered with it; a registration would have brought
 * both keys.
 */
export function hasStayedElsewhere({ elsewhere, receivedMs, teks, withoutKek }: SnmpLook): boolean {
  return elsewhere !== undefined && teks.length > 0 && !withoutKek && receivedMs - elsewhere.since.toMs >= STAYED_MS;
}

function kekLost(before: SnmpLook | null, at: ReadAt): Interval | null {
  return before === null || before.kek === null
    ? (before?.kekLost ?? null)
    : { fromMs: before.sentMs, toMs: at.receivedAtMs };
}

function hasSameKek(before: SnmpLook, now: SnmpLook): boolean {
  return before.kek !== null && now.kek !== null && !hasNewKek(before, now);
}

/**
 * Evidence that the GM registered between two looks; empty: nothing says so. `rekeyed`: a message told of a rekey in
 * between. It may show the number of before: each KS counts its own, so after a split two may have come to one number,
 * and the late copy of a rekey that brings a KEK starts anew with the number that the KEK before had started with.
 */
export function registrationSigns(before: SnmpLook, now: SnmpLook, rekeyed: boolean): readonly string[] {
  const signs: string[] = [];
  const { elsewhere, sequence } = now;
  const kekIsNew = hasNewKek(before, now);
  const tekIsNew = hasNewTek(before.teks, now.teks);
  // Keys that a rekey brought say nothing of where it registered.
  const stands = sequence === before.sequence && !rekeyed;
  if (stands && elsewhere !== undefined && (kekIsNew || tekIsNew))
    signs.push(registeredWith(elsewhere.from, now.keyServer ?? ''));
  // Without a KEK no rekey can be read.
  if (before.withoutKek && now.kek !== null) signs.push('no KEK before, one now: no rekey can have brought it');
  if (!stands || sequence === null) return signs;
  if (kekIsNew && !mayBeRekey(before, sequence))
    signs.push(`another KEK with rekey sequence number ${sequence} as before`);
  // After a registration the number is still the old KEK's: the first rekey may show the same by chance, but never 0.
  if ((before.sequenceOfKek || sequence === 0) && hasSameKek(before, now) && tekIsNew)
    signs.push(`another TEK with the same KEK and rekey sequence number ${sequence} as before`);
  return signs;
}

/** No timer of its keys was due by then: nothing but another server's answer makes it show that server. */
export function holdsLastingKeys({ kek, teks, receivedMs }: SnmpLook, tekLifetimeSeconds: number | null): boolean {
  const [longest] = teks;
  if (kek === null || longest === undefined) return false;
  const dueMs = Math.min(kekMissedWindow(kek.expiry).fromMs, tekWindow(longest.expiry, tekLifetimeSeconds).fromMs);
  return receivedMs < dueMs;
}

export function registeredWith(from: string, to: string): string {
  return `Registered with ${from} -> ${to}`;
}

/** A rekey that brings a KEK starts the numbers anew; past the beginning of the window none is to be expected. */
function mayBeRekey({ kek, sentMs }: SnmpLook, sequence: number): boolean {
  const windowFromMs = (kek?.expiry.toMs ?? Infinity) - MISSED_REKEY_WINDOW.fromSecondsBeforeExpiry * 1000;
  return sequence <= FIRST_SEQUENCE && sentMs < windowFromMs;
}

export function hasNewKek(before: SnmpLook, now: SnmpLook): boolean {
  return (
    before.kek !== null && now.kek !== null && !isSameKek(before.kek, now.kek, now.sentMs - before.receivedMs, true)
  );
}

/** Anything that a rekey or a registration would change. */
export function hasChangedKeys(before: SnmpLook, now: SnmpLook): boolean {
  return (
    before.withoutKek !== now.withoutKek ||
    hasNewKek(before, now) ||
    before.sequence !== now.sequence ||
    before.keyServer !== now.keyServer ||
    hasNewTek(before.teks, now.teks)
  );
}

/** What the CLI showed between two looks that agree with each other. */
export interface CliKeys {
  readonly receivedMs: EpochMs;
  readonly keyServer: string | null;
  readonly kek: HeldKek | null;
  readonly kekShown: boolean;
  readonly teks: readonly HeldTek[];
}

/** Lifetimes of one key, read through two agents of the device. */
const EXPIRY_TOLERANCE_MS = 5000;

/** What looked beside the CLI. */
export type Looked = 'SNMP' | 'RESTCONF';

/** What it shows otherwise than the CLI; null: they agree as far as both show it. */
export function disagreement(cli: CliKeys, look: SnmpLook, by: Looked = 'SNMP'): string | null {
  if (cli.keyServer !== null && look.keyServer !== null && cli.keyServer !== look.keyServer)
    return `Registered with ${cli.keyServer} by the CLI, ${look.keyServer} by ${by}`;
  if (cli.kekShown && look.withoutKek) return `a KEK by the CLI, none by ${by}`;
  if (cli.kekShown && cli.kek !== null && look.kek !== null && !sameExpiry(cli.kek.expiry, look.kek.expiry, cli, look))
    return `KEK expiry of the CLI and of ${by} ${Math.round(Math.abs(look.kek.expiry.fromMs - cli.kek.expiry.fromMs) / 1000)} s apart`;
  if (cli.teks.length > 0 && look.teks.length > 0 && !sharesTek(cli.teks, look.teks))
    return `no common TEK: ${cli.teks[0]?.spi} by the CLI, ${look.teks[0]?.spi} by ${by}`;
  return null;
}

/** The CLI showed the newest TEK that the look shows, and the same KEK: nothing of the look came after that answer. */
export function showsTheKeys(cli: CliKeys, look: SnmpLook): boolean {
  const [newest] = look.teks;
  return (
    newest !== undefined &&
    cli.teks.some(({ spi }) => spi === newest.spi) &&
    cli.kekShown === (look.kek !== null) &&
    disagreement(cli, look) === null
  );
}

function sameExpiry(a: Interval, b: Interval, cli: CliKeys, look: SnmpLook): boolean {
  const tolerance = EXPIRY_TOLERANCE_MS + sameInstantToleranceMs(look.sentMs - cli.receivedMs);
  return intersection(widened(a, tolerance), b) !== null;
}
