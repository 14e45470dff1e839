/** A KS dropped a GM from its list: after three rekeys without acknowledgement, or with the list itself. */
import { counted } from '../events/counted.ts';
import { CHECK_DROPPED, CHECK_LIST, firstStepBy } from '../events/first-steps.ts';
import type { EpochMs } from '../seen/instant.ts';
import {
  among,
  type Asked,
  type Candidate,
  claimed,
  devicesOf,
  devicesWith,
  nextLook,
  REGISTERING_MS,
  sorted,
  trafficStops,
  whenRegistered,
  whenTheyRegisterAgain,
} from './candidate.ts';
import { EJECTED_AT_MISSED } from './acks-missed.ts';
import { type GroupFacts, isHeard, isGroupByMulticast } from './group-facts.ts';
import { clockTime, gmsNamed, verb } from './said.ts';
import { LOSS_CHECKS, LOSSES } from './who-missed-a-rekey.ts';

/** A list that lacks a GM is read again after this long before it is more than a moment's. */
const LIST_READ_AGAIN_MS = 30_000;

/** A KS dropped the GM, which believes that it is registered; of one that nobody polls only the list shows it. */
export function ejected({ facts, open, before, last, said }: Asked): Candidate | null {
  const { gms, kss, nowMs } = facts;
  const off = offTheList(facts);
  const dropped = [
    ...gms.filter((gm) => isHeard(gm) && gm.listedByKs === false).map(({ device }) => device),
    ...off.counted,
    ...off.gone.map(({ name }) => name),
  ];
  const names = devicesWith(
    claimed(open, { checks: ['rekeys_acknowledged'], of: new Set(dropped) }),
    'rekeys_acknowledged',
  );
  if (names.length === 0) return listedAgain({ facts, open, last, said });
  const claims = claimed(open, { checks: LOSS_CHECKS, of: new Set(names) });
  const gone = off.gone.filter(({ name }) => names.includes(name));
  const shown = names.filter((name) => !gone.some((each) => each.name === name));
  const losing = losingBefore(said);
  const forAcks = shown.filter((name) => losing.has(name) || off.counted.has(name));
  const sinceMs = before?.sinceMs ?? nowMs;
  const readAgain = kss.some(({ readMs }) => readMs >= sinceMs + LIST_READ_AGAIN_MS);
  const established = forAcks.length > 0 || readAgain || before?.presentSinceMs != null;
  if (isGroupByMulticast(facts)) return unlistedByMulticast(facts, { names, sinceMs, established, claims });
  const traffic = trafficStops(among(gms, shown), nowMs, whenTheyRegisterAgain);
  return {
    phase: established ? 'present' : 'unclear',
    status: established ? 'critical' : 'warning',
    sinceMs,
    summary: established
      ? [...(shown.length === 0 ? [] : [droppedOf(facts, shown, forAcks)]), ...goneOf(gone)].join('; ')
      : notYetDropped(facts, names, gone.length > 0),
    ...(gone.length > 0 && traffic.consequence === null ? losesItsKeys(gone.length) : traffic),
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : readAgainMs(facts, sinceMs),
    firstStep: !established || forAcks.length < names.length ? CHECK_LIST : CHECK_DROPPED,
    scope: names,
    evidence: [
      ...shown.map((name) =>
        off.counted.has(name)
          ? `${name}: three acknowledgements missed, as the KS counts`
          : `${name}: Registered, and not listed by any KS that answers`,
      ),
      ...gone.map(
        ({ name, acksMissed, goneMs }) =>
          `${name}: ${counted(acksMissed, 'acknowledgement')} missed when it was listed last; on no list since ${clockTime(goneMs)}`,
      ),
    ],
    claims,
  };
}

interface Gone {
  /** Of the device, where one that has not answered yet is asked at its address, else the address. */
  readonly name: string;
  readonly acksMissed: number;
  readonly goneMs: EpochMs;
}

/** Whom a KS has counted three missed acknowledgements of, and who is gone from the list and was never seen. */
function offTheList({ unacknowledged }: GroupFacts): {
  readonly counted: ReadonlySet<string>;
  readonly gone: readonly Gone[];
} {
  const listed = unacknowledged.filter(({ goneMs }) => goneMs === undefined);
  return {
    counted: new Set(
      listed
        .filter(({ acksMissed }) => acksMissed >= EJECTED_AT_MISSED)
        .map(({ device, address }) => device ?? address),
    ),
    gone: unacknowledged.flatMap(({ device, address, acksMissed, goneMs }) =>
      goneMs === undefined ? [] : [{ name: device ?? address, acksMissed, goneMs }],
    ),
  };
}

/**
 * Who had missed two acknowledgements was dropped for the third. Others may register anew at this moment, or were
 * cleared on the KS.
 */
function losingBefore(said: Asked['said']): ReadonlySet<string> {
  return new Set(
    said
      .filter(
        ({ cause, worst, said: known }) =>
          (cause === 'ejected' && known.firstStep === CHECK_DROPPED) || (LOSSES.has(cause) && worst === 'critical'),
      )
      .flatMap((episode) => devicesOf(episode)),
  );
}

function notYetDropped({ members }: GroupFacts, names: readonly string[], areUncounted: boolean): string {
  const [is, it] = [verb(names.length, 'is', 'are'), verb(names.length, 'it', 'them')];
  const whom = gmsNamed(names, areUncounted ? null : members);
  return `${whom} ${is} not on the KS’s list; whether the KS dropped ${it}, or ${verb(names.length, 'it registers', 'they register')} anew, is not yet clear`;
}

