/**
 * What ended an incident, in words that the look which showed it over bears out: a device that gives no answer any more
 * shows neither a trouble nor its end.
 */
import { nameList } from '../events/name-list.ts';
import { UNLISTED_KEPT_MS } from '../explain/acks-missed.ts';
import { among, devicesOf, type Episode } from '../explain/candidate.ts';
import type { ExplanationCause } from '../explain/explanation.ts';
import type { GmFacts, GroupFacts, KsFacts } from '../explain/group-facts.ts';
import { servedMs } from '../explain/ks-silence.ts';
import { isOfSeparateKss } from '../explain/name-shared.ts';
import { lostARekeyLately, RECENT_MS, registeredForMissedRekey } from '../explain/symptom.ts';
import type { EpochMs } from '../seen/instant.ts';

/** What is known at the end of an incident about the devices that it concerned. */
interface AtItsEnd {
  readonly facts: GroupFacts;
  readonly beganMs: EpochMs;
  /** All of them: by name, or by address where nobody polls them. */
  readonly devices: readonly string[];
  /** Which of them are polled. */
  readonly gms: readonly GmFacts[];
  readonly kss: readonly KsFacts[];
  /** All that it explained at last are missing acknowledgements. */
  readonly onlyAcks: boolean;
  /** It was said of KSs that have nothing in common. */
  readonly ofSeparateKss: boolean;
}

interface End {
  readonly words: string;
  readonly isShown: (end: AtItsEnd) => boolean;
  /** It says something of each of them, as far as they are polled; absent: it is no less true without one. */
  readonly ofEach?: true;
}

const REGISTERED = whereAllGms('the GMs are registered', ({ registered }) => registered === true);
const REGISTERED_SINCE = whereAllGms(
  'the GMs registered again',
  // One that is off again did, and nobody would read that of it.
  ({ lastReregistration: last, registered }, beganMs) => registered !== false && (last?.atMs ?? 0) > beganMs,
);
const AGAIN_NONE = afterTime('ten minutes without another one');
const KSS_ANSWER = (words: string): End => ({
  words,
  ofEach: true,
  isShown: ({ kss }) => kss.length > 0 && kss.every(answers),
});
const REKEYS_ARRIVE: readonly End[] = [
  {
    words: 'the GMs have the current keys, and none registered for a lost rekey for ten minutes',
    isShown: (end) => haveKeysAgain(end) && !end.gms.some((gm) => lostARekeyLately(gm, end.facts.nowMs)),
  },
  {
    words: 'the GMs have the current keys, and a later rekey has reached those that registered for a lost one',
    isShown: (end) => haveKeysAgain(end) && !end.gms.some((gm) => registeredForMissedRekey(gm, end.facts.nowMs)),
  },
  {
    words: 'no KS lacks an acknowledgement of theirs any more',
    // Of a GM without a registration nothing is to be acknowledged.
    isShown: ({ devices, gms, facts: { kss, unacknowledged, listed } }) =>
      kss.some(answers) &&
      gms.every(({ registered, listedByKs }) => registered !== false && listedByKs === true) &&
      notPolled(devices, gms, kss).every((address) => listed.has(address)) &&
      !unacknowledged.some(({ address, device }) => devices.includes(device ?? address)),
  },
  {
    words: 'no KS lists the GMs any more, so that none counts what they acknowledge',
    isShown: ({ devices, gms, onlyAcks, facts: { kss, listed } }) =>
      onlyAcks &&
      kss.some((ks) => answers(ks) && (listed.size > 0 || ks.members !== null)) &&
      gms.every(({ address, listedByKs }) => listedByKs !== true && !listed.has(address ?? '')) &&
      !notPolled(devices, gms, kss).some((address) => listed.has(address)),
  },
  REGISTERED_SINCE,
];

