/** The product with devices from a list, which somebody cuts short. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startProduct } from '../../src/product/product.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE } from '../builders/patience.ts';
import { Gdoiwatch } from '../e2e/gdoiwatch.ts';

async function productWith(directory: string, pattern: string, logger: MemoryLogger) {
  const file = join(directory, 'gdoiwatch.yml');
  const targets = `targets: { file_sd: ["${pattern}"] }`;
  await writeFile(file, `listen: 127.0.0.1:0\ncredentials: { main: { username: u, password_env: P } }\n${targets}\n`);
  const loaded = await loadConfig(file, { env: { P: 'correct horse' } });
  if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded.findings));
  const { config } = loaded;
  return startProduct({ config, clock: createSystemClock(), logger, reread: () => Promise.resolve(config) });
}

test('a list that drops more than half of the devices changes nothing, and is reported; one that drops fewer counts', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-lost-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const list = join(directory, 'targets.json');
  const holds = async (...targets: readonly string[]) => {
    await writeFile(`${list}.new`, JSON.stringify([{ targets }]));
    await rename(`${list}.new`, list);
  };
  await holds('192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4');
  const logger = new MemoryLogger();
  await using product = await productWith(directory, 'targets.json', logger);
  const devices = () => [...product.agent.readModel.devices()].map(({ device }) => device);
  expect(devices()).toHaveLength(4);

  await holds('192.0.2.1');
  await vi.waitUntil(() => logger.messages('error').length > 0, PATIENCE);
  expect(logger.lines('error')).toMatchObject([{ code: 'reload_refused', reason: expect.stringMatching(/^3 of 4/) }]);
  expect(devices()).toHaveLength(4);
  const told = async (path: string) => (await fetch(`${product.url}${path}`)).text();
  expect(JSON.parse(await told('/page/agent'))).toMatchObject({
    doubts: [expect.stringMatching(/^targets: the last lists are not used: 3 of 4 devices would be removed; if that/)],
  });
  expect(await told('/metrics')).toContain('gdoi_targets 4\n');
  await holds();
  await vi.waitUntil(() => logger.messages('error').length > 1, PATIENCE);
  const [doubt, refused, ...more] = JSON.parse(await told('/page/agent')).doubts;
  expect([doubt, refused, more]).toEqual([
    `${list}: has no target`,
    expect.stringMatching(/^targets: the last lists are not used: 4 of 4 devices/),
    [],
  ]);
  // Whoever reads the configuration again without meaning it changes nothing.
  expect(await product.reload()).toMatchObject({ ok: false });
  expect(JSON.parse(await told('/page/agent')).doubts).toEqual([doubt, refused]);

  await holds('192.0.2.1', '192.0.2.2');
  await vi.waitUntil(() => devices().length === 2, PATIENCE);
  expect(logger.messages('error')).toHaveLength(3);
  expect(JSON.parse(await told('/page/agent'))).toMatchObject({ doubts: [] });
});

test('a pattern that no file matches is said by metrics, page and status, until a file is there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-lost-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await using product = await productWith(directory, '*.json', new MemoryLogger());
  const told = async (path: string) => (await fetch(`${product.url}${path}`)).text();
  const status = async () => {
    await using command = new Gdoiwatch(['status', '--agent', product.url], {});
    return (await command.finished).stdout;
  };
  const pattern = join(directory, '*.json');
  const none = 'devices: there are none: nothing is polled';
  const doubt = `targets of ${pattern}: no file matches`;
  expect(JSON.parse(await told('/page/agent'))).toMatchObject({ doubts: [doubt, none], more_doubts: 0 });
  expect(await status()).toContain(
    `0 devices: none (agent ${product.url})\nnot as configured: ${doubt}\nnot as configured: ${none}\n`,
  );
  const metrics = await told('/metrics');
  expect(metrics).toContain(`gdoi_target_source_up{source="${pattern}"} 0\n`);
  expect(metrics).toContain('gdoi_inventory_devices 0\n');

  await writeFile(join(directory, 'a.json'), '[{"targets": ["192.0.2.1"]}]');
  await vi.waitUntil(async () => (await told('/metrics')).includes('gdoi_inventory_devices 1\n'), PATIENCE);
  expect(JSON.parse(await told('/page/agent'))).toMatchObject({ doubts: [] });
  expect(await told('/metrics')).not.toContain(pattern);
});
