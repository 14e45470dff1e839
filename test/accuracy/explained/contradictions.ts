/**
 * Contradictions that a person would find on the page at one look: two causes for the same thing, a device that is
 * worse than its group, or a rekey announced to a GM that no rekey can reach, according to another cause on the page.
 */
import type { Explanation, ExplanationCause } from '../../../src/gdoi/explain/explanation.ts';
import { deviceHealth } from '../../../src/gdoi/health/health.ts';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import type { Look } from '../agent-model.ts';

/** Causes that cannot both be the reason for what one device shows; the first of a row excludes the others. */
const ONE_OF: readonly (readonly [ExplanationCause, readonly ExplanationCause[]])[] = [
  ['ks_down', ['redundancy_lost', 'no_primary', 'ks_out_of_sight', 'ks_rekeys_lost', 'path_loss', 'coop_split']],
  ['redundancy_lost', ['ks_out_of_sight']],
  ['path_loss', ['ks_rekeys_lost', 'rekeys_refused', 'old_kek_in_use', 'ejected']],
  ['not_registered', ['unauthorized', 'registration_refused', 'clock', 'operator_clear', 'ks_forced']],
  ['gms_reloaded', ['gms_unreachable']],
];

/** Causes by which no rekey reaches the devices concerned. */
const BEYOND_REKEYS: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'ks_down',
  'unauthorized',
  'registration_refused',
  'old_kek_in_use',
  'ejected',
  'not_registered',
  'without_kek',
]);

/** For countdowns in whole seconds. */
const ROUNDED_MS = 1000;
/** An answer that was under way at this look may have been judged before it. */
const UNDER_WAY_MS = 30_000;

export function contradictionsIn(look: Look): readonly string[] {
  const { view } = look;
  return [
    ...betweenCauses(view.explanations),
    ...ofRelease(view.explanations),
    ...betweenSentenceAndFacts(look),
    ...outOfTime(look),
    ...endsNotSeen(look),
    ...ofDevices(look),
    ...ofGroup(look),
  ];
}

function betweenCauses(explanations: readonly Explanation[]): readonly string[] {
  // An explanation with status `ok` is about something that is over.
  const now = explanations.filter(({ phase, status }) => phase === 'present' && status !== 'ok');
  return ONE_OF.flatMap(([one, others]) => {
    const first = now.find(({ cause }) => cause === one);
    if (first === undefined) return [];
    return now
      .filter(({ cause, scope }) => others.includes(cause) && scope.some((name) => first.scope.includes(name)))
      .map(({ cause, summary }) => `${one} beside ${cause}: "${first.summary}" / "${summary}"`);
  });
}

/** That no KEK rekey is sent ahead, and that one was lost: of a TEK's both can be true. */
function ofRelease(explanations: readonly Explanation[]): readonly string[] {
  const old = explanations.find(({ summary }) => /(?<!would) sends? no KEK rekey before expiry/u.test(summary));
  if (old === undefined) return [];
  return explanations
    .filter(
      ({ cause, phase, summary, scope }) =>
        (cause === 'path_loss' || cause === 'ks_rekeys_lost') &&
        phase === 'present' &&
        /\bKEK\b/u.test(summary) &&
        scope.some((name) => old.scope.includes(name)),
    )
    .map(({ cause, summary }) => `${cause} of a KEK rekey beside legacy_ks: "${old.summary}" / "${summary}"`);
}

function betweenSentenceAndFacts({ view }: Look): readonly string[] {
  const off = view.gms.filter(({ registered, reachable }) => reachable && registered === false);
  return view.explanations
    .filter(({ summary, scope }) => {
      const whole = /(?:all \d+|both) polled GMs are registered/u.test(summary);
      const own = /(?:(?:all|both) of them are|it is) registered/u.test(summary);
      return off.some(({ device }) => whole || (own && scope.includes(device)));
    })
    .map(({ cause, summary }) => `${cause}: "${summary}", and ${off.map(({ device }) => device).join(', ')} is not`);
}

