/**
 * What a captured text shows of its routers, as the agent's view of them. The answers of each router are one poll and
 * take the fleet's step like any poll, so the verdict on a capture is that of `check`.
 */
import type { BesideFacts } from '../../gdoi/seen/beside-facts.ts';
import { groupKey } from '../../gdoi/seen/cell.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../gdoi/fleet/fleet-settings.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import type { Parsed } from '../../ios/text/parse-result.ts';
import { type DeviceView, newDeviceView } from '../../model/device-view.ts';
import { judgedAlone, type StepSettings } from '../../model/fleet-step.ts';
import { trackingOf } from '../../model/group-tracking.ts';
import { KnownFleet } from '../../model/known-fleet.ts';
import type { PollReport } from '../../model/poll-report.ts';
import { observationsOf } from './observations.ts';

export interface CapturedAnswers {
  readonly device: string;
  readonly answers: readonly Parsed[];
}

export interface CapturedDevice {
  readonly view: DeviceView;
  readonly beside: readonly BesideFacts[];
  readonly groupOf: (group: string) => GroupView | null;
}

/** Everything in a capture was seen at one time: details do not grow old in it, and nothing is polled next. */
function settingsOf(device: string): StepSettings {
  return {
    fleet: DEFAULT_FLEET_SETTINGS,
    maintenance: [],
    device: {
      host: device,
      configuredRole: 'auto',
      regularIntervalMs: null,
      partLifetimeMs: Number.MAX_SAFE_INTEGER,
      phaseAware: false,
    },
  };
}

/**
 * `atMs`: when the text was captured; `dated`: the text itself says so. Devices in one text that share a group are
 * judged together. Explanations say since when something holds, so a text without a date has none; and no later poll
 * will decide what is still unclear, so there the checks stand alone.
 */
export function capturedDevices(
  captures: readonly CapturedAnswers[],
  { atMs, dated }: { readonly atMs: EpochMs; readonly dated: boolean },
): readonly CapturedDevice[] {
  const known = new KnownFleet();
  const seen = captures.map(({ device, answers }) => {
    const before = newDeviceView({ device, host: device });
    const report = reportOf(device, answers, atMs);
    const { view, state } = known.step(before, { kind: 'polled', report }, settingsOf(device));
    return { view, state, beside: answers.flatMap(besideFacts) };
  });
  // what the last router of the text showed counts for the first one too
  const groupOf = (group: string) => {
    const shown = known.group(groupKey(undefined, group));
    return shown && judgedAlone(shown, dated);
  };
  return seen.map(({ view, state, beside }) => ({
    view: { ...view, tracking: trackingOf(view, state, groupOf) },
    beside,
    groupOf,
  }));
}

function reportOf(device: string, answers: readonly Parsed[], atMs: EpochMs): PollReport {
  const at = { device, sentAtMs: atMs, receivedAtMs: atMs };
  return {
    device,
    startedAtMs: atMs,
    finishedAtMs: atMs,
    durationMs: 0,
    result: 'ok',
    error: null,
    observations: answers.flatMap((answer) => observationsOf(answer, at)),
    collectors: new Map(),
    answers: [],
    values: null,
  };
}

function besideFacts({ snapshots }: Parsed): readonly BesideFacts[] {
  return snapshots.filter(
    (snapshot): snapshot is BesideFacts =>
      snapshot.role === 'ike' || snapshot.role === 'ipsec' || snapshot.role === 'ntp',
  );
}
