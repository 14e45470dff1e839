/**
 * The scenarios again, on a network where a device that does not answer keeps the agent waiting: a look at it takes
 * from fifteen seconds to minutes to fail. Meanwhile the effects on other devices are seen, and their cause is not yet
 * known. The cause may be reported later than where a look fails at once, and as not yet clear; no wrong cause may be
 * reported at any moment.
 */
import { describe, expect, test, vi } from 'vitest';
import type { ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import { half } from '../builders/half.ts';
import type { SimulatedWatch } from '../builders/simulated-agent.ts';
import { type Headline, headlinesOf } from './headlines.ts';
import { SAID } from './scenario-headlines.ts';

/** Timeouts of connect, login and command, of several transports in a row, and on a clock that runs fast. */
const FAILING_LOOK_MS = [15_000, 30_000, 45_000, 60_000, 90_000, 150_000] as const;

/** Deterministic: successive looks fail after different times. */
function hanging(shift: number): NonNullable<SimulatedWatch['failingLookMs']> {
  let looks = shift;
  return () => {
    looks += 1;
    return FAILING_LOOK_MS[(looks * 7) % FAILING_LOOK_MS.length] ?? 0;
  };
}

/** Causes that may be reported as not yet clear while a look hangs, besides those of the scenario. */
const NOT_YET_CLEAR: ReadonlySet<string> = new Set([
  'ks_down',
  'redundancy_lost',
  'ks_out_of_sight',
  'coop_peer_lost',
  'gms_unreachable',
  'path_loss',
]);
/** A device that does not answer is reported as unreachable once three looks have failed. */
const ALSO: Readonly<Partial<Record<ScenarioName, readonly string[]>>> = { 'ejection-coop': ['redundancy_lost'] };

function causesOf(scenario: ScenarioName): ReadonlySet<string> {
  const names = Object.values(SAID[scenario]?.groups ?? {}).flat();
  return new Set([
    ...names.flatMap((name) => /\w+/u.exec(name.split(' ')[0] ?? '')?.[0] ?? []),
    ...(ALSO[scenario] ?? []),
  ]);
}

function wrongly({ first, atSeconds, status, summary }: Headline, causes: ReadonlySet<string>): readonly string[] {
  const said = `${atSeconds} s: ${summary}`;
  if (first === null) return status === 'ok' ? [] : [`${said}, and no cause`];
  if (causes.has(first.cause)) return [];
  return first.phase === 'unclear' && NOT_YET_CLEAR.has(first.cause) ? [] : [said];
}

/** Scenarios in which a device gives no answer; what is reported in the others is in said-in-scenarios.test.ts. */
const UNANSWERED = [
  'demo',
  'ks-down',
  'coop-failover',
  'ks-upgrade',
  'reload-storm',
  'unauthorized',
  'rsa-mismatch',
  'ejection-coop',
] as const;

describe('reports no wrong cause and no contradiction while failing looks hang', () => {
  test.each(half(UNANSWERED))('%s, polled every minute', async (scenario) => {
    const failingLookMs = vi.fn<ReturnType<typeof hanging>>(hanging(1));
    expect(await faultsOf({ scenario, failingLookMs })).toEqual([]);
    expect(failingLookMs).toHaveBeenCalled();
  });

  const often = ['ks-down', 'coop-failover', 'reload-storm', 'unauthorized', 'rsa-mismatch'] as const;
  test.each(half(often))('%s, polled every ten seconds', async (scenario) => {
    expect(await faultsOf({ scenario, failingLookMs: hanging(2), pollInterval: '10s' })).toEqual([]);
  });
});

test.each(['60s', '10s'])(
  'a reload storm is reported as one incident whose scope never shrinks until it is over, polled every %s',
  async (pollInterval) => {
    const { headlines } = await headlinesOf({ scenario: 'reload-storm', logs: true, pollInterval }, 15);
    const told = headlines.flatMap(({ first }) => (first?.cause === 'gms_reloaded' ? [first.scope.length] : []));
    expect(told.length).toBeGreaterThan(2);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(headlines.at(-1)?.first).toBeNull();
  },
);

describe('a working KS that the agent cannot reach from the first minute on', () => {
  const watched = {
    failingLookMs: hanging(3),
    outOfReach: (device: string, elapsedMs: number) => device === 'ks1' && elapsedMs > 40_000,
  };

  test('is only reported as out of sight, not as down, since its GMs still get rekeys from it', async () => {
    const { headlines, contradictions } = await headlinesOf({ scenario: 'healthy', logs: true, ...watched }, 25);
    const certain = headlines.flatMap(({ first }) =>
      first === null || first.phase === 'unclear' ? [] : [first.cause],
    );
    expect([...contradictions]).toEqual([]);
    expect(new Set(certain)).toEqual(new Set(['ks_out_of_sight']));
  });

  test('is not blamed for a rekey that one GM misses', async () => {
    const { headlines } = await headlinesOf({ scenario: 'rekey-loss', logs: true, ...watched }, 15);
    const said = new Set(headlines.flatMap(({ first }) => first?.cause ?? []));
    expect(said).not.toContain('ks_rekeys_lost');
  });
});

async function faultsOf(
  watched: Omit<SimulatedWatch, 'pollInterval'> & { readonly pollInterval?: string },
): Promise<readonly string[]> {
  const causes = causesOf(watched.scenario);
  const minutes = SAID[watched.scenario]?.minutes ?? 0;
  const { headlines, contradictions } = await headlinesOf({ logs: true, ...watched }, minutes);
  return [...headlines.flatMap((headline) => wrongly(headline, causes)), ...contradictions];
}
