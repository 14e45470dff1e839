/** The verdict on what a capture shows of each router: the health document of `check`, from the text alone. */
import { type CapturedAnswers, capturedDevices } from '../../agent/poll/captured-devices.ts';
import { deviceHealth } from '../../gdoi/health/health.ts';
import { type HealthDocument, healthDocument } from '../../gdoi/health/health-document.ts';
import { byRouter } from './routers-of-text.ts';
import type { CapturedResult } from '../../ios/text/parse-result.ts';

export type ParsedText = Extract<CapturedResult, { kind: 'parsed' }>;

/** Checks of whether the device answers now say nothing about a text. */
const OF_POLLING: ReadonlySet<string> = new Set(['reachable', 'fresh']);

/** By the last answer of each router. Routers that show nothing to judge have none. */
export function verdictsOf(answers: readonly ParsedText[], nowMs: number): ReadonlyMap<ParsedText, HealthDocument> {
  const byDevice = byRouter(answers);
  const captures: readonly CapturedAnswers[] = [...byDevice].map(([device, all]) => ({
    device,
    // a filtered answer lacks a part, so it proves no absence
    answers: all.filter(({ partial, nothing }) => partial === null && nothing !== 'no-snapshot'),
  }));
  const shownAtMs = clockOf(answers);
  const atMs = shownAtMs ?? nowMs;
  const verdicts = new Map<ParsedText, HealthDocument>();
  for (const { view, beside, groupOf } of capturedDevices(captures, { atMs, dated: shownAtMs !== null })) {
    const last = byDevice.get(view.device)?.at(-1);
    if (last === undefined) continue;
    const judged = view.groups.size > 0 || saysNothingConfigured(byDevice.get(view.device) ?? []);
    const health = deviceHealth({ ...view, beside, ...(judged ? {} : NOT_JUDGED) }, groupOf, atMs);
    verdicts.set(last, ofText(healthDocument(health), shownAtMs !== null, judged));
  }
  return verdicts;
}

/** No command in the text lists the groups, so showing none is no fault. */
const NOT_JUDGED = { lastSuccessAtMs: null };

function saysNothingConfigured(answers: readonly ParsedText[]): boolean {
  return answers.some(
    ({ command, nothing }) => nothing === 'nothing-configured' && /^show crypto (?:gdoi|gkm)$/.test(command),
  );
}

function ofText(health: HealthDocument, dated: boolean, judged: boolean): HealthDocument {
  const checks = health.checks.filter(({ name }) => !OF_POLLING.has(name)).map(ofOneMoment);
  const told = judged || checks.some(({ status }) => status === 'warning' || status === 'critical');
  return {
    ...health,
    ...(told ? {} : { status: 'unknown', summary: `${health.device}: the text shows no GDOI group`, action: null }),
    observed_at: dated ? health.observed_at : null,
    age_seconds: null,
    checks,
  };
}

/** One answer shows no earlier registration, and no counter that rose. */
function ofOneMoment(check: HealthDocument['checks'][number]): HealthDocument['checks'][number] {
  switch (check.name) {
    case 'reregistrations':
      return { ...check, status: 'unknown', detail: 'one answer does not show them: not tracked', value: null };
    case 'packets_dropped':
      return check.status === 'ok'
        ? {
            ...check,
            status: 'unknown',
            detail: 'one answer does not show whether packets are dropped now',
            value: null,
          }
        : check;
    default:
      return check;
  }
}

function clockOf(answers: readonly ParsedText[]): number | null {
  for (const { snapshots } of answers) {
    for (const snapshot of snapshots)
      if (snapshot.role === 'clock' && snapshot.epochMs !== null) return snapshot.epochMs;
  }
  return null;
}
