/**
 * The summaries, severities and first steps that an event of each kind may have: they must follow from what the event
 * claims.
 */
import type { Cause, EventType } from '../../../src/gdoi/events/event.ts';
import { TIME_LEFT } from './alarm-statements.ts';
import { type Audited, unless } from './statement.ts';

/** What the summary of a re-registration with this cause says after the place, and what its first step is about. */
const CAUSES: Readonly<Record<Cause, { readonly words: string; readonly unexpected: boolean; readonly step: RegExp }>> =
  {
    initial: { words: 'registered for the first time', unexpected: false, step: /^None$/u },
    reload: { words: 'registered again after a reload', unexpected: false, step: /^show version on the GM/u },
    operator_clear: {
      words: 'registered again after its counters were cleared (clear crypto gdoi)',
      unexpected: false,
      step: /^show logging on the GM/u,
    },
    kek_missed_rekey: {
      words: 're-registered because a KEK rekey did not reach it',
      unexpected: true,
      step: /show crypto gdoi ks members/u,
    },
    legacy_ks: {
      words: 're-registered because its KS does not rekey the KEK ahead of expiry (old release)',
      unexpected: true,
      step: /^show version on the KS/u,
    },
    kek_expired: {
      words: 're-registered because its KEK had expired',
      unexpected: true,
      step: /^show version on the KS/u,
    },
    tek_expired: {
      words: 're-registered because no TEK rekey reached it',
      unexpected: true,
      step: /show crypto gdoi ks members/u,
    },
    ks_failover: { words: 're-registered with another KS', unexpected: true, step: /show crypto gdoi ks coop/u },
    ks_forced: { words: 're-registered because the KS made it', unexpected: false, step: /show crypto gdoi ks/u },
    interface: {
      words: 're-registered because the interface that holds its keys went down',
      unexpected: false,
      step: /^show interfaces/u,
    },
    recovery: {
      words: 're-registered because it met a TEK that it does not hold (two sets of keys in the group)',
      unexpected: true,
      step: /show crypto gdoi ks coop/u,
    },
    unknown: { words: 're-registered, cause not known', unexpected: true, step: /^Compare Rekey Acks missed/u },
  };

const REPEATED =
  /^, (?:the (third|fourth|fifth|sixth|seventh|eighth)|at least the eighth) unexpected one within an hour$/u;
const PLACES = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'];

/** Reasons that a router stated, after "because" or "cause not known; its log: ". */
const STATED_REASON =
  /^(?:re-registered because|re-registered, cause not known; (?:its log|log of \S+):) (?:a rekey came [^,;]+|its KS (?:told it to|deleted it) [^,;]+|a GDOI crypto map [^,;]+|it rejected [^,;]+|it could not [^,;]+|the IPsec flows [^,;]+|IKE (?:with|between) [^,;]+|the KSs? [^;]+|a KS can [^,;]+|it (?:reached|sent|met) [^,;]+|a certificate [^,;]+|the CRL [^,;]+|its group configuration [^,;]+|it (?:has|does|got) [^,;]+|a registration message [^,;]+)$/u;

type SummaryCheck = (audited: Audited, said: string) => string | null;

/** What a summary says after the place. Events of a whole group have other summaries. */
const SUMMARIES: Readonly<Partial<Record<EventType, SummaryCheck | RegExp>>> = {
  reregistration: ofReregistration,
  kek_rekey: exactly('received a new KEK by rekey'),
  kek_rekey_overdue: ofOverdue,
  kek_missing: exactly('is registered but holds no KEK: rekeys are lost to it until it registers again'),
  registration_lost: ofLost,
  registration_restored: exactly('is registered again'),
  registration_failed: ofFailed,
  tek_missing: /^(?:is registered but holds|holds a KEK and) no TEK, its traffic is dropped or in clear(?:: .+)?$/u,
  tek_rekey_overdue:
    /^(?:has not received the TEK rekey that is due|holds its old TEK beyond the time of the rekey: .+); \d+ s of its last TEK left$/u,
  replay_errors:
    /^(?:drops packets (?:that fail the anti-replay check|in its GETVPN data plane|that came in clear and should be encrypted)|has a pseudotime far from that of its KS: packets may fail the anti-replay check)$/u,
  reload: exactly('was reloaded'),
  counters_reset: exactly(': the GDOI counters restarted'),
  unreachable: ofUnreachable,
  reachable: exactly('answers again'),
  data_problem: exactly('shows figures that contradict each other; nothing is concluded from them'),
};

export function auditSummary(audited: Audited): string | null {
  const { event } = audited;
  const check = SUMMARIES[event.type];
  if (check === undefined) return null;
  const place = event.group === null ? `${event.device}` : `${event.device} (group ${event.group})`;
  if (!event.summary.startsWith(place)) return 'the summary does not begin with the place';
  const said = event.summary.slice(place.length).trimStart();
  const wrong = check instanceof RegExp ? unless(check.test(said), 'unknown summary') : check(audited, said);
  return wrong ?? auditCause(audited);
}

