/**
 * When each device is polled. One heap, one loop, ten beats a second.
 *
 * Intervals run on monotonic time on a fixed grid, so neither a wall-clock step nor a slow poll shifts a device's
 * place in it. The first sweep is spread by a hash of the device's name: a restart of the agent must not knock on every
 * router at once. A device that is still being polled, or still waits for a slot, when it is due again is skipped and
 * counted: late work is never queued. Beside its schedule a device is polled at the instants planned for it, soon after
 * a hint that something happened there, and on request. Planned polls and hints have a limit of their own
 * (`poll-allowance.ts`).
 */
import PQueue from 'p-queue';
import TinyQueue from 'tinyqueue';
import type { Schedule } from '../../config/resolved-config.ts';
import type { Clock } from '../../kernel/clock.ts';
import { TokenBucket } from '../../kernel/token-bucket.ts';
import { nextStretch, type SignsOfLoad } from './busy-pace.ts';
import { CronInstants } from './cron-instants.ts';
import { RankedQueue } from './ranked-queue.ts';
import { allowedRate } from './poll-allowance.ts';
import { nameFraction } from '../../model/name-hash.ts';

/** Mean distance between first polls, so that a small fleet shows something at once. */
const FIRST_POLL_SPACING_MS = 50;
/** The first sweep never takes longer than this, however long the interval. */
const FIRST_SWEEP_MAX_MS = 60_000;
/** A fleet that is polled within this time needs no order. */
const AT_A_GLANCE_MS = 5_000;
/** The loop wakes up at least this often: cron needs each second. */
const LOOK_AGAIN_MS = 1000;
/**
 * Polls begin on these beats. Polls that begin together are answered together: a wake-up for each took nearly half of a
 * poll's CPU on a machine with little else to do (`npm run bench -- fleet`, both at once: 1.7 to 2.4 ms, and 0.9 to
 * 1.3; docs/sizing.md).
 */
const BEAT_MS = 100;
/** A device that sends hint after hint is polled at most this often because of them. */
const HINT_GAP_MS = 1000;
/** Polls for hints start this far apart over the fleet: a storm of hints must not become a storm of polls. */
const HINT_SPACING_MS = 10;
/** Priority among polls that wait for a slot. */
const HINT_PRIORITY = 1;
const ASKED_PRIORITY = 2;

interface Entry {
  readonly device: string;
  readonly dueMs: number;
  /** Version of the schedule, plan or hint that made this entry; an entry with an older version is void. */
  readonly version: number;
  readonly why: 'schedule' | 'plan' | 'hint' | 'soon';
}

interface Scheduled {
  readonly schedule: Schedule;
  readonly version: number;
  planVersion: number;
  /** Version of the hint that waits; null: none waits. */
  hintVersion: number | null;
  /** It is to be polled soon, and no poll has begun since. */
  soon: boolean;
  /** The poll that waits for a slot or is under way. */
  running: Promise<void> | null;
  begunMs: number;
  /** Turns of the schedule for one poll; more than 1 while the device is busy. */
  stretch: number;
  turn: number;
  /** Which polls go first: 1 the device answers, 0 not polled yet, -1 it does not answer. */
  rank: number;
  /** For polls beside the schedule. */
  readonly allowance: TokenBucket;
}

export interface SchedulerStatus {
  readonly running: number;
  readonly queued: number;
  readonly skippedLate: number;
  /** Planned polls and hints that were left out because the device had used up its allowance. */
  readonly overAllowance: number;
}

