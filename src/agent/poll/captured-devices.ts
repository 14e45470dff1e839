/**
 * What a captured text shows of its routers, as the agent's view of them: the answers go through the same view, tracker
 * and fleet as those of a poll, so that the verdict over a capture is the one of `check`.
 */
import type { BesideFacts } from '../../gdoi/seen/beside-facts.ts';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import { trackFleet } from '../../gdoi/fleet/fleet.ts';
import { type FleetState, initialFleetState } from '../../gdoi/fleet/fleet-state.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetView } from '../../gdoi/fleet/fleet-view.ts';
import { initialTrackerState, type TrackerState } from '../../gdoi/memory/tracker-state.ts';
import { track } from '../../gdoi/tracker/tracker.ts';
import type { Parsed } from '../../ios/text/parse-result.ts';
import { type DeviceView, newDeviceView, observe } from '../../model/device-view.ts';
import { membershipChanges, trackingOf, trackOptions } from '../../model/group-tracking.ts';
import { observationsOf } from './observations.ts';

export interface CapturedAnswers {
  readonly device: string;
  readonly answers: readonly Parsed[];
}

export interface CapturedDevice {
  readonly view: DeviceView;
  readonly beside: readonly BesideFacts[];
  readonly fleetOf: (group: string) => FleetView | null;
}

/** Whatever is in one capture was seen at one time: a detail does not grow old in it. */
const PART_LIFETIME_MS = Number.MAX_SAFE_INTEGER;

interface Seen {
  readonly view: DeviceView;
  readonly state: TrackerState;
  readonly beside: readonly BesideFacts[];
}

/** `atMs`: when the text was captured. Devices of one text that share a group are judged together. */
export function capturedDevices(captures: readonly CapturedAnswers[], atMs: EpochMs): readonly CapturedDevice[] {
  const fleets = new Map<string, FleetState>();
  const views = new Map<string, FleetView>();
  const fleetOf = (group: string) => views.get(group) ?? null;
  const seen = captures.map((capture) => lookAt(capture, atMs));
  for (const { view, state } of seen) {
    const before = newDeviceView({ device: view.device, host: view.device });
    const after = { ...view, tracking: trackingOf(view, state, fleetOf) };
    for (const [group, facts] of membershipChanges(before, after, state, atMs)) {
      const tracked = trackFleet(fleets.get(group) ?? initialFleetState(group), [facts], DEFAULT_FLEET_SETTINGS);
      fleets.set(group, tracked.state);
      views.set(group, tracked.view);
    }
  }
  return seen.map(({ view, state, beside }) => ({
    view: { ...view, tracking: trackingOf(view, state, fleetOf) },
    beside,
    fleetOf,
  }));
}

function lookAt({ device, answers }: CapturedAnswers, atMs: EpochMs): Seen {
  let view: DeviceView = {
    ...newDeviceView({ device, host: device }),
    result: 'ok',
    lastPollAtMs: atMs,
    lastSuccessAtMs: atMs,
    unparsedLines: 0,
  };
  let state = initialTrackerState(device);
  const beside: BesideFacts[] = [];
  for (const answer of answers) {
    for (const snapshot of answer.snapshots) {
      if (snapshot.role === 'ike' || snapshot.role === 'ipsec' || snapshot.role === 'ntp') beside.push(snapshot);
    }
    for (const observation of observationsOf(answer, { device, sentAtMs: atMs, receivedAtMs: atMs })) {
      state = track(
        state,
        observation,
        trackOptions(() => null),
      ).state;
      view = observe(view, observation, PART_LIFETIME_MS);
    }
  }
  return { view, state, beside };
}