/** In order: the first that is shown is said. */
const ENDS: Readonly<Record<ExplanationCause, readonly End[]>> = {
  login_refused: [
    {
      words: 'the devices let the agent in again',
      ofEach: true,
      isShown: ({ gms, kss }) => gms.length + kss.length > 0 && [...gms, ...kss].every(answers),
    },
  ],
  name_shared: [
    {
      words: 'the KSs show a common peer, KEK or member',
      isShown: ({ devices, kss, ofSeparateKss, facts }) =>
        ofSeparateKss &&
        facts.ofOtherGroup === null &&
        kss.length > 0 &&
        facts.kss.some(({ device }) => !devices.includes(device)),
    },
    {
      words: 'all devices that show a group identity show the same one',
      isShown: ({ ofSeparateKss, facts: { ofOtherGroup } }) => !ofSeparateKss && ofOtherGroup === null,
    },
  ],
  coop_split: [
    {
      words: 'one KS alone says that it is primary',
      ofEach: true,
      isShown: ({ kss, facts }) =>
        kss.every(answers) && facts.kss.filter((ks) => answers(ks) && ks.role === 'primary').length === 1,
    },
    whereAllGms('the GMs hold the same TEKs', ({ divergent, tekSpis }) => !divergent && tekSpis.length > 0),
  ],
  ks_members_lost: [
    whereAllGms(
      'the GMs are registered again, with the keys that the KS has now',
      (gm) => gm.registered === true && hasCurrentKeys(gm),
    ),
    REGISTERED,
  ],
  ks_down: [
    { words: 'a KS answers again', isShown: ({ kss }) => kss.some(answers) },
    {
      words: 'a GM got a rekey, or registered',
      isShown: ({ gms, beganMs }) =>
        gms.some(({ lastRekeyMs, lastReregistration: last }) => Math.max(lastRekeyMs ?? 0, last?.atMs ?? 0) > beganMs),
    },
  ],
  no_primary: [
    {
      words: 'a KS is primary again',
      isShown: ({ facts }) => facts.kss.some((ks) => answers(ks) && ks.role === 'primary'),
    },
  ],
  redundancy_lost: [
    KSS_ANSWER('the KS answers again'),
    {
      words: 'the KS serves GMs or peers again, though it gives the agent no answer yet',
      isShown: ({ kss, facts }) => kss.length > 0 && kss.every((ks) => answers(ks) || servedMs(facts, ks) !== null),
    },
  ],
  role_flapping: [{ words: 'no third change of a role within half an hour', isShown: () => true }],
  ks_out_of_sight: [KSS_ANSWER('the KS shows its group to the agent again')],
  coop_mismatch: [afterTime('no KS has said so for ten minutes')],
  legacy_ks: [
    {
      words: 'no GM with a KEK timer meets a KS of the old behaviour any more',
      isShown: ({ facts }) => facts.mixed === null,
    },
  ],
  ks_forced: [AGAIN_NONE, REGISTERED],
  clock: [REGISTERED, afterTime('no certificate was found too early for ten minutes')],
  unauthorized: [REGISTERED, afterTime('no KS has refused one for ten minutes')],
  registration_refused: [REGISTERED, afterTime('no KS has refused one for ten minutes')],
  gms_reloaded: [
    {
      words: 'ten minutes without another one, and all are registered',
      ofEach: true,
      isShown: (end) => AGAIN_NONE.isShown(end) && REGISTERED.isShown(end),
    },
    AGAIN_NONE,
    REGISTERED,
  ],
  gms_unreachable: [whereAllGms('the GMs show their group again', () => true)],
  operator_clear: [AGAIN_NONE],
  interface_flap: [
    whereAllGms('the interface is up, and no other flap followed', ({ linkDown }) => linkDown?.backMs !== null),
  ],
  without_tek: [whereAllGms('the GMs hold a TEK', ({ tekMissing }) => !tekMissing)],
  rekeys_refused: [afterTime('ten minutes without another refusal')],
  old_kek_in_use: [
    REGISTERED_SINCE,
    whereAllGms('the GMs got a rekey', ({ lastRekeyMs }, beganMs) => (lastRekeyMs ?? 0) > beganMs),
    whereAllGms(
      'the GMs registered again, or got a rekey',
      ({ lastRekeyMs, lastReregistration: last }, beganMs) => Math.max(lastRekeyMs ?? 0, last?.atMs ?? 0) > beganMs,
    ),
  ],
  // The list is read again later.
  ejected: [
    whereAllGms('a KS lists the GMs again', ({ listedByKs }) => listedByKs === true),
    REGISTERED_SINCE,
    ofGmsNotPolled('a KS lists the GMs again', (ageMs) => ageMs < UNLISTED_KEPT_MS),
    ofGmsNotPolled('a day passed in which no KS listed the GMs', (ageMs) => ageMs >= UNLISTED_KEPT_MS),
  ],
  ks_rekeys_lost: REKEYS_ARRIVE,
  path_loss: REKEYS_ARRIVE,
  ks_failover: [AGAIN_NONE],
  not_registered: [REGISTERED],
  without_kek: [whereAllGms('the GMs hold a KEK', ({ kek }) => kek === 'shown')],
  keys_differ: [whereAllGms('the GMs hold the keys of the group', hasCurrentKeys)],
  coop_peer_lost: [
    {
      words: 'the peer is alive for the KSs',
      isShown: ({ facts: { peers } }) => peers.length > 0 && peers.every(({ lost }) => lost === false),
    },
    {
      words: 'no KS calls a peer dead any more',
      isShown: ({ facts: { kss, peers } }) => kss.every(answers) && !peers.some(({ lost }) => lost === true),
    },
  ],
  member_counts_differ: [
    {
      words: 'the KSs know the same number of GMs',
      isShown: ({ facts: { kss } }) => {
        const counts = kss.flatMap((ks) => (answers(ks) && ks.members !== null ? [ks.members] : []));
        return counts.length > 1 && new Set(counts).size === 1;
      },
    },
  ],
  replay_errors: [afterTime('ten minutes without another dropped packet')],
  reregistered: [
    {
      words: AGAIN_NONE.words,
      ofEach: true,
      isShown: ({ gms, facts: { nowMs } }) =>
        gms.length > 0 && gms.every(({ lastReregistration: last }) => last === null || nowMs - last.atMs >= RECENT_MS),
    },
  ],
};

