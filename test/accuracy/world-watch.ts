/** How a random world is watched: drawn from the same seed, in separate streams. */
import type { Random } from '../../src/kernel/random.ts';
import { createFleetFromPlan } from '../../src/simulator/fleet/fleet.ts';
import { type DrawnWorld, drawWorld, pick, streamOf, type WorldLimits } from '../worlds/draw-world.ts';
import { assess } from './assess.ts';
import type { Assessed } from './score.ts';
import { aWatch, FIVE_MINUTES_MS, type Pushed, type Watch } from './watch.ts';

export const WORLD_START_MS = Date.UTC(2026, 0, 1);

/** What makes watching hard; each can be turned off to find the cause of a fault. */
export interface Hardships {
  /** Log messages, traps, the log buffer. */
  readonly messages: boolean;
  readonly snmp: boolean;
  /** Lost polls and slow answers. */
  readonly losses: boolean;
  readonly clockErrors: boolean;
}

export const ALL_HARDSHIPS: Hardships = { messages: true, snmp: true, losses: true, clockErrors: true };

export const NO_HARDSHIPS: Hardships = { messages: false, snmp: false, losses: false, clockErrors: false };

export interface AssessedWorld extends Assessed {
  readonly world: DrawnWorld;
  readonly watch: Watch;
}

export function assessWorld(seed: number, limits?: WorldLimits, hardships: Hardships = ALL_HARDSHIPS): AssessedWorld {
  const world = drawWorld(seed, limits);
  const watch = limits?.unusual === true ? drawUnusualWatch(seed, hardships) : drawWatch(seed, hardships);
  const fleet = createFleetFromPlan(world.plan, { seed, startMs: WORLD_START_MS });
  return { world, watch, ...assess(fleet, watch, { seed, startMs: WORLD_START_MS, hours: world.hours }) };
}

export function drawWatch(seed: number, hardships: Hardships = ALL_HARDSHIPS): Watch {
  const pace = pick(streamOf(seed, 'pace'), [
    { intervalMs: 60_000, phaseAware: false },
    { intervalMs: 60_000, phaseAware: true },
    { intervalMs: FIVE_MINUTES_MS, phaseAware: true },
    { intervalMs: FIVE_MINUTES_MS, phaseAware: true },
  ]);
  const transport = hardships.snmp ? pick(streamOf(seed, 'transport'), TRANSPORTS) : 'ssh';
  const manner = streamOf(seed, 'manner');
  const messages = streamOf(seed, 'messages');
  const losses = streamOf(seed, 'losses');
  const logs = messages() < 0.45 ? drawPushed(messages) : null;
  const traps = messages() < (transport === 'snmp' ? 0.6 : 0.2) ? drawPushed(messages) : null;
  const buffer = transport !== 'snmp' && messages() < 0.15;
  return aWatch({
    ...pace,
    transport,
    withoutKs: manner() < 0.15,
    versionFirst: manner() < 0.3,
    ...(hardships.messages ? { logs, traps, buffer } : {}),
    ...(hardships.losses ? { lost: losses() < 0.5 ? 0 : 0.06 * losses(), latencyMs: losses() < 0.7 ? 250 : 2500 } : {}),
    clockErrors: hardships.clockErrors && streamOf(seed, 'clock')() < 0.15,
    name: [
      `${pace.intervalMs / 1000} s${pace.phaseAware ? ' phase' : ''}`,
      transport,
      ...(hardships.messages && logs !== null ? ['logs'] : []),
      ...(hardships.messages && traps !== null ? ['traps'] : []),
      ...(hardships.messages && buffer ? ['buffer'] : []),
    ].join(', '),
  });
}

/**
 * May be polled only every five minutes, at uneven intervals, with answers that take many seconds, and with no KS or no
 * GM polled.
 */
function drawUnusualWatch(seed: number, hardships: Hardships): Watch {
  const watch = drawWatch(seed, hardships);
  const random = streamOf(seed, 'unusual watch');
  const blind = random() < 0.3;
  const withoutKs = watch.withoutKs || random() < 0.3;
  const latencyMs = pick(random, [watch.latencyMs, watch.latencyMs, 8000]);
  const ksOnly = !withoutKs && random() < 0.06;
  const jitterMs = random() < 0.3 ? pick(random, [5000, 20_000]) : 0;
  const parts = [watch.name, ...(blind ? ['300 s only'] : []), ...(ksOnly ? ['KSs only'] : []), 'unusual'];
  return {
    ...watch,
    name: parts.join(', '),
    ...(blind ? { intervalMs: FIVE_MINUTES_MS, phaseAware: false } : {}),
    withoutKs,
    ksOnly,
    jitterMs,
    ...(hardships.losses ? { latencyMs } : {}),
  };
}

const TRANSPORTS = ['ssh', 'ssh', 'ssh', 'ssh', 'ssh', 'ssh+snmp', 'snmp'] as const;

/** Some sites send only severe messages; datagrams are lost and late. */
function drawPushed(random: Random): Pushed {
  return {
    lost: random() < 0.6 ? 0 : 0.2 * random(),
    delayMs: pick(random, [40, 300, 1500]),
    mostSeverity: pick(random, [4, 5, 6, 6, 6]),
  };
}
