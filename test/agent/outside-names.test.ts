/**
 * Names that every object already answers to, wherever a name can come from: nothing throws, and nothing is mixed up.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Replay } from '../../src/agent/record/replay.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { anyName, INHERITED_NAMES } from '../builders/hostile-names.ts';
import { showCryptoGdoi } from '../builders/shown-gdoi.ts';

const T0 = 1_800_000_000;
/** As IOS prints a name: no blanks. */
const printed = anyName.map((name) => name.replace(/\s/g, '_'));

const line = (seconds: number, device: string, seen: object) => JSON.stringify({ at: T0 + seconds, device, ...seen });
const gmAnswer = (group: string, succeeded: number) => ({
  command: 'show crypto gdoi',
  output: showCryptoGdoi({ group, succeeded }),
});
const membersAnswer = (group: string, member: string) => ({
  command: 'show crypto gdoi ks members',
  output: `Group Member Information :\n\nNumber of rekeys sent for group ${group} : 3\n\nGroup Member ID    : ${member}\n Group ID          : 4711\n Group Name        : ${group}\n Key Server ID     : 192.0.2.1\n Rekeys sent       : 3\n`,
});
const trap = (name: string) => ({
  snmp: {
    '1.3.6.1.6.3.1.1.4.1.0': '.1.3.6.1.4.1.9.9.759.0.6',
    '1.3.6.1.4.1.9.9.759.1.1.1.1.3.4.3.1.2.3': name,
    [`1.3.6.1.4.1.9.9.759.1.1.1.1.3.4.${name.length}`]: name,
  },
});
const log = (group: string) => ({
  syslog: `<189>45: r1: Jan 15 08:00:30.123 UTC: %GDOI-5-GM_REGS_COMPL: Registration to KS 192.0.2.1 complete for group ${group} using address 198.51.100.1`,
});

test('in a recording: devices, groups, members, messages and traps', () => {
  fc.assert(
    fc.property(anyName, printed, printed, (device, group, member) => {
      const replay = new Replay();
      const events = [
        line(0, device, gmAnswer(group, 1)),
        line(10, device, log(group)),
        line(20, device, trap(group)),
        line(30, device, membersAnswer(group, member)),
        line(60, device, gmAnswer(group, 2)),
        line(120, device, { error: member }),
        line(180, device, gmAnswer(group, 3)),
      ].flatMap((text) => {
        const step = replay.line(text);
        return step.kind === 'events' ? step.events : [];
      });
      for (const event of [...events, ...replay.end()])
        expect(event.device === device || event.device === null).toBe(true);
    }),
  );
});

test('a re-registration is found in a group of any name', () => {
  for (const name of INHERITED_NAMES) {
    const replay = new Replay();
    const steps = [1, 1, 2, 2].map((succeeded, index) =>
      replay.line(line(60 * index, name, gmAnswer(name, succeeded))),
    );
    const events = [...steps.flatMap((step) => (step.kind === 'events' ? step.events : [])), ...replay.end()];
    expect(events.filter(({ type }) => type === 'reregistration')).toMatchObject([{ device: name, group: name }]);
  }
});

test('in a configuration: devices, labels, credentials and variables', async () => {
  const bytes = (text: string) => ({ bytes: new TextEncoder().encode(text), mode: 0o100600 });
  await fc.assert(
    fc.asyncProperty(anyName, anyName, anyName, anyName, async (device, label, credential, variable) => {
      const config = {
        credentials: { [credential]: { username: 'monitor', password_env: variable } },
        devices: [{ name: device, host: '192.0.2.1', credentials: credential, labels: { [label]: 'x' } }],
      };
      const loaded = await loadConfig('test.yml', {
        env: {},
        readFile: async () => bytes(JSON.stringify(config)),
      });
      // Nobody set the variable, so it is refused at the latest for that: an inherited function is no secret.
      expect(loaded.kind).toBe('invalid');
    }),
  );
});
