import { describe, expect, it } from 'vitest';
import { RenewableSecret, type SecretReading } from '../../src/config/secret-origin.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';

const MINUTE_MS = 60_000;

/** A place that holds a secret, and what was asked of it. */
function origin(renewal: 'each login' | 'after a refusal') {
  const place = {
    holds: { kind: 'right', value: 'old' } as SecretReading,
    asked: 0,
    nowMs: 0,
    reports: [] as string[],
  };
  const secret = new RenewableSecret('old', {
    renewal,
    clock: { ...createSystemClock(), monoMs: () => place.nowMs },
    report: (message) => place.reports.push(message),
    read: async () => {
      place.asked += 1;
      return place.holds;
    },
  }).latest;
  return { place, secret };
}
const right = (value: string): SecretReading => ({ kind: 'right', value });
const wrong = (message: string): SecretReading => ({ kind: 'wrong', message });

describe('a secret in a file or a variable', () => {
  it('is read at each login', async () => {
    const { place, secret } = origin('each login');
    expect(await secret.renewed()).toBe(secret);
    place.holds = right('new');
    const fresh = await secret.renewed();
    expect(fresh.reveal()).toBe('new');
    expect(await fresh.renewed()).toBe(fresh);
    expect((await secret.renewed()).reveal()).toBe('new');
    expect(secret.reveal()).toBe('old');
  });

  it('stays the same while it cannot be read, which is reported once', async () => {
    const { place, secret } = origin('each login');
    place.holds = wrong('"pw" cannot be read: no such file');
    expect(await secret.renewed()).toBe(secret);
    expect(await secret.renewed()).toBe(secret);
    expect(place.reports).toEqual(['"pw" cannot be read: no such file']);
    place.holds = right('new');
    expect((await secret.renewed()).reveal()).toBe('new');
  });

  it('is read once for all devices that log in at the same moment', async () => {
    const { place, secret } = origin('each login');
    await Promise.all(Array.from({ length: 50 }, () => secret.renewed()));
    expect(place.asked).toBe(1);
  });
});

describe('a secret that a program prints', () => {
  it('is kept as long as no device refuses it', async () => {
    const { place, secret } = origin('after a refusal');
    for (let login = 0; login < 5; login += 1) expect(await secret.renewed()).toBe(secret);
    expect(place.asked).toBe(0);
  });

  it('is asked for once more after a refusal, at the next login', async () => {
    const { place, secret } = origin('after a refusal');
    place.holds = right('new');
    secret.refused();
    expect(place.asked).toBe(0);
    expect((await secret.renewed()).reveal()).toBe('new');
    expect((await secret.renewed()).reveal()).toBe('new');
    expect(place.asked).toBe(1);
  });

  it('is not asked for at each further refusal while it stays the same', async () => {
    const { place, secret } = origin('after a refusal');
    for (let device = 0; device < 20; device += 1) {
      secret.refused();
      await secret.renewed();
    }
    expect(place.asked).toBe(1);
    place.nowMs += 10 * MINUTE_MS;
    await secret.renewed();
    expect(place.asked).toBe(1);
    secret.refused();
    await secret.renewed();
    expect(place.asked).toBe(2);
  });

  it('is asked for at once when the new one is refused too', async () => {
    const { place, secret } = origin('after a refusal');
    place.holds = right('second');
    secret.refused();
    const second = await secret.renewed();
    place.holds = right('third');
    second.refused();
    expect((await second.renewed()).reveal()).toBe('third');
  });

  it('is not asked for because of a refusal of one that was replaced meanwhile', async () => {
    const { place, secret } = origin('after a refusal');
    place.holds = right('new');
    secret.refused();
    const fresh = await secret.renewed();
    secret.refused();
    await fresh.renewed();
    expect(place.asked).toBe(1);
  });

  it('is asked for again a minute after the program failed', async () => {
    const { place, secret } = origin('after a refusal');
    place.holds = wrong('"vault" ended with status 2');
    secret.refused();
    expect(await secret.renewed()).toBe(secret);
    expect(await secret.renewed()).toBe(secret);
    expect(place.asked).toBe(1);
    place.nowMs += MINUTE_MS;
    place.holds = right('new');
    expect((await secret.renewed()).reveal()).toBe('new');
  });
});
