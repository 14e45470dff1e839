/** Leave to try a credential: what is logged of a quarantine says who goes on, whichever way the devices are asked. */
import { describe, expect, test } from 'vitest';
import { CredentialAdmission } from '../../src/access/credential-admission.ts';
import type { AttemptOutcome } from '../../src/access/credential-quarantine.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { never } from './access-under-test.ts';

const PASSWORD = new Secret('admitted-s3cr3t');
const STOP = { signal: never };

function admissionOf(way: 'ssh' | 'snmp' | 'restconf') {
  const logger = new MemoryLogger();
  const admission = new CredentialAdmission(way, { clock: new FakeClock(), logger });
  const use = (device: string) => ({ credentialName: 'main', secrets: [PASSWORD], device });
  /** What kept it from a try, or how the try went. */
  const tries = async (device: string, outcome: AttemptOutcome) => {
    const refusal = await admission.admit(use(device), STOP);
    if (refusal !== null) return refusal.kind;
    await admission.ended(use(device), outcome);
    return outcome;
  };
  return { admission, logger, use, tries };
}

describe.each(['ssh', 'snmp', 'restconf'] as const)('a quarantine of a credential of %s', (way) => {
  test('is logged once, with who goes on: the devices that accepted it', async () => {
    const { logger, tries } = admissionOf(way);
    await tries('old', 'accepted');
    for (const device of ['a', 'b', 'c', 'd']) await tries(device, 'refused');
    expect(await tries('old', 'accepted')).toBe('accepted');
    expect(logger.lines('error')).toEqual([{ way, credential: 'main', device: 'c' }]);
    expect(logger.messages('error')).toEqual([
      'credential quarantined: several devices in a row refused it; only devices that accepted it are asked until a probe succeeds or its secret changes',
    ]);
  });

  test('by devices that had accepted it says that all wait', async () => {
    const { logger, tries } = admissionOf(way);
    const changed = ['a', 'b', 'c'];
    for (const device of ['old', ...changed]) await tries(device, 'accepted');
    for (const device of changed) await tries(device, 'refused');
    expect(await tries('old', 'accepted')).toBe('quarantined');
    expect(logger.messages('error')).toEqual([
      'credential quarantined: several devices in a row refused it that had accepted it; all devices wait until a probe succeeds or its secret changes',
    ]);
  });
});

test('what a try needs is given back while the tries of others are waited for', async () => {
  const { admission, use, tries } = admissionOf('ssh');
  const others = ['a', 'b', 'c'];
  for (const device of others) await admission.admit(use(device), STOP);
  const steps: string[] = [];
  const admitted = admission.admit(use('d'), STOP, {
    take: async () => void steps.push('take'),
    giveBack: () => void steps.push('give back'),
  });
  await expect.poll(() => steps).toEqual(['take', 'give back']);
  await admission.ended(use('a'), 'accepted');
  expect(await admitted).toBeNull();
  expect(steps).toEqual(['take', 'give back', 'take']);
  expect(await tries('a', 'accepted')).toBe('accepted');
});