/** What these explained may follow from another cause from then on: then that is what ended them. */
const OF_WHAT_IS_SHOWN: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'gms_unreachable',
  'without_tek',
  'old_kek_in_use',
  'ejected',
  'ks_rekeys_lost',
  'path_loss',
  'not_registered',
  'without_kek',
  'keys_differ',
]);

/** Each of those whom they concern is polled: one that is not is polled no more. */
const OF_POLLED: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'name_shared',
  'gms_unreachable',
  'interface_flap',
  'without_tek',
  'not_registered',
  'without_kek',
]);

/** Of an episode that is over since this look; `after`: what is said since. */
export function endedBy(episode: Episode, after: readonly Episode[], facts: GroupFacts): string {
  const devices = devicesOf(episode);
  const end: AtItsEnd = {
    facts,
    beganMs: episode.sinceMs,
    devices,
    gms: among(facts.gms, devices),
    kss: facts.kss.filter(({ device }) => devices.includes(device)),
    onlyAcks:
      episode.said.explains.length > 0 && episode.said.explains.every(({ check }) => check === 'rekeys_acknowledged'),
    ofSeparateKss: isOfSeparateKss(episode.said),
  };
  if (OF_POLLED.has(episode.cause) && devices.length > 0 && end.gms.length + end.kss.length === 0)
    return 'no device that it was about is polled in the group any more';
  const heir = after.find((other) => takesOver(other, episode));
  const shown = ENDS[episode.cause].find(({ isShown }) => isShown(end));
  if (heir !== undefined && (shown === undefined || OF_WHAT_IS_SHOWN.has(episode.cause)))
    return `what it explained follows from another cause now: ${heir.cause}`;
  if (shown === undefined) return 'nothing shows it any more; what ended it is not known';
  return `${shown.words}${shown.ofEach === true ? butFor(end) : ''}`;
}

/** One that nobody polls any more, as where it was taken out of the configuration, shows no end. */
function butFor({ devices, gms, kss }: AtItsEnd): string {
  const seen = new Set([...gms, ...kss].map(({ device }) => device));
  const unseen = devices.filter((device) => !seen.has(device));
  return unseen.length === 0 ? '' : `; of ${nameList(unseen)}, which nobody polls now, that is not known`;
}

/**
 * It goes on, and explains for the same device what the other one did: a re-registration is past, and shows nothing but
 * for whom nothing else was told.
 */
function takesOver({ cause, endedMs, presentSinceMs, said }: Episode, { cause: over, said: was }: Episode): boolean {
  if (cause === over || endedMs !== null || presentSinceMs === null) return false;
  return was.explains.some(({ check, devices }) => {
    const explained = new Set(devices);
    return (
      (check !== 'reregistrations' || over === 'reregistered') &&
      said.explains.some((now) => now.check === check && now.devices.some((device) => explained.has(device)))
    );
  });
}

function answers({ failure }: GmFacts | KsFacts): boolean {
  return failure === null;
}

/** They lacked keys, and have them; of those whose acknowledgements alone were missing that shows no end. */
function haveKeysAgain({ devices, gms, kss, onlyAcks }: AtItsEnd): boolean {
  return !onlyAcks && gms.length + kss.length === devices.length && allOf(gms, hasCurrentKeys);
}

/** By address. */
function notPolled(devices: readonly string[], gms: readonly GmFacts[], kss: readonly KsFacts[]): readonly string[] {
  const polled = new Set([...gms, ...kss].map(({ device }) => device));
  return devices.filter((device) => !polled.has(device));
}

/** A GM without a registration shows no keys, or what is left of them. */
function hasCurrentKeys({ registered, kek, kekMatchesKs, tekMatchesKs, divergent }: GmFacts): boolean {
  return registered !== false && kek !== 'absent' && kekMatchesKs !== false && tekMatchesKs !== false && !divergent;
}

function allOf(gms: readonly GmFacts[], holds: (gm: GmFacts) => boolean): boolean {
  return gms.every((gm) => answers(gm) && holds(gm));
}

function whereAllGms(words: string, holds: (gm: GmFacts, beganMs: EpochMs) => boolean): End {
  return {
    words,
    ofEach: true,
    isShown: ({ gms, beganMs }) => gms.length > 0 && allOf(gms, (gm) => holds(gm, beganMs)),
  };
}

/** Of those that nobody polls the KSs that answer show whether they are missing. */
function ofGmsNotPolled(words: string, isOfAge: (ageMs: number) => boolean): End {
  return {
    words,
    isShown: ({ devices, gms, beganMs, facts: { kss, unacknowledged, nowMs } }) =>
      gms.length === 0 &&
      kss.some(answers) &&
      !unacknowledged.some(({ address }) => devices.includes(address)) &&
      isOfAge(nowMs - beganMs),
  };
}

/** Nothing but ten minutes end it; before, something else did. */
function afterTime(words: string): End {
  return { words, isShown: ({ facts, beganMs }) => facts.nowMs - beganMs >= RECENT_MS };
}
