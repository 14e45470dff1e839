/** Ten minutes of siege, printed as tried, survived, lost: `npm run bench:siege [MINUTES]`. */
import { join } from 'node:path';
import { siege, siegeText } from '../hostile/siege.ts';

const minutes = Number(process.argv[2] ?? 10);
const outcome = await siege(minutes * 60_000, join(process.cwd(), 'dist', 'cli', 'main.js'));
process.stdout.write(`${minutes} minutes of siege\n${siegeText(outcome)}\n`);
