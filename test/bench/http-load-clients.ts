/**
 * The clients of the `http` benchmark, in a process of their own: event streams that stay open, and a page and a script
 * that ask again and again. Arguments: URL, streams. Prints `open` when all streams are, ends with its standard input.
 */
import { get } from 'node:http';

const [base = '', streams = '0'] = process.argv.slice(2);

function request(path: string, keepOpen: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${base}${path}`, { agent: false }, (response) => {
      response.on('error', () => undefined);
      response.resume();
      if (keepOpen) response.once('data', () => resolve());
      else response.once('end', resolve);
    }).on('error', reject);
  });
}

process.stdin.resume().on('end', () => process.exit(0));
for (let n = 0; n < Number(streams); n += 50) {
  await Promise.all(Array.from({ length: 50 }, () => request('/api/v1/events/stream', true)));
}
console.log('open');
const paths = ['/', '/api/v1/devices?sort=status', '/api/v1/groups', '/api/v1/devices?limit=1000', '/metrics'];
for (let n = 0; ; n += 1) {
  await request(paths[n % paths.length] ?? '/', false).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 200));
}
