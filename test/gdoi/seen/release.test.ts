import { describe, expect, test } from 'vitest';
import { kekBehaviorOf, kekBehaviorOfRelease } from '../../../src/gdoi/seen/release.ts';

describe('the KEK rekey behaviour follows the release', () => {
  test.each([
    ['12.2(18)SXF7', 'legacy'],
    ['12.4(24)T8', 'legacy'],
    ['15.0(1)M7', 'legacy'],
    ['15.1(4)M8', 'legacy'],
    ['15.1(3)S2', 'legacy'],
    ['15.2(1)T', 'timer'],
    ['15.2(1)T1', 'timer'],
    ['15.2(4)M6', 'timer'],
    ['15.2(1)S', 'timer'],
    ['15.3(2)S1', 'timer'],
    ['15.6(2)SP4', 'timer'],
    ['15.8(3)M2', 'timer'],
    ['03.04.06.S', 'legacy'],
    ['3.4.0S', 'legacy'],
    ['2.6.2', 'legacy'],
    ['3.5.0S', 'timer'],
    ['03.05.00.S', 'timer'],
    ['03.06.05E', 'timer'],
    ['03.16.04b.S', 'timer'],
    ['16.3.20170322:091518', 'timer'],
    ['16.9.5', 'timer'],
    ['17.05.01a', 'timer'],
    ['17.18.1prd21', 'timer'],
  ] as const)('%s is %s', (release, behavior) => {
    expect(kekBehaviorOfRelease(release)).toBe(behavior);
  });

  test.each([[null], [''], ['BLD_POLARIS_DEV_LATEST_20240118_003112'], ['15.2'], ['15.2(0)T']])(
    'a release that cannot be read (%s) is unknown, never guessed',
    (release) => {
      expect(kekBehaviorOfRelease(release)).toBe('unknown');
    },
  );

  test('a KEK lifetime in the output is stronger evidence than the release', () => {
    expect(kekBehaviorOf('15.1(4)M8', true)).toBe('timer');
    expect(kekBehaviorOf('15.1(4)M8', false)).toBe('legacy');
  });
});