function droppedOf({ members }: GroupFacts, names: readonly string[], forAcks: readonly string[]): string {
  const [is, it] = [verb(names.length, 'is', 'are'), verb(names.length, 'it', 'them')];
  const whom = gmsNamed(names, members);
  return forAcks.length === names.length
    ? `${whom} ${is} no longer on the KS’s list: it dropped ${it} after three rekeys without acknowledgement, and sends ${it} no more`
    : `${whom} ${is} registered, and no KS that answers lists ${it}: the KS dropped ${it}, or lost its list, and sends ${it} no rekey any more`;
}

/** None of these has answered: they may be off, or on the list of a KS that does not answer. */
function goneOf(gone: readonly Gone[]): readonly string[] {
  if (gone.length === 0) return [];
  const [is, it, has] = gone.length === 1 ? ['is', 'it', 'it has'] : ['are', 'them', 'they have'];
  const sinceMs = Math.min(...gone.map(({ goneMs }) => goneMs));
  return [
    `${gmsNamed(sorted(gone.map(({ name }) => name)))}, of which acknowledgements were missing, ${is} on no list of a KS that answers any more since ${clockTime(sinceMs)}: a KS drops a GM after three, and sends ${it} no rekey; no GM that the agent has seen has ${gone.length === 1 ? 'that address' : 'these addresses'}, so whether ${has} keys is not known`,
  ];
}

/** Of one that is not polled it is not known when its TEK ends. */
function losesItsKeys(gone: number): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  const what = `traffic of ${verb(gone, 'that GM stops when its last TEK ends', 'those GMs stops when their last TEKs end')}`;
  return { consequence: { what, unless: whenTheyRegisterAgain(gone) }, deadlineMs: null };
}

/**
 * The next look at a list that is late enough: one that comes sooner decides nothing, and the regular one follows it.
 */
function readAgainMs({ kss, nowMs, pollIntervalMs }: GroupFacts, sinceMs: EpochMs): EpochMs | null {
  const nextMs = nextLook(kss, nowMs);
  return nextMs === null || nextMs >= sinceMs + LIST_READ_AGAIN_MS ? nextMs : nextMs + pollIntervalMs;
}

/** Multicast rekeys reach all that hold the KEK, listed or not: that the list lacks a GM takes no rekey from it. */
function unlistedByMulticast(
  facts: GroupFacts,
  known: Pick<Candidate, 'claims' | 'sinceMs'> & { readonly names: readonly string[]; readonly established: boolean },
): Candidate {
  const { names, sinceMs, established, claims } = known;
  const [is, it] = [verb(names.length, 'is', 'are'), verb(names.length, 'it', 'them')];
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `${gmsNamed(names, facts.members)} ${is} registered, and no KS that answers lists ${it}; multicast rekeys go out all the same`,
    consequence: null,
    deadlineMs: null,
    confidence: established ? 'likely' : 'possible',
    knownAtMs: established ? null : readAgainMs(facts, sinceMs),
    firstStep: firstStepBy(true, CHECK_LIST),
    scope: names,
    evidence: names.map((name) => `${name}: Registered, and not listed by any KS that answers`),
    claims: claims.filter(({ check }) => check === 'rekeys_acknowledged'),
  };
}

/**
 * It registered for want of rekeys that no KS sent it: no rekey was lost on the way. What it was dropped for goes on.
 */
function listedAgain({ facts, open, last, said }: Pick<Asked, 'facts' | 'open' | 'last' | 'said'>): Candidate | null {
  // By multicast they were sent it all the same.
  if (isGroupByMulticast(facts)) return null;
  const { gms, nowMs, pollIntervalMs } = facts;
  if (last === null) return null;
  const claims = claimed(open, {
    checks: ['reregistrations'],
    of: new Set(devicesOf(last)),
    // The list shows its end, and the GM's answer the registration, for as long as that counts.
    toMs: (last.endedMs ?? nowMs) + pollIntervalMs,
    // Of one look alone only what came later than a registration takes: else the list lacked it since it was registering.
    fromMs: last.presentSinceMs === null ? last.sinceMs + LIST_READ_AGAIN_MS : last.sinceMs - REGISTERING_MS,
  });
  const names = devicesWith(claims, 'reregistrations');
  if (names.length === 0) return null;
  const losing = new Set(
    said.flatMap((episode) => (LOSSES.has(episode.cause) && episode.worst === 'critical' ? devicesOf(episode) : [])),
  );
  const again = names.some((name) => losing.has(name));
  const [was, it, gets] = names.length === 1 ? ['was', 'it', 'gets'] : (['were', 'they', 'get'] as const);
  return {
    ...last.said,
    phase: 'over',
    status: again ? 'warning' : 'ok',
    summary: `${gmsNamed(names, gms.length)} ${was} on no KS’s list from ${clockTime(last.sinceMs)} on and registered again ${whenRegistered(among(gms, names), nowMs)}: ${it} ${gets} rekeys again`,
    consequence: again
      ? {
          what: `the KS drops ${verb(names.length, 'it', 'them')} again`,
          unless: `${verb(names.length, 'its', 'their')} acknowledgements arrive`,
        }
      : null,
    deadlineMs: null,
    knownAtMs: null,
    confidence: 'likely',
    firstStep: again ? CHECK_DROPPED : null,
    claims,
  };
}
