/**
 * A random fleet in which nothing goes wrong: clean paths, one RSA key, and no KS with the old KEK behaviour if a GM
 * has the KEK timer. Releases, lifetimes, transports, sizes and numbers of KSs are random; an operator's planned rekeys
 * happen.
 */
import { RELEASES, type ReleaseName } from '../../../src/simulator/world/release.ts';
import { type DrawnWorld, drawWorld, pick, streamOf } from '../../worlds/draw-world.ts';
import { ALL_HARDSHIPS, drawWatch } from '../world-watch.ts';
import type { Watch } from '../watch.ts';

const LIFETIMES: readonly (readonly [kek: number, tek: number])[] = [
  [86_400, 3600],
  [86_400, 7200],
  [43_200, 3600],
  [28_800, 1800],
  [14_400, 3600],
  [7200, 900],
];
const NEW: ReleaseName = '17.6.3';

export function healthyWorld(seed: number, hours: number): DrawnWorld {
  const { plan } = drawWorld(seed, { gms: 8, troubles: 0, hours });
  const random = streamOf(seed, 'healthy');
  const mixes =
    plan.kss.some(({ release }) => RELEASES[release].kekBehavior === 'legacy') &&
    plan.gms.some(({ release }) => RELEASES[release].kekBehavior === 'timer');
  const groups = plan.groups.map((group) => {
    const [kekLifetimeSeconds, tekSeconds] = pick(random, LIFETIMES);
    // With longer lifetimes the simulated multicast rekey comes only when the first GMs give up waiting for it.
    const tekLifetimeSeconds = group.transport === 'multicast' ? Math.min(900, tekSeconds) : tekSeconds;
    const kekRemainingSeconds = Math.floor(kekLifetimeSeconds * (0.1 + 0.8 * random()));
    return { ...group, kekLifetimeSeconds, tekLifetimeSeconds, kekRemainingSeconds };
  });
  const kss = plan.kss.map((ks) => ({ ...ks, rsaKey: 'of all', release: mixes ? NEW : ks.release }));
  const [first] = kss;
  const planned =
    first === undefined || random() < 0.5
      ? []
      : [
          {
            atSeconds: Math.floor(random() * hours * 3600),
            act: (fleet: Parameters<Act>[0]) => fleet.rekeyNow(first.name),
          },
        ];
  return { seed, hours, troubles: [], plan: { groups, kss, gms: plan.gms, paths: [], script: planned } };
}

type Act = DrawnWorld['plan']['script'][number]['act'];

/**
 * Watched like other worlds, but answers are lost only one at a time, since a device that does not answer three times
 * is a ticket. The agent's clock is correct, since a clock that is set does not belong to a healthy network.
 */
export function healthyWatch(seed: number): Watch {
  const watch = drawWatch(seed, { ...ALL_HARDSHIPS, clockErrors: false });
  return { ...watch, lost: Math.min(watch.lost, 0.001) };
}
