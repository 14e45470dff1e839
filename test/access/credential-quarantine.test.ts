import { describe, expect, test } from 'vitest';
import { CredentialQuarantine, REFUSALS_TO_QUARANTINE } from '../../src/access/credential-quarantine.ts';
import { Secret } from '../../src/kernel/secret.ts';

const MINUTE_MS = 60_000;
const FLEET = Array.from({ length: 20 }, (_, index) => `gm${index + 1}`);

/** One credential over a fleet, on a clock that stands until it is told to go on. */
class Fleet {
  readonly quarantine = new CredentialQuarantine();
  password = 'before';
  nowMs = 0;

  admission(device: string) {
    return this.quarantine.admit(this.#use(device), this.nowMs);
  }

  /** One login; false: the quarantine did not let it try. */
  logIn(device: string, outcome: 'accepted' | 'refused'): boolean {
    if (this.admission(device).kind !== 'try') return false;
    this.quarantine.ended(this.#use(device), outcome, this.nowMs);
    return true;
  }

  /** How many of the devices were let to try, one after the other. */
  tries(devices: readonly string[], outcome: 'accepted' | 'refused'): number {
    return devices.filter((device) => this.logIn(device, outcome)).length;
  }

  #use(device: string) {
    return { credentialName: 'main', secrets: [new Secret(this.password)], device };
  }
}

describe('a credential that twenty devices accepted and three others refuse', () => {
  function refusedByOthers(): Fleet {
    const fleet = new Fleet();
    fleet.tries(FLEET, 'accepted');
    expect(fleet.tries(['bad1', 'bad2', 'bad3'], 'refused')).toBe(REFUSALS_TO_QUARANTINE);
    return fleet;
  }

  test('goes on at the twenty', () => {
    const fleet = refusedByOthers();
    expect(FLEET.every((device) => fleet.admission(device).kind === 'try')).toBe(true);
  });

  test('waits at the devices that refused it, and at new ones', () => {
    const fleet = refusedByOthers();
    expect(fleet.admission('bad1')).toMatchObject({ kind: 'device_waits' });
    expect(fleet.admission('new')).toMatchObject({ kind: 'quarantined' });
    expect(fleet.quarantine.quarantined()).toEqual(['main']);
  });

  test('is free again with the next login that one of the twenty accepts', () => {
    const fleet = refusedByOthers();
    fleet.logIn('gm1', 'accepted');
    expect(fleet.admission('new')).toMatchObject({ kind: 'try' });
    expect(fleet.quarantine.quarantined()).toEqual([]);
  });

  test('counts as new at a device that left and came back', () => {
    const fleet = refusedByOthers();
    fleet.quarantine.forget('gm1');
    expect(fleet.admission('gm1')).toMatchObject({ kind: 'quarantined' });
  });

  test('stays accepted by a device that is the same router, logged in to in another way', () => {
    const fleet = refusedByOthers();
    fleet.quarantine.forget('gm1', { isSameRouter: true });
    expect(fleet.admission('gm1')).toMatchObject({ kind: 'try' });
    fleet.quarantine.forget('bad1', { isSameRouter: true });
    expect(fleet.admission('bad1')).toMatchObject({ kind: 'quarantined' });
  });

  test('counts as new everywhere when its secret changes', () => {
    const fleet = refusedByOthers();
    fleet.password = 'after';
    expect(fleet.tries(FLEET, 'refused')).toBe(REFUSALS_TO_QUARANTINE);
  });
});

describe('a password that was changed at the AAA server', () => {
  test('is refused by three of the devices that had accepted it, and then waits at all of them', () => {
    const fleet = new Fleet();
    fleet.tries(FLEET, 'accepted');
    expect(fleet.tries(FLEET, 'refused')).toBe(REFUSALS_TO_QUARANTINE);
  });

  test('is probed by one device at a time, less and less often', () => {
    const fleet = new Fleet();
    fleet.tries(FLEET, 'accepted');
    fleet.tries(FLEET, 'refused');
    const probesAtMinute: number[] = [];
    for (let minute = 1; minute <= 100; minute += 1) {
      fleet.nowMs = minute * MINUTE_MS;
      const probes = fleet.tries(FLEET.slice(3), 'refused');
      expect(probes).toBeLessThanOrEqual(1);
      if (probes === 1) probesAtMinute.push(minute);
    }
    expect(probesAtMinute).toEqual([2, 12, 42, 72]);
  });

  test('is good everywhere again with the first probe that is accepted', () => {
    const fleet = new Fleet();
    fleet.tries(FLEET, 'accepted');
    fleet.tries(FLEET, 'refused');
    fleet.nowMs = 2 * MINUTE_MS;
    expect(fleet.logIn('gm9', 'accepted')).toBe(true);
    expect(fleet.tries(FLEET.slice(3), 'accepted')).toBe(FLEET.length - 3);
  });
});
