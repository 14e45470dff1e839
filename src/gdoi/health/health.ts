/**
 * One judgement of a device: is it well, and if not, what is wrong, what happens next, and what to do first.
 *
 * From the agent's view of the device, its tracker's verdicts, and the view of its groups; nothing is remembered, so
 * the same values always give the same answer. Old or missing data never make an `ok`.
 */
import { durationText } from '../events/duration-text.ts';
import { byWeight, type Explanation } from '../explain/explanation.ts';
import type { GroupView, GroupViewOf } from '../fleet/group-view.ts';
import { type Forecast, forecast } from '../keys/forecast.ts';
import {
  asOfOldAnswer,
  type CheckName,
  HEALTH_STATUSES,
  type HealthCheck,
  type HealthStatus,
  verdictOf,
  weightOf,
  worseOf,
  worstCheck,
} from './health-check.ts';
import { explanationsOf, isBeyondRekeys, leastBy, withExplanations } from './health-explained.ts';
import { besideChecks } from './health-beside.ts';
import { certificateChecks } from './health-certificates.ts';
import { gmChecks } from './health-gm.ts';
import { noKsAnswers } from './health-group.ts';
import type { HealthGroup, HealthInput } from './health-input.ts';
import { ksChecks } from './health-ks.ts';
import { earliest, type ExpectedKekRekey, type NextOccurrence, nextOfGm, nextOfKs } from './health-next.ts';
import { type Age, ageOf, reachChecks } from './health-reach.ts';
import { FLOOR_LEAD } from '../keys/ks-lead.ts';
import type { EpochMs } from '../seen/instant.ts';

export interface DeviceHealth {
  readonly device: string;
  readonly status: HealthStatus;
  /** One sentence for a person at 3 a.m.: the worst check, and how many others there are. */
  readonly summary: string;
  /** The summary without the device's name, for places that have it already. */
  readonly statement: string;
  /** The last answer; null: there was none. */
  readonly observedAtMs: EpochMs | null;
  readonly ageSeconds: number | null;
  /** Those of the device first, then by group. */
  readonly checks: readonly HealthCheck[];
  readonly groups: readonly GroupPartHealth[];
  readonly next: NextOccurrence | null;
  /** What to do first; null while there is nothing to do. */
  readonly action: string | null;
  /** Why, from its groups: the worst first. */
  readonly explanations: readonly Explanation[];
}

/** The device's part in one group. */
interface GroupPartHealth {
  readonly group: string;
  readonly role: 'gm' | 'ks' | 'both';
  readonly status: HealthStatus;
  readonly summary: string;
  readonly next: NextOccurrence | null;
  readonly action: string | null;
}

/** `atMs`: now. */
export function deviceHealth(input: HealthInput, groupOf: GroupViewOf, atMs: EpochMs): DeviceHealth {
  const { device } = input;
  const age = ageOf(input, atMs);
  const certificates = certificateChecks(input.certificates?.value ?? null, atMs);
  const reach = reachChecks(input, age);
  const parts = Array.from(input.groups.values(), (group) =>
    partOf({ input, group, fleet: groupOf(group.group), age, reach, atMs }),
  );
  const named = (input.namedIn ?? []).flatMap((group) => explanationsOf(groupOf(group)?.explanations ?? [], device));
  const explanations = [...parts.flatMap((part) => part.explanations), ...named].toSorted(byWeight);
  const ofDevice = withExplanations(
    [...reach, ...groupsShown(input), ...certificates, ...besideChecks(input.beside ?? [])],
    explanations,
    device,
  );
  const checks = [...ofDevice, ...parts.flatMap((part) => part.checks)];
  const least = [...parts.map((part) => part.least), leastOf(named, device, true)].reduce(worseOf, 'ok');
  const verdict = judged(checks, explanations, { namesGroup: parts.length > 1, least });
  return {
    device,
    status: verdict.status,
    summary: `${device}: ${verdict.summary}`,
    statement: verdict.summary,
    observedAtMs: input.lastSuccessAtMs,
    ageSeconds: age.seconds,
    checks,
    groups: parts.map(({ health }) => health),
    next: earliest(
      parts.map(({ health }) => health.next),
      atMs,
    ),
    action: verdict.action,
    explanations,
  };
}

/** A cause is said before the check that it explains; a check that is worse than any cause speaks for itself. */
function judged(
  checks: readonly HealthCheck[],
  explanations: readonly Explanation[],
  { namesGroup, least }: { readonly namesGroup: boolean; readonly least: HealthStatus },
): { readonly status: HealthStatus; readonly summary: string; readonly action: string | null } {
  const status = worseOf(verdictOf(checks), least);
  const [first] = explanations;
  const worst = worstCheck(checks);
  const own = worst === null || worst.explainedBy !== null ? 0 : weightOf(worst);
  if (first === undefined || own > HEALTH_STATUSES.indexOf(first.status)) {
    return { status, summary: summaryOf(checks, namesGroup), action: worst?.action ?? null };
  }
  const shown = worst !== null && weightOf(worst) > 0 && worst.explainedBy?.cause === first.cause;
  return {
    status: first.status === 'critical' ? worseOf(status, 'warning') : status,
    summary: shown ? `${worst.detail}: ${first.summary}` : first.summary,
    action: first.firstStep,
  };
}

function leastOf(explanations: readonly Explanation[], device: string, isKs: boolean): HealthStatus {
  return explanations.reduce<HealthStatus>((worst, each) => worseOf(worst, leastBy(each, device, isKs)), 'ok');
}

