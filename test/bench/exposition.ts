/**
 * `/metrics` at 10,000 GMs x 37 series: writing the exposition against writing the same lines from names, labels and
 * values in one plain loop, the longest time the event loop was blocked, and preparing a device's samples.
 */
import { performance } from 'node:perf_hooks';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { inTurns } from '../../src/http/routes/in-turns.ts';
import { aReport, facts, viewAfter } from '../builders/view-builder.ts';
import { type BenchRow, median } from './bench-row.ts';
import { aGm, aKek, aTek, rekeysReceived } from '../builders/snapshots.ts';

const DEVICES = 10_000;
const ROUNDS = 9;

export async function benchExposition(): Promise<BenchRow[]> {
  const gm = aGm({
    address: '10.1.13.2',
    keyServer: '10.1.11.2',
    reregistersInSeconds: 810,
    registrations: { succeeded: 1, attempted: 1 },
    rekeys: rekeysReceived(7, { lastSequence: 0, lastAgeSeconds: 40 }),
    kek: aKek(5600),
    teks: [aTek(2228, { interface: 'GigabitEthernet0/0/1', spi: null })],
  });
  const view = viewAfter(aReport({ 'show version': facts(), 'show crypto gdoi': [gm] }));
  const lines = new PreparedLines(() => undefined);
  const views = Array.from({ length: DEVICES }, (_, n) => ({
    ...view,
    device: `gm-site-${n}`,
    host: `10.0.${n >> 8}.${n & 255}`,
  }));

  const preparedAt = performance.now();
  for (const each of views) lines.update(each.device, each);
  const prepareUs = ((performance.now() - preparedAt) * 1000) / DEVICES;

  const text = [...lines.chunks()].join('');
  const samples = Array.from(text.matchAll(/^(\w+\{)(.*)\} (\S+)$/gm), ([, start = '', labels = '', value]) => ({
    start,
    labels,
    value: Number(value),
  }));

  const rendered: number[] = [];
  const bare: number[] = [];
  const blocked: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let octets = 0;
    const started = performance.now();
    let turnStarted = started;
    let longest = 0;
    const turns = {
      monoMs: () => performance.now(),
      yieldToIo: async () => {
        longest = Math.max(longest, performance.now() - turnStarted);
        await new Promise((resolve) => setImmediate(resolve));
        turnStarted = performance.now();
      },
    };
    for await (const piece of inTurns(lines.chunks(), turns)) octets += piece.length;
    longest = Math.max(longest, performance.now() - turnStarted);
    rendered.push(performance.now() - started);
    if (octets !== Buffer.byteLength(text)) throw new Error('the exposition is not whole');
    blocked.push(longest);
    const bareStarted = performance.now();
    let all = '';
    for (const { start, labels, value } of samples) all += `${start}${labels}} ${value}\n`;
    Buffer.from(all);
    bare.push(performance.now() - bareStarted);
  }
  const ratio = median(rendered) / median(bare);
  return [
    {
      name: `/metrics, ${DEVICES} GMs, ${samples.length} series`,
      unit: 'ms',
      measured: median(rendered),
      bare: median(bare),
      ratio,
      budget: 2,
    },
    {
      name: '/metrics, event loop blocked at most',
      unit: 'ms',
      measured: Math.max(...blocked),
      bare: 50,
      ratio: Math.max(...blocked) / 50,
      budget: 1,
    },
    {
      name: 'prepare the samples of one device (no bare part)',
      unit: 'us',
      measured: prepareUs,
      bare: null,
      ratio: null,
      budget: null,
    },
  ];
}
