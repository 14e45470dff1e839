/**
 * `npm run bench:cluster -- [FAULTS [MAIN]]`: the campaign of faults against real agents and a real PostgreSQL, 500
 * unless told. `MAIN`: the command's file of another build, of which the first agent is.
 */
import { join } from 'node:path';
import { ClusterCampaign, type Fault, FAULTS } from '../e2e/cluster-campaign.ts';

const count = Number(process.argv[2] ?? 500);
const first = process.argv[3];
await using campaign = await ClusterCampaign.start({
  main: join(process.cwd(), 'dist', 'cli', 'main.js'),
  ...(first === undefined ? {} : { first }),
});
for (let number = 0; number < count; number += 1) {
  await campaign.fault(FAULTS[number % FAULTS.length] ?? 'kill');
  if (number % 25 === 24) console.log(`${number + 1} faults`);
}
const {
  registrations,
  kept,
  doubled,
  astray,
  toldTwice,
  ownedTwice,
  looks,
  heldTwice,
  heldByStarved,
  heldMost,
  takeoverMs,
} = await campaign.figures();
const ofFault = (fault: Fault) => takeoverMs.filter(([of]) => of === fault).map(([, ms]) => ms / 1000);
console.log(
  `registrations ${registrations}, kept ${kept}, doubled ${doubled}, told twice ${toldTwice}, owned twice ${ownedTwice}`,
);
console.log(
  `of ${looks} looks at all connections (up to ${heldMost}), ${heldTwice.length} showed two agents with one to the same device, ${heldByStarved.length} where an agent, the routers or the look waited for a processor`,
);
for (const each of astray) console.log(each);
for (const held of [...heldTwice, ...heldByStarved]) console.log(JSON.stringify(held));
for (const fault of FAULTS) {
  const seconds = ofFault(fault).toSorted((a, b) => a - b);
  const at = (share: number) => seconds[Math.floor(share * (seconds.length - 1))]?.toFixed(1) ?? '';
  console.log(`${fault}: ${seconds.length}, polled again after ${at(0.5)} s (median), ${at(1)} s (longest)`);
}