/** A device that answers and is in no group is not what it was configured for. */
function groupsShown(input: HealthInput): readonly HealthCheck[] {
  if (input.groups.size > 0 || input.lastSuccessAtMs === null) return [];
  return [
    {
      name: 'registered',
      group: null,
      status: 'warning',
      detail: 'answers, but is in no GDOI group',
      value: 0,
      threshold: 1,
      required: true,
      action: 'show crypto gdoi on the device: is the crypto map with the group applied to an interface?',
      explainedBy: null,
    },
  ];
}

function partOf(known: {
  readonly input: HealthInput;
  readonly group: HealthGroup;
  readonly fleet: GroupView | null;
  readonly age: Age;
  readonly reach: readonly HealthCheck[];
  readonly atMs: EpochMs;
}): {
  readonly checks: readonly HealthCheck[];
  readonly explanations: readonly Explanation[];
  readonly least: HealthStatus;
  readonly health: GroupPartHealth;
} {
  const { input, group: part, fleet, age, reach, atMs } = known;
  const { group, gm, ks } = part;
  const { device } = input;
  const tracking = input.tracking.get(group) ?? null;
  const seen: HealthCheck[] = [];
  const next: (NextOccurrence | null)[] = [];
  const isKs = gm === null && ks !== null;
  const explanations = explanationsOf(fleet?.explanations ?? [], device, isKs);
  if (gm !== null) {
    const ahead = tracking?.forecast ?? forecastOf(gm, fleet);
    const { snapshot, at } = gm;
    const besideCli = (input.snmp ?? input.restconf ?? null) !== null;
    seen.push(...gmChecks({ device, group, gm: snapshot, at, atMs, tracking, forecast: ahead, fleet, besideCli }));
    const kekRekey = isBeyondRekeys(explanations, device) ? 'reaches it no more' : expectedKekRekey(fleet, device);
    next.push(nextOfGm({ gm: snapshot, at, forecast: ahead, kekRekey, nowMs: atMs }));
  }
  if (ks !== null) {
    seen.push(...ksChecks({ device, group, ks: ks.snapshot, at: ks.at, atMs, fleet, bootMs: bootOf(input) }));
    next.push(nextOfKs(ks.snapshot, ks.at, atMs));
  }
  const checks = withExplanations(
    age.fresh || age.seconds === null ? seen : asOfOldAnswer(seen, durationText(age.seconds)),
    explanations,
    device,
    isKs,
  );
  const least = worseOf(
    ks === null ? 'ok' : leastOf(explanations, device, true),
    gm === null ? 'ok' : leastOf(explanations, device, false),
  );
  // In the list of its group, too, it is as bad as that it gives no answer.
  const answers = withExplanations(
    reach.filter(({ name }) => name === 'reachable'),
    explanations,
    device,
  );
  const verdict = judged([...answers, ...checks], explanations, { namesGroup: false, least });
  const status = age.fresh ? verdict.status : worseOf('unknown', verdict.status);
  return {
    checks,
    explanations,
    least,
    health: {
      group,
      role: gm !== null && ks !== null ? 'both' : gm === null ? 'ks' : 'gm',
      status,
      summary: verdict.summary,
      next: earliest(next, atMs),
      action: verdict.action,
    },
  };
}

function bootOf({ facts }: HealthInput): EpochMs | null {
  const uptimeSeconds = facts?.value.uptimeSeconds ?? null;
  return facts === null || uptimeSeconds === null ? null : facts.at.receivedAtMs - uptimeSeconds * 1000;
}

function expectedKekRekey(fleet: GroupView | null, device: string): ExpectedKekRekey {
  if (fleet === null) return { leadSeconds: FLOOR_LEAD.seconds };
  if (noKsAnswers(fleet)) return 'no KS answers';
  const isSentNoneAhead = fleet.gmOf(device)?.meetsLegacyKs === true && fleet.mixedVersions?.sending.length !== 0;
  return isSentNoneAhead ? 'none ahead' : { leadSeconds: fleet.lead.seconds };
}

/** What the tracker would forecast: for a device that is in no config. */
function forecastOf(gm: NonNullable<HealthGroup['gm']>, fleet: GroupView | null): Forecast {
  return forecast(gm.snapshot, gm.at, {
    lead: fleet?.lead ?? FLOOR_LEAD,
    tekLifetimeSeconds: fleet?.tekLifetimeSeconds ?? null,
  });
}

/** What a person asks first of a device that is well. */
const TELLING: ReadonlySet<CheckName> = new Set(['registered', 'coop_role', 'kek_remaining']);
/** Of a device in many groups the first ones. */
const MAX_TELLING = 4;

/** The worst check in words, and how many others are bad; when all is well, what a person asks first. */
function summaryOf(checks: readonly HealthCheck[], namesGroup: boolean): string {
  const worst = worstCheck(checks);
  if (worst === null) return 'nothing is known';
  const place = ({ group }: HealthCheck) => (namesGroup && group !== null ? ` (group ${group})` : '');
  if (weightOf(worst) > 0) {
    const others = checks.filter((candidate) => candidate !== worst && weightOf(candidate) > 0).length;
    const more = others === 0 ? '' : `; and ${others} more ${others === 1 ? 'check is' : 'checks are'} not ok`;
    return `${worst.detail}${place(worst)}${more}`;
  }
  const telling = checks.filter(({ name, status }) => status === 'ok' && TELLING.has(name));
  if (telling.length === 0) return worst.detail;
  return telling
    .slice(0, MAX_TELLING)
    .map((known) => `${known.detail}${place(known)}`)
    .join(', ');
}
