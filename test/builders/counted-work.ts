/**
 * How much work a piece of our code does, as a number that is the same at every run: how often each of its blocks was
 * entered, as V8 counts it, and how many items the built-in loops over lists (spread, `includes`, `slice`, sorting)
 * passed.
 */
import { Session } from 'node:inspector/promises';

const OURS = /\/src\/(?:gdoi|ios|kernel|mib|yang)\//;

/** Built-ins that walk over all of what they are called on. */
const WALKS = [
  [
    Array.prototype,
    ['concat', 'includes', 'indexOf', 'join', 'slice', 'splice', 'toSorted', 'sort', 'shift', 'unshift'],
  ],
  [Array.prototype, [Symbol.iterator, 'entries', 'values', 'keys']],
  [Map.prototype, [Symbol.iterator, 'entries', 'values', 'keys']],
  [Set.prototype, [Symbol.iterator, 'entries', 'values', 'keys']],
  [String.prototype, ['split', 'replace', 'replaceAll', 'toLowerCase', 'trim', 'trimStart', 'trimEnd', 'includes']],
] as const;

interface Counting extends Disposable {
  readonly passed: () => number;
}

function countWalks(): Counting {
  let passed = 0;
  const takenBack: (() => void)[] = [];
  for (const [prototype, names] of WALKS) {
    for (const name of names) {
      const original = Object.getOwnPropertyDescriptor(prototype, name);
      const walk: unknown = original?.value;
      if (original === undefined || typeof walk !== 'function') throw new Error(`${String(name)} is no method`);
      const counted = function counted(
        this: { readonly length?: number; readonly size?: number },
        ...given: unknown[]
      ) {
        passed += this.length ?? this.size ?? 0;
        return Reflect.apply(walk, this, given) as unknown;
      };
      Object.defineProperty(prototype, name, { ...original, value: counted });
      takenBack.push(() => Object.defineProperty(prototype, name, original));
    }
  }
  return {
    passed: () => passed,
    [Symbol.dispose]() {
      for (const takeBack of takenBack) takeBack();
    },
  };
}

function passing<Result>(work: () => Result): { readonly passed: number; readonly result: Result } {
  using walks = countWalks();
  const result = work();
  return { passed: walks.passed(), result };
}

interface Counted<Result> {
  readonly work: number;
  readonly result: Result;
}

export class WorkCounter implements AsyncDisposable {
  readonly #session = new Session();

  static async started(): Promise<WorkCounter> {
    const counter = new WorkCounter();
    counter.#session.connect();
    await counter.#session.post('Profiler.enable');
    await counter.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return counter;
  }

  /**
   * What each costs, one after the other: nothing else of ours runs in between, so that each ends the count of the one
   * before. Asking V8 goes through all that is loaded, and costs more than most of what is counted.
   */
  async ofEach<Result>(works: readonly (() => Result)[]): Promise<readonly Counted<Result>[]> {
    await this.#entered();
    const counted: Counted<Result>[] = [];
    for (const work of works) {
      const { passed, result } = passing(work);
      counted.push({ work: (await this.#entered()) + passed, result });
    }
    return counted;
  }

  /** Since it was last asked. */
  async #entered(): Promise<number> {
    const { result: scripts } = await this.#session.post('Profiler.takePreciseCoverage');
    let entered = 0;
    for (const { url, functions } of scripts) {
      if (!OURS.test(url)) continue;
      for (const { ranges } of functions) for (const { count } of ranges) entered += count;
    }
    return entered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}
