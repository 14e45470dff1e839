/** GMs that register again by the clock: what each shows at a step, whoever asks and whenever it was asked before. */
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import { NOON } from '../../builders/view-builder.ts';
import { aGm, aKek, aTek } from '../../builders/snapshots.ts';

export const GMS = Array.from({ length: 30 }, (_, n) => `gm${n}`);
const STEP_MS = 60_000;
const KEK_SECONDS = 86_400;

/** Each GM registers again every so many steps, in its own phase; most steps show nothing new. */
export function registrationsAt(gm: string, step: number): number {
  return 1 + Math.floor((step + GMS.indexOf(gm)) / 40);
}

export function observationAt(gm: string, step: number): Observation {
  const sentAtMs = NOON + step * STEP_MS;
  const succeeded = registrationsAt(gm, step);
  const elapsed = (step * STEP_MS) / 1000;
  const snapshot = aGm({
    address: `10.0.0.${GMS.indexOf(gm)}`,
    keyServer: '10.1.11.2',
    registrations: { succeeded, attempted: succeeded },
    kek: aKek(KEK_SECONDS - (elapsed % KEK_SECONDS)),
    teks: [aTek(3600 - (elapsed % 3600), { interface: 'Gi0/0', spi: `0x${Math.floor(elapsed / 3600) + 16}` })],
  });
  return {
    kind: 'groups',
    origin: 'cli',
    device: gm,
    command: 'show crypto gdoi',
    sentAtMs,
    receivedAtMs: sentAtMs + 50,
    snapshots: [snapshot],
    unknownLines: 0,
  };
}
