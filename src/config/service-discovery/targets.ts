/**
 * Service discovery while the agent runs: reads the files and asks the URLs of `targets`, and reports when the devices
 * change.
 *
 * Names are unique: the configuration file has precedence, then the files of `file_sd` by name, then the URLs in their
 * order.
 */
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { type ReadFile, readFileFromDisk, readText } from '../read-file.ts';
import { devicesDiffer } from '../reload-diff.ts';
import type { ResolvedConfig, ResolvedTargets, TargetUrl } from '../resolved-config.ts';
import { FileTargets } from './file-targets.ts';
import { askForTargets } from './http-targets.ts';
import { mergeDevices } from './merge-devices.ts';
import { TargetSource, type TargetSourceStatus } from './target-source.ts';
import { targetsOfJson, targetsOfYaml } from './target-text.ts';

/** Between two looks at the files; all changes found in between, including those of URLs, are reported together. */
const LOOK_MS = 2000;
/** Looks for which a change of one file waits for another that is being written: a device may move between them. */
const MOST_WAITING_LOOKS = 5;
/** Nothing else runs while it is read, and YAML takes much more reading than JSON. */
const MAX_YAML_BYTES = 1024 * 1024;
const MAX_JSON_BYTES = 32 * 1024 * 1024;
/** Most findings logged for one change. */
const MAX_LOGGED = 20;

export interface TargetsOptions {
  readonly config: ResolvedConfig;
  /** The machine's own clock: files and URLs do not run fast. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** `config` of the result of `startTargets` has other devices now. Not called by `reload`, which returns them. */
  readonly onChange: () => void;
  /** Default: the disk. */
  readonly readFile?: ReadFile;
  /** Default: Node's. */
  readonly fetch?: typeof fetch;
}

export interface TargetsStatus {
  /** Devices of the last good lists that are in use. */
  readonly devices: number;
  /** Refused targets, names left out and labels left out, in the present lists. */
  readonly findings: number;
  /** Each source was read at least once. While false, a missing device may only not be known yet. */
  readonly complete: boolean;
  readonly sources: readonly TargetSourceStatus[];
}

/** Resolves when each source was tried once; one that does not answer delays it by at most ten seconds. */
export async function startTargets(options: TargetsOptions): Promise<Targets> {
  const targets = new Targets(options);
  await targets.reload(options.config);
  targets.accepted();
  return targets;
}

