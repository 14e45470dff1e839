/** Ten minutes of siege, printed as tried, survived, lost: `npm run bench:siege [MINUTES]`. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { siege, siegeText } from '../hostile/siege.ts';

const minutes = Number(process.argv[2] ?? 10);
const outcome = await siege(
  { hostileRouters: 200, durationMs: minutes * 60_000, goodPolls: 1 },
  {
    main: join(process.cwd(), 'dist', 'cli', 'main.js'),
    hostileFleet: fileURLToPath(new URL('../hostile/hostile-fleet.js', import.meta.url)),
  },
);
process.stdout.write(`${minutes} minutes of siege\n${siegeText(outcome)}\n`);
