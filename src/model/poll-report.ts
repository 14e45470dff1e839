/**
 * How one poll of one device went, over SSH, RESTCONF or SNMP: what the view, the tracker and the recording are made
 * from.
 */
import type { Traffic } from '../access/device-traffic.ts';
import type { Observation } from '../gdoi/seen/observation.ts';
import type { ReadAt } from '../gdoi/seen/instant.ts';
import type { Varbind } from '../gdoi/seen/varbind.ts';
import type { EpochMs } from '../kernel/clock.ts';
import type { PollResult } from './poll-result.ts';

/** How one follow-up command ended. */
export type CollectorResult = 'ok' | 'rejected' | 'parse' | 'failed';

export interface PollReport {
  readonly device: string;
  readonly startedAtMs: EpochMs;
  readonly finishedAtMs: EpochMs;
  readonly durationMs: number;
  readonly result: PollResult;
  /** One line for the operator; null when the poll is `ok`. */
  readonly error: string | null;
  readonly observations: readonly Observation[];
  /** Empty for SNMP. */
  readonly collectors: ReadonlyMap<string, CollectorResult>;
  /** Raw answers in the order they came. */
  readonly answers: readonly RawAnswer[];
  /** What SNMP gave; null for the others, and where there was no reply. */
  readonly values: RawValues | null;
  /**
   * CPU of the router in the last minute when it was last asked, in percent; null or absent: not asked, or not shown.
   */
  readonly cpuPercent?: number | null;
  /** Since the agent started, over all ways to the device; absent: not counted. */
  readonly traffic?: Traffic;
  /** What RESTCONF gave, the answers that list the groups first; absent for SSH and SNMP. */
  readonly documents?: readonly (readonly RawDocument[])[];
}

export interface RawDocument extends ReadAt {
  readonly path: string;
  /** JSON; null: the node has no instance. */
  readonly body: unknown;
  readonly deviceNowMs: EpochMs | null;
}

export interface RawAnswer extends ReadAt {
  readonly command: string;
  readonly text: string;
  readonly logLines: readonly string[];
}

export interface RawValues extends ReadAt {
  readonly varbinds: readonly Varbind[];
  /** OIDs of columns that were asked and gave no row. */
  readonly emptyColumns: readonly string[];
  /** Boots and time of the SNMP engine where v3 showed them. */
  readonly engine: {
    readonly boots: number;
    readonly timeSeconds: number;
  } | null;
}

/** A failed poll is an observation too: nothing was seen, and why. */
export function observationsOfReport(report: PollReport): readonly Observation[] {
  if (report.result === 'ok') return report.observations;
  const { device, startedAtMs, finishedAtMs, result } = report;
  return [
    ...report.observations,
    {
      kind: 'failure',
      device,
      sentAtMs: startedAtMs,
      receivedAtMs: finishedAtMs,
      result,
    },
  ];
}

/** What is polled beside SSH, which decides. */
export type BesideTransport = 'snmp' | 'restconf';

/** Of such a poll: what the device is and since when, its CLI says, as an SNMP engine restarts without the device. */
export function observationsBeside({ observations }: Pick<PollReport, 'observations'>): readonly Observation[] {
  return observations.flatMap((observation): readonly Observation[] => {
    if (observation.kind === 'facts') return [];
    return [observation.kind === 'groups' ? { beside: true, ...observation } : observation];
  });
}
