import { expect, test } from 'vitest';
import { healthText, pluginLine } from '../../src/cli/text/health-text.ts';
import type { Explanation } from '../../src/gdoi/explain/explanation.ts';
import { deviceHealth } from '../../src/gdoi/health/health.ts';
import { healthDocument } from '../../src/gdoi/health/health-document.ts';
import { device, type DeviceOptions, fleet, NOW } from '../builders/health-builders.ts';
import { aKek } from '../builders/snapshots.ts';

const KS_DOWN: Explanation = {
  cause: 'ks_down',
  phase: 'present',
  status: 'critical',
  sinceMs: NOW - 60_000,
  summary: 'KS ks1, the only KS, has not answered since 02:59:00 UTC',
  consequence: { what: 'traffic of 4 GMs stops, of gm1 first', unless: 'it comes back before' },
  deadlineMs: NOW + 130_000,
  confidence: 'certain',
  knownAtMs: null,
  firstStep: 'Is the KS up?',
  scope: ['gm1', 'ks1'],
  evidence: ['ks1: timeout 3 times in a row'],
  explains: [{ check: 'registered', devices: ['gm1'] }],
};

function documentOf(options: DeviceOptions = {}, explanations: readonly Explanation[] = []) {
  return healthDocument(deviceHealth(device(options), () => fleet({ explanations }), NOW));
}

test('a problem has its cause, its consequence and deadline, and the first step', () => {
  const text = healthText(documentOf({ gm: { registered: false, status: 'Registering' } }, [KS_DOWN]), NOW);
  expect(text).toContain('CRITICAL  gm1: not registered (Registering)');
  expect(text).toContain(KS_DOWN.summary);
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'follows in 2 min 10 s: traffic of 4 GMs stops, of gm1 first, unless it comes back before',
  );
  expect(text).toContain('evidence    ks1: timeout 3 times in a row');
  expect(text).toContain('first step  Is the KS up?');
  expect(text.replaceAll(/\s+/g, ' ')).toContain('(explained by ks_down)');
});

test('what is not yet clear says when it will be', () => {
  const unclear = { ...KS_DOWN, phase: 'unclear', status: 'warning', knownAtMs: NOW + 40_000 } as const;
  expect(healthText(documentOf({}, [unclear]), NOW)).toContain('unclear     not yet decided; known in 40 s');
});

test('performance data follow the plugins’ rules: units, and a range of what is well', () => {
  const line = pluginLine(documentOf({ gm: { kek: aKek(5000) } }));
  expect(line).toContain("'kek_remaining'=4990s;235:");
  expect(line).toContain("'tek_remaining'=1990s;60:");
  expect(line).toContain("'fresh'=10s;180");
  expect(line).toContain("'rekeys_acknowledged'=0;0");
});

test('what comes next of a device that gave no answer is dated by the clock: there is no answer to count from', () => {
  const health = { ...documentOf(), observed_at: null, age_seconds: null };
  const next = (unobserved?: string) =>
    /next .*/u.exec(healthText(health, NOW, unobserved === undefined ? {} : { unobserved }))?.[0];
  expect(next()).toMatch(/, in \d+ s \(20/u);
  expect(next()).not.toContain('this answer');
  expect(next('when the text does not say')).toMatch(/, \d+ s after this answer$/u);
});