function auditCause(audited: Audited): string | null {
  const { type, cause, unexpected, action, summary } = audited.event;
  if (type !== 'reregistration')
    return unless(cause === null && unexpected === null, 'only a registration has a cause');
  if (cause === null) return 'a registration has a cause';
  if (unexpected !== CAUSES[cause].unexpected) return `${cause} is ${unexpected ? 'expected' : 'unexpected'}`;
  if (
    /because (?:a rekey came|its KS (?:told it to|deleted it)|a GDOI crypto map|it rejected|the KSs? (?!made it))|; (?:its log|log of \S+): /u.test(
      summary,
    )
  )
    return null;
  const step = isMulticast(audited.history) ? (STEPS_BY_MULTICAST[cause] ?? CAUSES[cause].step) : CAUSES[cause].step;
  return unless(step.test(action), `the first step is not one for ${cause}`);
}

/** First steps about the rekeys of one GM: multicast ones take another path, and nothing counts acknowledgements. */
const STEPS_BY_MULTICAST: Readonly<Partial<Record<Cause, RegExp>>> = {
  kek_missed_rekey: /show crypto gdoi ks rekey.*show ip mroute/u,
  tek_expired: /show crypto gdoi ks rekey.*show ip mroute/u,
  unknown: /^Compare the rekey counter/u,
};

/**
 * How rekeys are sent to the group, by what was seen until then: the GM's own last answer decides, else that of any KS
 * of the group, else that of any of its GMs.
 */
function isMulticast({ answers, kss, gms }: Audited['history']): boolean {
  const transport =
    lastTransport(answers) ?? kss.findLast(({ ks }) => ks.transport !== null)?.ks.transport ?? lastTransport(gms);
  return transport === 'multicast';
}

function lastTransport(answers: Audited['history']['gms']): string | null {
  return answers.findLast(({ gm }) => gm.kek?.transport != null)?.gm.kek?.transport ?? null;
}

/**
 * No step may ask for acknowledgements in a multicast group, or for a multicast tree in a unicast group.
 */
export function multicastStep({ event: { action }, history }: Audited): string | null {
  if (!isMulticast(history)) return unless(!/mroute|multicast/iu.test(action), 'the group has no multicast rekeys');
  if (/acknowledg|Acks/u.test(action)) return 'multicast rekeys are not acknowledged';
  return unless(!/path (?:for UDP 848|KS to GM)/u.test(action), 'multicast rekeys take another way');
}

function exactly(words: string): SummaryCheck {
  return (_, said) => unless(said === words, 'unknown summary');
}

function ofReregistration({ event, earlier }: Audited, said: string): string | null {
  const { words } = CAUSES[event.cause ?? 'unknown'];
  const repeated = said.match(/, (?:the \w+|at least the eighth) unexpected one within an hour$/u)?.[0] ?? '';
  const reason = said.slice(0, said.length - repeated.length);
  if (reason !== words && !STATED_REASON.test(reason)) return 'unknown summary, or that of another cause';
  if (repeated === '') return null;
  const place = PLACES.indexOf(REPEATED.exec(repeated)?.[1] ?? 'eighth');
  const within = earlier.filter(
    ({ type, unexpected, atMs }) =>
      type === 'reregistration' && unexpected === true && event.atMs - atMs <= HOUR_MS && atMs <= event.atMs,
  );
  return unless(within.length >= place, `${within.length} unexpected ones within the hour before`);
}

/** With a margin: instants of registrations that are reported late are rounded to when they became known. */
const HOUR_MS = 3_600_000 + 60_000;

function ofOverdue(audited: Audited, said: string): string | null {
  const words =
    /^(?:has not received the KEK rekey that is due|holds its old KEK beyond the time of the rekey: [^;]+); /u.exec(
      said,
    )?.[0];
  if (words === undefined) return 'unknown summary';
  const left = said.slice(words.length);
  for (const { form, check } of TIME_LEFT) {
    const quoted = form.exec(left);
    if (quoted !== null) return check(audited, ...quoted.slice(1));
  }
  return 'unknown summary';
}

function ofFailed({ history }: Audited, said: string): string | null {
  const form = /^tries to register and does not succeed(?:: [^;]+)?(; it is still registered, .+)?$/u.exec(said);
  if (form === null) return 'unknown summary';
  const registered = history.answers.at(-1)?.gm.registered ?? null;
  return unless(registered === (form[1] !== undefined), `registered is ${registered}`);
}

function ofLost({ history, event }: Audited, said: string): string | null {
  const gm = history.answers.at(-1)?.gm;
  const form = /^is no longer registered( and holds no TEK: traffic is dropped or in clear)?(?:; [^;]+)?$/u.exec(said);
  if (form === null) return 'unknown summary';
  const noTeks = form[1] !== undefined;
  if (gm?.registered !== false) return 'the answer says it is registered';
  if (event.severity !== (noTeks ? 'critical' : 'warning')) return 'the severity does not fit';
  return unless(!noTeks || gm.teks?.length === 0, 'the answer shows TEKs');
}

function ofUnreachable({ history }: Audited, said: string): string | null {
  const count = Number(/^gave no answer (\d+) times in a row$/u.exec(said)?.[1] ?? Number.NaN);
  const failed = history.outcomes.slice(history.outcomes.findLastIndex((outcome) => outcome.failed === null) + 1);
  return unless(failed.length === count, `${failed.length} failures in a row`);
}