/** A deadline must be in the future, and a start in the past. */
function outOfTime({ view, nowMs }: Look): readonly string[] {
  const at = (ms: number) => new Date(ms).toISOString();
  return view.explanations.flatMap(({ cause, summary, consequence, deadlineMs, sinceMs }) => [
    ...(deadlineMs !== null && deadlineMs < nowMs - ROUNDED_MS
      ? [`${cause}: "${consequence?.what ?? ''}" is still ahead, its deadline ${at(deadlineMs)} is past: "${summary}"`]
      : []),
    ...(sinceMs > nowMs + UNDER_WAY_MS ? [`${cause}: began at ${at(sinceMs)}, which is ahead: "${summary}"`] : []),
  ]);
}

/** What is reported as over must have been seen to be over: nothing is known of a device that does not answer. */
function endsNotSeen({ view, incidents, deviceOf }: Look): readonly string[] {
  const fails = (name: string) => deviceOf(name).failure !== null;
  const named = (scope: readonly string[], of: readonly { readonly device: string }[]) =>
    scope.filter((name) => of.some(({ device }) => device === name));
  const back = view.explanations.flatMap(({ cause, scope, summary }) => {
    const those = / (?:is|are) back\b/u.test(summary)
      ? named(scope, view.kss)
      : / (?:is|are) registered again since/u.test(summary)
        ? named(scope, view.gms)
        : [];
    return those.filter(fails).map((name) => `${cause}: "${summary}", and ${name} does not answer`);
  });
  const ended = incidents.flatMap(({ cause, endedBy, devices }) => {
    if (!/answers? (?:the agent )?again|are registered|hold|lists|have the/u.test(endedBy ?? '')) return [];
    const those = named(devices, endedBy?.includes('KS answers') === true ? view.kss : view.gms);
    const failing = those.filter(fails);
    // Of several KSs one is enough.
    return failing.length === 0 || (cause === 'ks_down' && failing.length < those.length)
      ? []
      : [`incident ${cause} ended as "${endedBy ?? ''}", and ${failing.join(', ')} does not answer`];
  });
  return [...back, ...ended];
}

function ofDevices({ view, nowMs, deviceOf }: Look): readonly string[] {
  const group = groupHealth(view, deviceOf, nowMs);
  const beyond = new Map<string, ExplanationCause>();
  for (const { cause, phase, scope } of view.explanations) {
    if (phase === 'present' && BEYOND_REKEYS.has(cause)) for (const name of scope) beyond.set(name, cause);
  }
  return [...view.gms, ...view.kss].flatMap(({ device }) => {
    const health = deviceHealth(deviceOf(device), (name) => (name === view.group ? view : null), nowMs);
    const part = health.groups.find((known) => known.group === view.group);
    const worse = health.checks.filter(
      ({ group: of, status, explainedBy }) => of === view.group && status === 'critical' && explainedBy === null,
    );
    const cause = beyond.get(device);
    return [
      ...(group.status === 'ok' ? worse : []).map(
        ({ name, detail }) => `check ${name} of a device is critical ("${detail}"), its group ok`,
      ),
      ...(cause !== undefined && part?.next?.what.startsWith('KEK rekey from the KS') === true
        ? [`${cause}: beside it a device is announced "${part.next.what}"`]
        : []),
    ];
  });
}

function ofGroup({ view, nowMs, deviceOf }: Look): readonly string[] {
  const { status, nextKekRekey, nextTekRekey } = groupHealth(view, deviceOf, nowMs);
  const down = view.explanations.some(({ cause, phase }) => cause === 'ks_down' && phase === 'present');
  const [first] = view.explanations;
  return [
    ...(down && (nextKekRekey ?? nextTekRekey) !== null ? ['ks_down: beside it the group is announced a rekey'] : []),
    ...(first !== undefined && status !== 'unknown' && status !== first.status
      ? [`${first.cause} ${first.status}: beside it the group is ${status}`]
      : []),
  ];
}
