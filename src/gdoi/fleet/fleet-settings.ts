/** What the configuration says of how a group is judged. */
export interface FleetSettings {
  /**
   * Regular interval of the slowest device: a difference that a rekey explains must outlive it. It stands in for those
   * of a group's own devices where one of these is not known (`group-pace.ts`).
   */
  readonly pollIntervalMs: number;
  /** A KS's member list and policy can be this much older than its main answer. */
  readonly detailIntervalMs: number;
}

export const DEFAULT_FLEET_SETTINGS: FleetSettings = { pollIntervalMs: 60_000, detailIntervalMs: 300_000 };
