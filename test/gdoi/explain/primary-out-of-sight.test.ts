/** A KS that the agent does not see may be the primary: that nobody is primary is said only where that is known. */
import { describe, expect, test } from 'vitest';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { Fleet, START } from '../../builders/fleet-group.ts';
import { FIRST, firstKs, member, SECOND, secondKs, silent } from './members.ts';

const causes = (view: ReturnType<Fleet['see']>) =>
  view.explanations.map(({ cause, phase, status }) => `${cause} ${phase} ${status}`);
const role = (view: ReturnType<Fleet['see']>, second: number) =>
  groupHealth(view, () => undefined, START + second * 1000).checks.find(({ name }) => name === 'coop_role');

describe('a primary that answers the agent no more', () => {
  test.each([
    ['refuses the credential', 'auth', ['login_refused present warning']],
    ['waits in quarantine', 'quarantined', ['login_refused present warning']],
    ['has another host key', 'host_key', ['login_refused present critical']],
    ['does not let the agent run its command', 'command', ['ks_out_of_sight present warning']],
  ])('and %s is not missed as primary', (_why, result, expected) => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), secondKs(0), member(1, 0));
    fleet.see(silent(firstKs(0), 60, { result }));
    for (const second of [120, 240, 360]) {
      const view = fleet.see(secondKs(second), member(1, second));
      expect(causes(view)).toEqual(expected);
      expect(role(view, second)).toMatchObject({ status: 'unknown' });
    }
  });

  test('and was secondary when it was seen last may have taken over', () => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), secondKs(0), member(1, 0));
    fleet.see(silent(secondKs(0), 60, { result: 'auth' }));
    // The primary restarted and came back as the secondary.
    for (const second of [300, 420, 540]) {
      const view = fleet.see(firstKs(second, { role: 'secondary' }), member(1, second));
      expect(causes(view)).toEqual(['login_refused present warning']);
      expect(role(view, second)).toMatchObject({ status: 'unknown' });
    }
  });

  test.each([
    ['and has shown nothing since the agent started', null],
    ['and was secondary when it was seen last', 'secondary'],
  ] as const)('%s is not missed as primary while its peer hears it', (_when, known) => {
    const fleet = new Fleet();
    if (known !== null) fleet.see(secondKs(0), member(1, 0));
    const unread = (facts: MemberFacts): MemberFacts => ({ ...facts, ks: null, named: 'ks', host: SECOND });
    const shown = (facts: MemberFacts) => (known === null ? unread(facts) : facts);
    fleet.see(shown(silent(secondKs(0), 30)), member(1, 60, { keyServer: SECOND }));
    for (const second of [120, 240, 360]) {
      const other = firstKs(second, { role: 'secondary' });
      const tried = silent(secondKs(0), 30, { lastMs: START + second * 1000 });
      const view = fleet.see(other, shown(tried), member(1, second, { keyServer: SECOND }));
      expect(causes(view).filter((each) => each.startsWith('no_primary'))).toEqual([]);
      expect(causes(view).at(-1)).toMatch(/^ks_out_of_sight/u);
      expect(groupHealth(view, () => undefined, START + second * 1000).status).toBe('warning');
    }
  });

  test('and is dead for its peer is missed as primary', () => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), secondKs(0), member(1, 0));
    fleet.see(silent(firstKs(0), 60));
    fleet.see(secondKs(120, { peers: { [FIRST]: 'Dead' } }), member(1, 120));
    const view = fleet.see(secondKs(240, { peers: { [FIRST]: 'Dead' } }), member(1, 240));
    expect(causes(view)).toEqual(['no_primary present critical']);
    expect(role(view, 240)).toMatchObject({ status: 'critical', detail: 'no primary: ks2 is secondary' });
  });
});
