import fc from 'fast-check';
import { expect, test } from 'vitest';
import { onAbortOf } from '../../src/kernel/abort-callbacks.ts';

test('a callback is called once at the abort, and not if it was removed', () => {
  const owner = new AbortController();
  const called: string[] = [];
  onAbortOf(owner.signal, () => called.push('kept'));
  const takeBack = onAbortOf(owner.signal, () => called.push('taken back'));
  takeBack();
  expect(called).toEqual([]);
  owner.abort();
  owner.abort();
  expect(called).toEqual(['kept']);
});

test('whatever was given and taken back in whatever order, those that are left are called, each once', () => {
  const steps = fc.array(fc.oneof(fc.constant('give' as const), fc.nat({ max: 20 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (drawn) => {
      const owner = new AbortController();
      const called: number[] = [];
      const given: (() => void)[] = [];
      const left = new Set<number>();
      for (const step of drawn) {
        if (step === 'give') {
          const number = given.length;
          left.add(number);
          given.push(onAbortOf(owner.signal, () => called.push(number)));
        } else {
          left.delete(step);
          given[step]?.();
        }
      }
      owner.abort();
      expect(called.toSorted((a, b) => a - b)).toEqual([...left].toSorted((a, b) => a - b));
    }),
  );
});

test('one that another one takes back at the abort is not called', () => {
  const owner = new AbortController();
  const called: string[] = [];
  let takeBack = () => undefined as void;
  onAbortOf(owner.signal, () => {
    called.push('first');
    takeBack();
  });
  takeBack = onAbortOf(owner.signal, () => called.push('second'));
  owner.abort();
  expect(called).toEqual(['first']);
});

test('the same callback given twice is called twice, and taken back one at a time', () => {
  const owner = new AbortController();
  let calls = 0;
  const count = () => {
    calls += 1;
  };
  onAbortOf(owner.signal, count);
  const takeBack = onAbortOf(owner.signal, count);
  takeBack();
  takeBack();
  owner.abort();
  expect(calls).toBe(1);
});

test('it is called at once if the signal has already aborted', () => {
  let calls = 0;
  const takeBack = onAbortOf(AbortSignal.abort(), () => {
    calls += 1;
  });
  expect(calls).toBe(1);
  takeBack();
});

test('a callback given after all others were taken back is called too', () => {
  const owner = new AbortController();
  onAbortOf(owner.signal, () => undefined)();
  let calls = 0;
  onAbortOf(owner.signal, () => {
    calls += 1;
  });
  owner.abort();
  expect(calls).toBe(1);
});

test('a thousand operations under way leave one listener on a signal', () => {
  const owner = new AbortController();
  let listeners = 0;
  const add = owner.signal.addEventListener.bind(owner.signal);
  Object.defineProperty(owner.signal, 'addEventListener', {
    value: (...given: Parameters<AbortSignal['addEventListener']>) => {
      listeners += 1;
      add(...given);
    },
  });
  for (let operations = 0; operations < 1000; operations += 1) onAbortOf(owner.signal, () => undefined);
  expect(listeners).toBe(1);
});
