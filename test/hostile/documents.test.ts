/**
 * What a device shows over RESTCONF may hold anything, with any time of its own beside it: the agent goes on without a
 * fault of ours, and what it knows then can be asked for, scraped, stored and recorded.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { parseJson } from '../../src/kernel/parse-json.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { eventDocument } from '../../src/gdoi/events/event-document.ts';
import { hostility, madeHostile } from '../builders/hostile-values.ts';
import { type SimulatedAgent, simulatedAgent } from '../builders/simulated-agent.ts';
import { serve } from '../http/served.ts';

const MINUTE_MS = 60_000;
/** What a device may say that the time is. */
const hostileDate = fc.constantFrom(null, 0, Date.UTC(1993, 2, 1), Date.UTC(2099, 0, 1), Date.UTC(9999, 11, 31));

/** Every document of the API and every line of the exposition; what failed. */
async function failuresOf({ agent, clock }: SimulatedAgent): Promise<readonly string[]> {
  await using served = await serve({ fleet: agent.readModel, clock });
  const devices = Array.from(agent.readModel.devices(), ({ device }) => device);
  const groups = [...new Set(Array.from(agent.readModel.groups(), ({ group }) => group))].slice(0, 20);
  const paths = [
    '/api/v1/devices',
    '/api/v1/groups',
    ...devices.flatMap((name) => [`/api/v1/devices/${name}`, `/api/v1/devices/${name}/health`]),
    ...groups.map((name) => `/api/v1/groups/${encodeURIComponent(name)}`),
  ];
  const failed: string[] = [];
  for (const path of paths) {
    const { status } = await served.get(path);
    if (status >= 500) failed.push(`${path}: ${status} ${JSON.stringify(served.logger.lines('error'))}`);
  }
  const lines = new PreparedLines((group, cell) => agent.readModel.group(group, cell));
  for (const view of agent.readModel.devices()) lines.update(view.device, view);
  const text = [...lines.chunks(), groupMetrics(agent.readModel)].join('');
  if (!text.includes('gdoi_device_up')) failed.push('no exposition');
  return failed;
}

test('hostile documents, and hostile clocks beside them, are no fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(hostility, { minLength: 1, maxLength: 3 }),
      fc.array(hostileDate, { minLength: 2, maxLength: 3 }),
      async (hostile, dates) => {
        await using it = await simulatedAgent({
          scenario: 'demo',
          pollInterval: '60s',
          gms: 4,
          kss: 1,
          transport: 'restconf',
          record: true,
        });
        let asked = 0;
        it.restconf.amend = (_device, _path, body) => {
          asked += 1;
          const values = hostile[asked % (hostile.length + 1)];
          // As the connection reads it.
          return values === undefined ? body : parseJson(JSON.stringify(madeHostile(body, values)));
        };
        it.agent.start();
        for (const date of dates) {
          it.restconf.dateOf = date === 0 ? null : () => date;
          await it.clock.advance(2 * MINUTE_MS);
        }
        expect(it.logger.lines('error')).toEqual([]);
        expect(await failuresOf(it)).toEqual([]);
        expect(() => it.events.map((event) => eventDocument(event, null))).not.toThrow();
      },
    ),
    { numRuns: 4 },
  );
});
