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

export class WorkCounter implements AsyncDisposable {
  readonly #session = new Session();

  static async started(): Promise<WorkCounter> {
    const counter = new WorkCounter();
    counter.#session.connect();
    await counter.#session.post('Profiler.enable');
    await counter.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return counter;
  }

  async of<Result>(work: () => Result): Promise<{ readonly work: number; readonly result: Result }> {
    await this.#session.post('Profiler.takePreciseCoverage');
    let result: Result;
    let passed: number;
    {
      using walks = countWalks();
      result = work();
      passed = walks.passed();
    }
    const { result: scripts } = await this.#session.post('Profiler.takePreciseCoverage');
    let entered = 0;
    for (const { url, functions } of scripts) {
      if (!OURS.test(url)) continue;
      for (const { ranges } of functions) for (const { count } of ranges) entered += count;
    }
    return { work: entered + passed, result };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }
}
