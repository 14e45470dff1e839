/**
 * Recorded timelines of things that went wrong in the field, where they lie beside the project: what a replay says of
 * each. The kinds have their own tests in `test/gdoi/tracker`; here the whole way is walked, from the recorded line.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Replay } from '../../../src/agent/record/replay.ts';
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';

const FIELD = new URL('../../../../shared/field/', import.meta.url);

function replayed(name: string): readonly GdoiEvent[] {
  const replay = new Replay();
  const lines = readFileSync(new URL(`${name}.txt`, FIELD), 'utf8')
    .split('\n')
    .filter(Boolean);
  const events = lines.flatMap((line) => {
    const step = replay.line(line);
    return step.kind === 'events' ? step.events : [];
  });
  return [...events, ...replay.end()];
}

/** File -> type of the event that tells it, and what its words must hold. */
const SAID = [
  [
    'rekey-failure-evidence-lost',
    'reregistration',
    { cause: 'kek_missed_rekey' },
    /GDOI_REKEY_FAILURE at .*00:00:30[\s\S]*RSA/iu,
  ],
  ['registered-gm-failing-attempts-says-none', 'registration_failed', { severity: 'warning' }, /attempts failed/u],
  ['registered-without-tek-no-event', 'tek_missing', { severity: 'critical' }, /no TEK/u],
  [
    'interface-flap-cause-unknown',
    'reregistration',
    { cause: 'interface' },
    /LINEPROTO-5-UPDOWN GigabitEthernet0\/0\/0 down .*00:00:30.* up .*00:00:45/u,
  ],
  [
    'recovery-registration-told-as-failover',
    'reregistration',
    { cause: 'recovery', severity: 'warning' },
    /RECVD_PKT_INV_SPI[\s\S]*GM_RECOVERY_REGISTER/u,
  ],
  [
    'ks-log-reason-not-told',
    'registration_failed',
    { severity: 'critical' },
    /ks1 log: UNAUTHORIZED_IPADDR[\s\S]*On ks1, .*authorization list/u,
  ],
  [
    'tbar-drops-no-event-no-check',
    'replay_errors',
    { severity: 'critical' },
    /Input Error Packets 0 -> 50411[\s\S]*TIMEBASED_REPLAY_FAILED/u,
  ],
] as const;

describe.skipIf(!existsSync(FIELD))('a timeline from the field', () => {
  test.each(SAID)('%s', (name, type, fields, words) => {
    const event = replayed(name).find((each) => each.type === type);
    expect(event).toMatchObject(fields);
    expect([event?.summary, ...(event?.evidence ?? []), event?.action].join('\n')).toMatch(words);
  });
});
