/**
 * The process that `kill-agent.test.ts` kills: polls of a small fleet through intake and store, one step after the
 * other. What a GM shows at a step is known from the step's number alone, as a router goes on while its agent is down.
 * Prints the number of each step once all its polls are taken in. SIGTERM ends it in order.
 */
import { writeSync } from 'node:fs';
import { Intake } from '../../../src/agent/record/intake.ts';
import { createSystemClock } from '../../../src/kernel/clock.ts';
import { InternalErrors } from '../../../src/kernel/internal-errors.ts';
import { newDeviceView } from '../../../src/model/device-view.ts';
import { EventTotals } from '../../../src/model/event-totals.ts';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { GMS, observationAt } from './steady-fleet.ts';

const [path = '', from = '0'] = process.argv.slice(2);
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };
const clock = createSystemClock();
const settings = { pollIntervalMs: 60_000, detailIntervalMs: 60_000 };
const device = {
  host: '192.0.2.1',
  configuredRole: 'gm' as const,
  regularIntervalMs: 60_000,
  partLifetimeMs: 180_000,
  phaseAware: false,
};
await using store = await openSqliteStore({ path, clock, logger });
await using intake = await Intake.open({
  store,
  totals: new EventTotals(),
  clock,
  logger,
  errors: new InternalErrors(logger),
  settings,
  onGroupView: silent,
  onEvents: silent,
});
const views = new Map(GMS.map((name) => [name, newDeviceView({ device: name, host: '192.0.2.1' })]));
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
for (let step = Number(from); !stop.signal.aborted; step += 1) {
  for (const [name, before] of views) {
    const observations = [observationAt(name, step)];
    views.set(name, intake.take(before, { kind: 'pushed', observations }, device).view);
  }
  writeSync(1, `${step}\n`);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
