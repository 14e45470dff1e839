/**
 * One file or URL with targets: its last good list and the devices made of it. A list that is unavailable or malformed
 * changes nothing, and is logged when that begins and when it ends.
 */
import { createHash } from 'node:crypto';
import type { Clock, EpochMs } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { quoted } from '../finding.ts';
import type { MakeDevice, ResolvedDevice } from '../resolved-config.ts';
import { deviceOfTarget } from './target-device.ts';
import type { Target, TargetList } from './target-groups.ts';

/** Targets made into devices before other work gets its turn: about 10 ms. */
const TARGETS_PER_TURN = 200;

export interface TargetSourceStatus {
  /** A file's path, or a URL without its query, which may contain a token. */
  readonly source: string;
  readonly kind: 'file_sd' | 'http_sd';
  /** In its last good list. */
  readonly targets: number;
  readonly failures: number;
  /** Why the last attempt failed; null: it did not. */
  readonly failing: string | null;
  readonly lastSuccessAtMs: EpochMs | null;
}

interface SourceOptions {
  readonly name: string;
  readonly kind: TargetSourceStatus['kind'];
  readonly clock: Clock;
  readonly logger: Logger;
}

export class TargetSource {
  readonly name: string;
  readonly kind: TargetSourceStatus['kind'];
  readonly #clock: Clock;
  readonly #logger: Logger;
  #targets: readonly Target[] = [];
  /** Digest of the text that the targets came from. */
  #digest: string | null = null;
  #devices: readonly ResolvedDevice[] = [];
  #findings: readonly string[] = [];
  #failures = 0;
  #failing: string | null = null;
  #lastSuccessAtMs: EpochMs | null = null;

  constructor({ name, kind, clock, logger }: SourceOptions) {
    this.name = name;
    this.kind = kind;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** In the order of the list; names may come twice. */
  get devices(): readonly ResolvedDevice[] {
    return this.#devices;
  }

  /** What is wrong with single targets, one line each. */
  get findings(): readonly string[] {
    return this.#findings;
  }

  /** Takes a text that was read; true if its list differs from the one before. */
  async take(text: string, parse: (text: string) => TargetList, makeDevice: MakeDevice): Promise<boolean> {
    const digest = createHash('sha256').update(text).digest('base64');
    const list: TargetList = digest === this.#digest ? { kind: 'targets', targets: this.#targets } : parse(text);
    if (list.kind === 'malformed') {
      this.fail(list.reason);
      return false;
    }
    this.succeed();
    if (digest === this.#digest) return false;
    this.#digest = digest;
    this.#targets = list.targets;
    await this.makeDevices(makeDevice);
    this.#logger.info(
      { source: this.name, targets: this.#targets.length, devices: this.#devices.length },
      'targets read',
    );
    return true;
  }

  /** It could not be read: the list before stays. */
  fail(reason: string): void {
    this.#failures += 1;
    if (reason !== this.#failing)
      this.#logger.warn({ source: this.name, reason }, 'targets refused; the last list stays in use');
    this.#failing = reason;
  }

  /** What failed exists now, and could be read. */
  succeed(): void {
    if (this.#failing !== null) this.#logger.info({ source: this.name }, 'targets can be read again');
    this.#failing = null;
    this.#lastSuccessAtMs = this.#clock.wallMs();
  }

  /** Makes the devices again from the present list, with the defaults and credentials of a configuration. */
  async makeDevices(makeDevice: MakeDevice): Promise<void> {
    const devices: ResolvedDevice[] = [];
    // Before its first text it has no list.
    const isEmpty = this.#digest !== null && this.#targets.length === 0;
    const findings = isEmpty ? [`${this.name}: has no target`] : [];
    for (const [index, target] of this.#targets.entries()) {
      if (index % TARGETS_PER_TURN === 0) await this.#clock.yieldToIo();
      const { device, problems } = deviceOfTarget(target, makeDevice);
      if (device !== null) devices.push(device);
      for (const problem of problems) findings.push(`${this.name}: target ${quoted(target.address)}: ${problem}`);
    }
    this.#devices = devices;
    this.#findings = findings;
  }

  status(): TargetSourceStatus {
    return {
      source: this.name,
      kind: this.kind,
      targets: this.#targets.length,
      failures: this.#failures,
      failing: this.#failing,
      lastSuccessAtMs: this.#lastSuccessAtMs,
    };
  }
}
