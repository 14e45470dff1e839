/** What the agent reports about each group of a simulated fleet: the headline, each time it changes. */
import type { Explanation } from '../../src/gdoi/explain/explanation.ts';
import { checkDocuments } from '../../src/gdoi/health/health-document.ts';
import { type GroupHealth, groupHealth } from '../../src/gdoi/health/health-group.ts';
import type { HealthStatus } from '../../src/gdoi/health/health-check.ts';
import { simulatedAgent, type SimulatedWatch, START_MS } from '../builders/simulated-agent.ts';
import { severitiesApart } from './severities.ts';

/** The page polls every few seconds. */
const LOOK_SECONDS = 5;
/** Devices are checked at every 4th look only: 98 s of CPU for these tests instead of 116 s. */
const DEVICES_EVERY = 4;

export interface Headline {
  readonly group: string;
  /** Seconds after the start at which it was first reported. */
  readonly atSeconds: number;
  readonly status: HealthStatus;
  readonly summary: string;
  /** The first explanation; null: all is well. */
  readonly first: Explanation | null;
  /** Causes listed below the first. */
  readonly others: readonly string[];
}

export interface Told {
  /** One each time that the headline of a group changes. */
  readonly headlines: readonly Headline[];
  /**
   * Contradictions that leave a reader unsure which to believe: a check or a GM at risk shown worse than its group, a
   * device with two severities, a check that no cause explains, and a cause that goes on but changes its start.
   */
  readonly contradictions: ReadonlySet<string>;
}

export async function headlinesOf(
  watched: Omit<SimulatedWatch, 'pollInterval'> &
    Partial<Pick<SimulatedWatch, 'pollInterval'>> & {
      /** Seconds after the start of the fleet. */
      readonly restartsAtSeconds?: readonly number[];
      /** Devices are checked at every look; default: at every fourth. */
      readonly devicesEachLook?: true;
    },
  minutes: number,
): Promise<Told> {
  await using watching = await simulatedAgent({ pollInterval: '60s', ...watched });
  const { clock } = watching;
  const said: Headline[] = [];
  const contradictions = new Set<string>();
  const shown = new Map<string, string>();
  const begun = new Map<string, readonly Explanation[]>();
  watching.agent.start();
  const endMs = START_MS + minutes * 60_000;
  const restarts = new Set(watched.restartsAtSeconds);
  for (let looks = 0; clock.wallMs() < endMs; looks += 1) {
    await clock.advance(LOOK_SECONDS * 1000);
    if (restarts.has((clock.wallMs() - START_MS) / 1000)) await watching.restart();
    const { agent } = watching;
    for (const view of agent.readModel.groups()) {
      const health = groupHealth(view, (device) => agent.readModel.device(device), clock.wallMs());
      const [first = null, ...others] = health.explanations;
      const headline = {
        group: view.group,
        atSeconds: Math.round((clock.wallMs() - START_MS) / 1000),
        status: health.status,
        summary: health.summary,
        first,
        others: others.map(({ cause }) => cause),
      };
      for (const contradiction of worseThanGroup(health)) contradictions.add(contradiction);
      for (const contradiction of begunAnew(begun.get(view.group) ?? [], health.explanations))
        contradictions.add(contradiction);
      begun.set(view.group, health.explanations);
      if (watched.devicesEachLook === true || looks % DEVICES_EVERY === 0) {
        for (const contradiction of severitiesApart(health, agent.readModel, clock.wallMs()))
          contradictions.add(contradiction);
      }
      const key = JSON.stringify([headline.status, headline.summary, first?.consequence?.what]);
      if (shown.get(view.group) !== key) said.push(headline);
      shown.set(view.group, key);
    }
  }
  return { headlines: said, contradictions };
}

/** A cause that goes on from one look to the next must keep its start. */
function begunAnew(before: readonly Explanation[], now: readonly Explanation[]): readonly string[] {
  return now.flatMap(({ cause, phase, sinceMs }) => {
    const was = before.find((each) => each.cause === cause && each.phase !== 'over');
    if (was === undefined || phase === 'over' || sinceMs <= was.sinceMs) return [];
    return [`${cause} goes on and began at ${was.sinceMs - START_MS} ms, then at ${sinceMs - START_MS} ms`];
  });
}

function worseThanGroup({ status, checks, atRisk }: GroupHealth): readonly string[] {
  const unexplained = checks
    .filter(({ status: own, explainedBy }) => (own === 'warning' || own === 'critical') && explainedBy === null)
    .map(({ name, detail }) => `${name}: ${detail}, and no cause explains it`);
  const shown = [
    ...checkDocuments(checks).map(({ name, detail, ...check }) => ({ what: `${name}: ${detail}`, ...check })),
    ...atRisk.map(({ gm, reason, ...risk }) => ({ what: `${gm}: ${reason}`, ...risk })),
  ];
  return [
    ...unexplained,
    ...shown
      .filter((each) => each.status === 'critical' && status !== 'critical')
      .map(({ what }) => `${what}, beside ${status}`),
  ];
}

/** `ks_down critical`; a cause that is not yet clear gets a question mark, one that is over stands in brackets. */
export function nameOf({ first, status }: Headline): string {
  if (first === null) return status;
  const marked = { present: first.cause, unclear: `${first.cause}?`, over: `(${first.cause})` }[first.phase];
  return `${marked} ${status}`;
}

/** The names in order, without repetitions. */
export function sequenceOf(headlines: readonly Headline[], group: string): readonly string[] {
  const names = headlines.filter((headline) => headline.group === group).map(nameOf);
  return names.filter((name, index) => name !== names[index - 1]);
}
