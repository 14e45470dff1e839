/** The verdict over a capture: that of `check`, from what the text holds. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { healthText } from '../../src/cli/text/health-text.ts';
import { verdictsOf } from '../../src/cli/text/parse-verdict.ts';
import { parseCapturedText } from '../../src/ios/captured-text.ts';

const goldens = join(dirname(fileURLToPath(import.meta.url)), '../ios/goldens');
const NOW_MS = Date.UTC(2026, 0, 1);

function golden(name: string): string {
  return readFileSync(join(goldens, name), 'utf8');
}

function verdicts(text: string) {
  const answers = parseCapturedText(text).filter((result) => result.kind === 'parsed');
  return [...verdictsOf(answers, NOW_MS)].map(([answer, health]) => ({ last: answer.command, health }));
}

describe('the verdict over a capture', () => {
  it('of a registered GM is ok, and has the time of its last answer', () => {
    const text = `${golden('show-crypto-gdoi/xe17-unicast-two-teks.txt')}\nbranch-7#show clock\n10:00:00.000 UTC Mon Jan 1 2024\nbranch-7#\n`;
    expect(verdicts(text)).toMatchObject([
      { last: 'show clock', health: { device: 'branch-7', status: 'ok', observed_at: '2024-01-01T10:00:00Z' } },
    ]);
  });

  it('has no instant if the text has no clock, and does not check polling', () => {
    const [verdict] = verdicts(golden('show-crypto-gdoi/xe17-unicast-two-teks.txt'));
    expect(verdict?.health).toMatchObject({ observed_at: null, age_seconds: null });
    expect(verdict?.health.checks.map(({ name }) => name)).not.toContain('reachable');
  });

  it('without a date gives no instant, no hour before it, and nothing about decisions to come', () => {
    const registering = golden('show-crypto-gdoi/xe17-unicast-two-teks.txt').replace(/: Registered\b/, ': Registering');
    const [undated] = verdicts(registering);
    expect(undated?.health).toMatchObject({ status: 'critical', explanations: [] });
    expect(undated?.health.summary).toContain('not registered (Registering)');
    expect(undated?.health.summary).not.toMatch(/\d\d:\d\d:\d\d/);
    expect(undated?.health.checks.find(({ name }) => name === 'reregistrations')).toMatchObject({ status: 'unknown' });
    const shown = healthText(undated!.health, NOW_MS, { unobserved: 'when the text does not say' });
    expect(shown).not.toMatch(/\d\d:\d\d:\d\d/);
    expect(shown).toMatch(/next .*, \d+ s after this answer/);
  });

  it('of a GM that is not registered is the same with a date: no later look will decide what is not yet clear', () => {
    const registering = golden('show-crypto-gdoi/xe17-unicast-two-teks.txt').replace(/: Registered\b/, ': Registering');
    const [dated] = verdicts(`${registering}\nbranch-7#show clock\n10:00:00.000 UTC Mon Jan 1 2024\nbranch-7#\n`);
    expect(dated?.health).toMatchObject({ status: 'critical', explanations: [] });
    expect(dated?.health.summary).toContain('not registered (Registering)');
  });

  it('of a GM whose status is no known word is not ok', () => {
    const [verdict] = verdicts(golden('show-crypto-gdoi/unknown-status-and-role.txt'));
    expect(verdict?.health.status).not.toBe('ok');
  });

  it('of a router that says nothing is configured is a warning', () => {
    expect(verdicts('R1#show crypto gdoi\n% GDOI is not configured\nR1#\n')).toMatchObject([
      { health: { device: 'R1', status: 'warning' } },
    ]);
  });

  it('of a text without any group is unknown, not ok', () => {
    expect(verdicts('R1#show clock\n10:00:00.000 UTC Mon Jan 1 2024\nR1#\n')).toMatchObject([
      { health: { status: 'unknown', summary: 'R1: the text shows no GDOI group' } },
    ]);
  });

  it('is one for each router', () => {
    const text = `${golden('show-crypto-gdoi/xe17-unicast-two-teks.txt')}\n${golden('show-crypto-gdoi/ks-time-to-rekey.txt')}`;
    expect(verdicts(text).map(({ health }) => health.device)).toEqual(['branch-7', 'ks-a']);
  });

  it('counts IKE that never comes up, errors of IPsec and an unsynchronised clock', () => {
    const text =
      'R1#show crypto isakmp sa\nIPv4 Crypto ISAKMP SA\ndst src state conn-id status\n192.0.2.1 192.0.2.9 MM_NO_STATE 0 ACTIVE (deleted)\nR1#show ntp status\nClock is unsynchronized, stratum 16, no reference clock\nR1#\n';
    const [verdict] = verdicts(text);
    expect(verdict?.health.status).toBe('warning');
    expect(verdict?.health.checks).toMatchObject([
      {},
      {},
      { name: 'ike', status: 'warning' },
      { name: 'time_source', status: 'warning' },
    ]);
    const [errors] = verdicts(golden('beside/ipsec-sa-with-errors.txt'));
    expect(errors?.health.checks).toContainEqual(
      expect.objectContaining({ name: 'ipsec', status: 'warning', value: 17 }),
    );
  });
});
