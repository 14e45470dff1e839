/** One fleet, watched, judged and audited. */
import type { SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { audit } from './audit/audit.ts';
import { judge, warningsOf } from './judge.ts';
import type { Assessed } from './score.ts';
import type { Watch } from './watch.ts';
import { watchFleet, type WatchOptions } from './watch-fleet.ts';

export function assess(fleet: SimulatedFleet, watch: Watch, options: WatchOptions): Assessed {
  const watched = watchFleet(fleet, watch, options);
  return {
    watched,
    judgement: judge(watched),
    warnings: warningsOf(watched),
    findings: audit(watched.emitted, watched.observations),
  };
}