export class Scheduler implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #poll: (device: string, signal: AbortSignal) => Promise<void>;
  readonly #queue: PQueue<RankedQueue>;
  readonly #devices = new Map<string, Scheduled>();
  readonly #heap = new TinyQueue<Entry>([], (a, b) => a.dueMs - b.dueMs);
  readonly #cron: CronInstants;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  /** The loop sleeps until then unless it is woken; in the past: it is awake. */
  #asleepUntilMs = Number.NEGATIVE_INFINITY;
  #versions = 0;
  #skippedLate = 0;
  #overAllowance = 0;
  #lastHintDueMs = 0;
  #loop: Promise<void> | null = null;

  constructor(options: {
    readonly clock: Clock;
    readonly concurrentPolls: number;
    /** Must not reject: the result of a poll is a value. */
    readonly poll: (device: string, signal: AbortSignal) => Promise<void>;
  }) {
    this.#clock = options.clock;
    this.#poll = options.poll;
    this.#queue = new PQueue({ concurrency: options.concurrentPolls, queueClass: RankedQueue });
    this.#cron = new CronInstants(options.clock.wallMs());
  }

  /**
   * Starts or restarts the schedule of a device; polls that are planned, and a hint that waits, stay. `fleetSize`
   * decides how far first polls are spread; `first`: poll it before devices that were not polled yet, in a large fleet
   * at once; `aheadMs`: this long before another scheduler's polls of the same device at the same interval.
   */
  set(
    device: string,
    schedule: Schedule,
    fleetSize: number,
    { first = false, aheadMs = 0 }: { readonly first?: boolean; readonly aheadMs?: number } = {},
  ): void {
    const before = this.#devices.get(device);
    this.remove(device);
    this.#versions += 1;
    const version = this.#versions;
    const rate = allowedRate(schedule);
    const allowance = before?.allowance ?? new TokenBucket(rate, this.#clock.monoMs());
    allowance.changeRate(rate, this.#clock.monoMs());
    const planVersion = before?.planVersion ?? version;
    this.#devices.set(device, {
      schedule,
      version,
      planVersion,
      hintVersion: before?.hintVersion ?? null,
      soon: false,
      running: before?.running ?? null,
      begunMs: Number.NEGATIVE_INFINITY,
      stretch: before?.stretch ?? 1,
      turn: 0,
      rank: before?.rank ?? (first ? 1 : 0),
      allowance,
    });
    if (schedule.kind === 'cron') {
      this.#cron.add(schedule.expression);
      return;
    }
    const windowMs = spreadMs(schedule.ms, fleetSize);
    const nowMs = this.#clock.monoMs();
    const dueMs = nowMs + nameFraction(device, 'polls') * windowMs - aheadMs;
    this.#heap.push({ device, version, dueMs, why: 'schedule' });
    // Its own place in the interval is kept: this poll is beside the schedule.
    const atOnce = first && windowMs > AT_A_GLANCE_MS;
    if (atOnce) this.#heap.push({ device, version: planVersion, dueMs: nowMs, why: 'plan' });
    this.#wakeFor(atOnce ? nowMs : dueMs);
  }

  /**
   * One poll of a device within the time in which so many devices are polled first; it keeps its own place in the
   * interval, and the polls that are planned. A device with a cron expression waits for its instant.
   */
  soon(device: string, devices: number, { aheadMs = 0 }: { readonly aheadMs?: number } = {}): void {
    const known = this.#devices.get(device);
    if (known === undefined || known.schedule.kind === 'cron') return;
    known.soon = true;
    const inMs = nameFraction(device, 'polls') * spreadMs(known.schedule.ms, devices) - aheadMs;
    this.#pushSoon(device, known, this.#clock.monoMs() + inMs);
  }

  #pushSoon(device: string, { version }: Scheduled, dueMs: number): void {
    this.#heap.push({ device, version, dueMs, why: 'soon' });
    this.#wakeFor(dueMs);
  }

  remove(device: string): void {
    const known = this.#devices.get(device);
    if (known?.schedule.kind === 'cron') this.#cron.remove(known.schedule.expression);
    this.#devices.delete(device);
  }

  /**
   * Plans polls beside the schedule, each `inMs` from now; they replace those planned before. One that comes due while
   * the device is being polled is void, since its answer is under way.
   */
  plan(device: string, inMs: readonly number[]): void {
    const known = this.#devices.get(device);
    if (known === undefined) return;
    this.#versions += 1;
    known.planVersion = this.#versions;
    const nowMs = this.#clock.monoMs();
    for (const ms of inMs) {
      this.#heap.push({ device, version: known.planVersion, dueMs: nowMs + ms, why: 'plan' });
      this.#wakeFor(nowMs + ms);
    }
  }

  /**
   * Something happened there: poll as soon as the pace of hints allows. Hints that come before that poll begins count
   * as one; one that comes while the device is being polled triggers another poll, since the answer under way may be
   * older.
   */
  hint(device: string): void {
    const known = this.#devices.get(device);
    if (known === undefined || known.hintVersion !== null) return;
    const nowMs = this.#clock.monoMs();
    this.#versions += 1;
    known.hintVersion = this.#versions;
    const dueMs = Math.max(nowMs, known.begunMs + HINT_GAP_MS, this.#lastHintDueMs + HINT_SPACING_MS);
    this.#lastHintDueMs = dueMs;
    this.#heap.push({ device, version: known.hintVersion, dueMs, why: 'hint' });
    this.#wakeFor(dueMs);
  }

  /** Polls now, or joins the poll that waits or is under way; resolves when it is over. Null: no such device. */
  now(device: string): Promise<void> | null {
    const known = this.#devices.get(device);
    if (known === undefined) return null;
    if (known.running === null) this.#begin(device, known, ASKED_PRIORITY);
    return known.running;
  }

  status(): SchedulerStatus {
    return {
      running: this.#queue.pending,
      queued: this.#queue.size,
      skippedLate: this.#skippedLate,
      overAllowance: this.#overAllowance,
    };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#startDue();
      const next = this.#heap.peek();
      const nowMs = this.#clock.monoMs();
      const untilNextMs = next === undefined ? LOOK_AGAIN_MS : beatAtOrAfter(next.dueMs) - nowMs;
      const waitMs = Math.max(0, Math.min(untilNextMs, LOOK_AGAIN_MS));
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      this.#asleepUntilMs = nowMs + waitMs;
      await this.#clock.sleep(waitMs, this.#wake.signal).catch(() => undefined);
    }
  }

  /** Something is due then. The loop is not woken if it wakes before that anyway, as after nearly every poll. */
  #wakeFor(dueMs: number): void {
    if (beatAtOrAfter(dueMs) < this.#asleepUntilMs) this.#wake.abort();
  }

  #startDue(): void {
    const nowMs = this.#clock.monoMs();
    for (let entry = this.#heap.peek(); entry !== undefined && entry.dueMs <= nowMs; entry = this.#heap.peek()) {
      this.#heap.pop();
      const known = this.#devices.get(entry.device);
      if (known === undefined) continue;
      if (entry.why === 'plan') {
        const meant = known.planVersion === entry.version && known.running === null;
        if (meant && this.#isAllowed(known)) this.#begin(entry.device, known);
        continue;
      }
      if (entry.why === 'hint') {
        if (known.hintVersion === entry.version) this.#takeHint(entry, known);
        continue;
      }
      if (entry.why === 'soon') {
        if (known.version === entry.version && known.soon) this.#takeSoon(entry, known);
        continue;
      }
      if (known.version !== entry.version || known.schedule.kind !== 'every') continue;
      const missed = Math.floor((nowMs - entry.dueMs) / known.schedule.ms);
      this.#skippedLate += missed;
      this.#heap.push({ ...entry, dueMs: entry.dueMs + (missed + 1) * known.schedule.ms });
      this.#beginOrSkip(entry.device, known);
    }
    if (this.#cron.empty) return;
    const due = this.#cron.due(this.#clock.wallMs());
    if (due.size === 0) return;
    for (const [device, known] of this.#devices) {
      if (known.schedule.kind === 'cron' && due.has(known.schedule.expression)) this.#beginOrSkip(device, known);
    }
  }

  #takeHint(entry: Entry, known: Scheduled): void {
    known.hintVersion = null;
    if (known.running === null) {
      if (this.#isAllowed(known)) this.#begin(entry.device, known, HINT_PRIORITY);
      return;
    }
    // Owned by the poll under way, which stop() waits for.
    void known.running.then(() => this.hint(entry.device));
  }

  /** A poll that began before goes on first. */
  #takeSoon({ device }: Entry, known: Scheduled): void {
    if (known.running === null) this.#begin(device, known);
    // Owned by the poll under way, which stop() waits for.
    else void known.running.then(() => this.#pushSoon(device, known, this.#clock.monoMs()));
  }

  /** Pays for one poll beside the schedule. */
  #isAllowed(known: Scheduled): boolean {
    const allowed = known.allowance.take(this.#clock.monoMs());
    if (!allowed) this.#overAllowance += 1;
    return allowed;
  }

  #beginOrSkip(device: string, known: Scheduled): void {
    known.turn += 1;
    if (known.turn % known.stretch !== 0) return;
    if (known.running === null) this.#begin(device, known);
    else this.#skippedLate += 1;
  }

  /** How the device's last poll went: devices that answer go before new ones, and those before devices that do not. */
  rank(device: string, answered: boolean): void {
    const known = this.#devices.get(device);
    if (known !== undefined) known.rank = answered ? 1 : -1;
  }

  /** How busy the last poll showed the device. Returns the new number of turns for a poll; null: unchanged. */
  answered(device: string, signs: SignsOfLoad): number | null {
    const known = this.#devices.get(device);
    if (known === undefined) return null;
    const stretch = nextStretch(known.stretch, signs);
    if (stretch === known.stretch) return null;
    known.stretch = stretch;
    return stretch;
  }

  /** Takes over the turns from another schedule of the same device. */
  takeTurns(device: string, turns: number): void {
    const known = this.#devices.get(device);
    if (known !== undefined) known.stretch = turns;
  }

  #begin(device: string, known: Scheduled, priority = 0): void {
    known.begunMs = this.#clock.monoMs();
    known.soon = false;
    const running = this.#queue.add(
      async () => {
        try {
          if (this.#stop.signal.aborted || !this.#devices.has(device)) return;
          await this.#poll(device, this.#stop.signal);
        } finally {
          const current = this.#devices.get(device);
          if (current?.running === running) current.running = null;
        }
      },
      { priority: priority + known.rank },
    );
    // Owned by the queue, which stop() waits for.
    known.running = running;
  }

  /** Starts no new poll; aborts those under way and waits for them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    this.#wake.abort();
    this.#queue.clear();
    await this.#loop;
    await this.#queue.onIdle();
  }
}

/** Over how long the first polls of so many devices are spread. */
function spreadMs(intervalMs: number, devices: number): number {
  return Math.min(intervalMs, FIRST_SWEEP_MAX_MS, devices * FIRST_POLL_SPACING_MS);
}

function beatAtOrAfter(monoMs: number): number {
  return Math.ceil(monoMs / BEAT_MS) * BEAT_MS;
}