export class Targets implements AsyncDisposable {
  readonly #options: TargetsOptions;
  /** By path or URL. */
  readonly #sources = new Map<string, TargetSource>();
  #configured: ResolvedConfig;
  #merged: ResolvedConfig;
  #findings: ReadonlySet<string> = new Set();
  /** Names in the configuration that no device in use has. */
  #doubts: readonly string[] = [];
  /** Devices in use that lists brought. */
  #inUse = 0;
  /** Why the present devices are not used, but those before; null: they are, or nobody has decided yet. */
  #refusal: string | null = null;
  /** Looks in a row at which a change waited. */
  #waitedLooks = 0;
  /** Some list differs from what `#merged` was made of. */
  #changed = false;
  #stop = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: TargetsOptions) {
    this.#options = options;
    this.#configured = options.config;
    this.#merged = options.config;
  }

  /** The configuration with the present devices, which count once they are `accepted`. */
  get config(): ResolvedConfig {
    return this.#merged;
  }

  /**
   * Applies a new configuration: lists of sources that it still names stay; each source is tried once before this
   * resolves.
   */
  async reload(config: ResolvedConfig): Promise<ResolvedConfig> {
    await this.#halt();
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#configured = config;
    const { targets } = config;
    if (targets === null) {
      this.#sources.clear();
      this.#merge();
      return this.#merged;
    }

    const named = new Set(targets.urls.map(({ url }) => url));
    for (const [key, { kind }] of this.#sources) if (kind === 'http_sd' && !named.has(key)) this.#sources.delete(key);
    for (const source of this.#sources.values()) await source.makeDevices(targets.makeDevice);
    const files = new FileTargets(targets.files, this.#keysOf('file_sd'));
    await this.#look(files, targets);
    await Promise.all(targets.urls.map((url) => this.#ask(url, targets, signal)));
    this.#merge();
    this.#loops = Promise.all([
      this.#every(LOOK_MS, signal, async () => {
        await this.#look(files, targets);
        if (this.#changed && !this.#waitsFor(files) && this.#merge()) this.#options.onChange();
      }),
      ...targets.urls.map((url) => this.#every(targets.refreshMs, signal, () => this.#ask(url, targets, signal))),
    ]);
    return this.#merged;
  }

  /** Devices are polled by this `config` now. */
  accepted({ devices }: ResolvedConfig = this.#merged): void {
    this.#refusal = null;
    this.#inUse = devices.length - this.#configured.devices.length;
    this.#doubt(this.#configured.doubts(devices));
  }

  /** Devices are polled as before the last lists. */
  refused(reason: string): void {
    this.#refusal = reason;
  }

  /**
   * What differs from the configuration, one line each: failing sources, targets left out, lists that are not used,
   * names that no device in use has.
   */
  doubts(): readonly string[] {
    const failing = this.status().sources.flatMap(({ source, failing: why }) =>
      why === null ? [] : [`targets of ${source}: ${why}`],
    );
    const refused = this.#refusal === null ? [] : [`targets: the last lists are not used: ${this.#refusal}`];
    return [...failing, ...this.#findings, ...refused, ...this.#doubts];
  }

  status(): TargetsStatus {
    const sources = [...this.#sources.values()].map((source) => source.status());
    return {
      devices: this.#inUse,
      findings: this.#findings.size,
      complete: sources.every(({ lastSuccessAtMs }) => lastSuccessAtMs !== null),
      sources,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#halt();
  }

  async #halt(): Promise<void> {
    this.#stop.abort();
    await this.#loops;
  }

  /** Ends when `signal` aborts. */
  async #every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await this.#options.clock.sleep(ms, signal);
      } catch {
        return;
      }
      await work();
    }
  }

  /** Otherwise a device that moves would be gone for a look, and its group would lose what it knows of it. */
  #waitsFor({ isWritten }: FileTargets): boolean {
    this.#waitedLooks = isWritten ? this.#waitedLooks + 1 : 0;
    return isWritten && this.#waitedLooks <= MOST_WAITING_LOOKS;
  }

  /** Reads the files that changed, and drops those that are gone. */
  async #look(files: FileTargets, targets: ResolvedTargets): Promise<void> {
    const { changed, gone, failed } = await files.look();
    for (const path of gone) this.#changed = this.#sources.delete(path) || this.#changed;
    for (const path of changed) {
      const isJson = /\.json$/i.test(path);
      const maxBytes = isJson ? MAX_JSON_BYTES : MAX_YAML_BYTES;
      const file = await readText(this.#options.readFile ?? readFileFromDisk, path, maxBytes);
      const source = this.#source(path, 'file_sd');
      if (file.kind === 'failed') {
        source.fail(`cannot be read: ${file.reason}`);
        files.readAgain(path);
      } else {
        const other = await source.take(file.text, isJson ? targetsOfJson : targetsOfYaml, targets.makeDevice);
        this.#changed ||= other;
      }
    }
    for (const [place, reason] of failed) this.#source(place, 'file_sd').fail(reason);
    for (const key of this.#keysOf('file_sd')) if (!failed.has(key) && !files.has(key)) this.#leave(key);
  }

  /** A directory or pattern that no longer fails, or a file that no pattern matches. */
  #leave(key: string): void {
    this.#sources.get(key)?.succeed();
    this.#sources.delete(key);
  }

  #keysOf(wanted: TargetSource['kind']): readonly string[] {
    return [...this.#sources].flatMap(([key, { kind }]) => (kind === wanted ? [key] : []));
  }

  async #ask(url: TargetUrl, targets: ResolvedTargets, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const source = this.#source(url.url, 'http_sd');
    const asked = { clock, refreshMs: targets.refreshMs, fetch: this.#options.fetch ?? fetch, signal };
    const answer = await askForTargets(url, asked);
    if (answer.kind === 'failed') source.fail(answer.reason);
    else if (answer.kind === 'text') {
      const other = await source.take(answer.text, targetsOfJson, targets.makeDevice);
      this.#changed ||= other;
    }
  }

  #source(key: string, kind: TargetSource['kind']): TargetSource {
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const { clock, logger } = this.#options;
    const name = kind === 'http_sd' ? withoutQuery(key) : key;
    const source = new TargetSource({ name, kind, clock, logger });
    this.#sources.set(key, source);
    return source;
  }

  /** True if the devices differ from before. */
  #merge(): boolean {
    this.#changed = false;
    this.#waitedLooks = 0;
    const urls = this.#configured.targets?.urls.map(({ url }) => url) ?? [];
    const sources = [...this.#keysOf('file_sd').toSorted(), ...urls].flatMap((key) => this.#sources.get(key) ?? []);
    const { devices, findings } = mergeDevices(this.#configured.devices, sources);
    this.#tell([...sources.flatMap((source) => source.findings), ...findings]);
    const before = this.#merged;
    this.#merged = { ...this.#configured, devices };
    return devicesDiffer(before, this.#merged);
  }

  /** With devices of the file alone, its reader has reported the doubts, with the line. */
  #doubt(doubts: readonly string[]): void {
    const before = new Set(this.#doubts);
    this.#doubts = doubts;
    if (this.#configured.targets === null && this.#merged.devices.length > 0) return;
    this.#say(
      doubts.filter((doubt) => !before.has(doubt)),
      'doubt about the configuration',
      'more doubts about the configuration',
    );
  }

  /** Logs each new finding. */
  #tell(findings: readonly string[]): void {
    const fresh = findings.filter((finding) => !this.#findings.has(finding));
    this.#say(fresh, 'doubt about a target', 'doubts about more targets');
    this.#findings = new Set(findings);
  }

  #say(findings: readonly string[], what: string, whatMore: string): void {
    const { logger } = this.#options;
    for (const finding of findings.slice(0, MAX_LOGGED)) logger.warn({ finding }, what);
    const more = findings.length - MAX_LOGGED;
    if (more > 0) logger.warn({ more }, whatMore);
  }
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
