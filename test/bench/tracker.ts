/** The tracker: observations a second on one core against the budget of 200,000, and the size of its state as JSON. */
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import { track } from '../../src/gdoi/tracker/tracker.ts';
import { initialTrackerState, type TrackerState } from '../../src/gdoi/memory/tracker-state.ts';
import { type BenchRow, median } from './bench-row.ts';
import { aGm, aKek, aTek, rekeysReceived } from '../builders/snapshots.ts';

const BARE_US = 5;
const STATE_BUDGET_BYTES = 4096;
const DEVICES = 500;
const POLLS = 100;
const ROUNDS = 5;
const START_MS = Date.UTC(2026, 0, 1);
const INTERVAL_MS = 60_000;
const KEK_SECONDS = 86_400;
const TEK_SECONDS = 3600;
const REKEY_EVERY_POLLS = 55;

export async function benchTracker(): Promise<BenchRow[]> {
  const rounds = Array.from({ length: ROUNDS }, () => oneRound());
  const measured = median(rounds.map(({ microseconds }) => microseconds));
  const bytes = Math.max(...rounds.map(({ bytes }) => bytes));
  return [
    {
      name: 'tracker, one observation',
      unit: 'us',
      measured,
      bare: BARE_US,
      ratio: measured / BARE_US,
      budget: 1,
    },
    {
      name: 'tracker, state of one GM and group',
      unit: 'bytes',
      measured: bytes,
      bare: STATE_BUDGET_BYTES,
      ratio: bytes / STATE_BUDGET_BYTES,
      budget: 1,
    },
  ];
}

/**
 * Every GM's polls over some hours: TEK rekeys, now and then a re-registration. Snapshots are made outside the clock.
 */
function oneRound(): { readonly microseconds: number; readonly bytes: number } {
  const states = Array.from({ length: DEVICES }, (_, index) => initialTrackerState(`gm${index}`));
  let spentNs = 0n;
  let largest = 0;
  for (let poll = 0; poll < POLLS; poll += 1) {
    const observations = states.map((state, index) => answer(state.device, index, poll));
    const from = process.hrtime.bigint();
    for (let index = 0; index < DEVICES; index += 1) {
      const state = states[index];
      const observation = observations[index];
      if (state !== undefined && observation !== undefined) states[index] = track(state, observation).state;
    }
    spentNs += process.hrtime.bigint() - from;
  }
  for (const state of states) largest = Math.max(largest, bytesOf(state));
  return { microseconds: Number(spentNs) / 1000 / (DEVICES * POLLS), bytes: largest };
}

function bytesOf(state: TrackerState): number {
  return Buffer.byteLength(JSON.stringify(state));
}

function answer(device: string, index: number, poll: number): Observation {
  const sentAtMs = START_MS + poll * INTERVAL_MS + index * 13;
  const rekeys = Math.floor((poll + index) / REKEY_EVERY_POLLS);
  const registrations = 1 + (index % 20 === 0 ? Math.floor(poll / 40) : 0);
  const seconds = (poll * INTERVAL_MS) / 1000;
  const rekeyedAt = (rekeys * REKEY_EVERY_POLLS - index) * (INTERVAL_MS / 1000);
  const snapshot = aGm({
    keyServer: '10.1.11.2',
    reregistersInSeconds: Math.max(0, rekeyedAt + TEK_SECONDS - 120 - seconds),
    registrations: { succeeded: registrations, attempted: registrations },
    rekeys: rekeysReceived(rekeys, {
      lastFrom: '10.1.11.2',
      lastSequence: rekeys,
      lastAgeSeconds: Math.max(0, seconds - rekeyedAt),
    }),
    kek: aKek(KEK_SECONDS - seconds, { signatureHash: 'HMAC_AUTH_SHA', signatureKeyBits: 2048 }),
    teks: [rekeys, rekeys - 1].map((tek) =>
      aTek(Math.max(0, (tek * REKEY_EVERY_POLLS - index) * (INTERVAL_MS / 1000) + TEK_SECONDS - seconds), {
        interface: 'GigabitEthernet1',
        spi: `0x${(0xa0_00_00_00 + tek).toString(16).toUpperCase()}`,
        transform: 'esp-256-aes esp-sha256-hmac',
        antiReplay: 'counter',
      }),
    ),
  });
  return {
    kind: 'groups',
    origin: 'cli',
    device,
    command: 'show crypto gdoi',
    sentAtMs,
    receivedAtMs: sentAtMs + 120,
    snapshots: [snapshot],
    unknownLines: 0,
  };
}
