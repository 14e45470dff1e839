/** The explanations of a random world at each look, and what is wrong with them. */
import type { Incident } from '../../../src/gdoi/incidents/incident.ts';
import { createFleetFromPlan } from '../../../src/simulator/fleet/fleet.ts';
import { type DrawnWorld, drawWorld, type WorldLimits } from '../../worlds/draw-world.ts';
import type { Look } from '../agent-model.ts';
import type { Watch } from '../watch.ts';
import { watchFleet } from '../watch-fleet.ts';
import { ALL_HARDSHIPS, drawWatch, type Hardships, WORLD_START_MS } from '../world-watch.ts';
import { contradictionsIn } from './contradictions.ts';
import { flipsIn, type SaidNow } from './flips.ts';
import { type Happening, happeningsOf } from './happenings.ts';
import { falsehoodOf, type Told } from './true-causes.ts';

export const FAULT_KINDS = ['contradiction', 'flip', 'falsehood'] as const;

interface Fault {
  readonly kind: (typeof FAULT_KINDS)[number];
  /** First seen; true time. */
  readonly atMs: number;
  readonly group: string;
  readonly text: string;
}

export interface ExplainedWorld {
  readonly world: DrawnWorld;
  readonly watch: Watch;
  readonly looks: number;
  readonly told: number;
  readonly faults: readonly Fault[];
  /** The explanations, each time that they changed. */
  readonly lines: readonly string[];
}

export function explainedWorld(
  seed: number,
  limits?: WorldLimits,
  {
    hardships = ALL_HARDSHIPS,
    watch = drawWatch(seed, hardships),
  }: { readonly hardships?: Hardships; readonly watch?: Watch } = {},
): ExplainedWorld {
  const world = drawWorld(seed, limits);
  const fleet = createFleetFromPlan(world.plan, { seed, startMs: WORLD_START_MS });
  const listener = new Listener();
  const { truth } = watchFleet(fleet, watch, {
    seed,
    startMs: WORLD_START_MS,
    hours: world.hours,
    onLook: (look) => listener.hear(look),
  });
  const happenings = happeningsOf(world, truth);
  const lookMs = Math.max(watch.intervalMs, 300_000) + 60_000;
  const faults: Fault[] = [
    ...listener.contradictions,
    ...[...listener.said].flatMap(([group, said]) =>
      flipsIn(said, happenings, lookMs).map((text) => ({
        kind: 'flip' as const,
        atMs: said[0]?.atMs ?? 0,
        group,
        text,
      })),
    ),
    ...listener.told.flatMap(({ group, told }) => {
      // Lost polls are silence as well.
      if (told.explanation.cause === 'gms_unreachable' && watch.lost > 0) return [];
      if (watch.transport === 'snmp' && looksLikeALoss(told, happenings, lookMs)) return [];
      const why = falsehoodOf(told, world, happenings, lookMs);
      const { cause, summary } = told.explanation;
      return why === null
        ? []
        : [{ kind: 'falsehood' as const, atMs: told.atMs, group, text: `${cause}: "${summary}": ${why}` }];
    }),
  ];
  return { world, watch, looks: listener.looks, told: listener.told.length, faults, lines: listener.lines };
}

/**
 * Over SNMP alone a clear without a message, in the window of a KEK whose rekey came between the same two looks, looks
 * like a registration after a missed rekey: no observer can tell (`invisible-over-snmp.ts`).
 */
function looksLikeALoss({ explanation, atMs }: Told, happenings: readonly Happening[], lookMs: number): boolean {
  const { cause, scope } = explanation;
  const isCleared = (gm: string) =>
    happenings.some(
      ({ kind, device, fromMs }) => kind === 'clear' && device === gm && fromMs <= atMs && fromMs > atMs - lookMs,
    );
  return cause === 'path_loss' && scope.every(isCleared);
}

class Listener {
  looks = 0;
  readonly said = new Map<string, SaidNow[]>();
  readonly contradictions: Fault[] = [];
  readonly told: { readonly group: string; readonly told: Told }[] = [];
  readonly lines: string[] = [];
  readonly #seen = new Set<string>();
  readonly #lastLine = new Map<string, string>();
  readonly #present = new Map<string, ReadonlySet<string>>();

  hear(look: Look): void {
    const { atMs, view, incidents } = look;
    const { group, explanations } = view;
    this.looks += 1;
    const [first] = explanations;
    const said = this.said.get(group) ?? [];
    this.said.set(group, said);
    // If several messages arrive within a millisecond, nobody sees what was reported in between.
    if (said.at(-1)?.atMs === atMs) said.pop();
    said.push({
      atMs,
      headline: first === undefined ? 'ok' : `${first.cause} ${first.phase}`,
      causes: explanations.map(({ cause }) => cause),
    });
    for (const text of contradictionsIn(look)) {
      const key = `${group} ${text.replaceAll(/\d+/gu, '#')}`;
      if (!this.#seen.has(key)) this.contradictions.push({ kind: 'contradiction', atMs, group, text });
      this.#seen.add(key);
    }
    this.#hearCauses(look);
    this.#write(look, incidents);
  }

  #hearCauses({ atMs, view: { group, explanations } }: Look): void {
    const before = this.#present.get(group) ?? new Set();
    const now = explanations.filter(({ phase }) => phase === 'present');
    for (const explanation of now)
      if (!before.has(explanation.cause)) this.told.push({ group, told: { explanation, atMs } });
    this.#present.set(group, new Set(now.map(({ cause }) => cause)));
  }

  #write({ atMs, view: { group, explanations } }: Look, incidents: readonly Incident[]): void {
    const text = explanations
      .map(
        ({ cause, phase, status, summary, explains }) =>
          `    ${cause} ${phase} ${status}: ${summary} [${explains.map(({ check, devices }) => `${check} ${devices.join(' ')}`).join(', ')}]`,
      )
      .join('\n');
    const key = explanations
      .map(({ cause, phase, status, summary }) => `${cause} ${phase} ${status} ${summary}`)
      .join();
    const told = incidents.map(({ id, status, severity }) => `    INCIDENT ${id} ${status} ${severity}`);
    if (this.#lastLine.get(group) === key && told.length === 0) return;
    this.#lastLine.set(group, key);
    this.lines.push([`${new Date(atMs).toISOString()} ${group}`, text === '' ? '    ok' : text, ...told].join('\n'));
  }
}
