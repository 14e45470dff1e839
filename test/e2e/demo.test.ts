import { expect, test } from 'vitest';
import { Gdoiwatch } from './gdoiwatch.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

test('the demo shows progress, prints where to look, and serves what its fleet shows', async () => {
  await using demo = new Gdoiwatch(['demo', '--listen', '127.0.0.1:0']);
  const [, url] = await demo.printed(/is running: (http\S+)/);
  expect(demo.stderr).toMatch(/polled \d+ of \d+ devices/);
  const exposition = await (await fetch(`${url}metrics`)).text();
  const up = exposition.split('\n').filter((line) => line.startsWith('gdoi_device_up{'));
  expect(up.length).toBeGreaterThan(8);
  expect(up.filter((line) => line.endsWith(' 1')).length).toBeGreaterThan(8);
  expect(await (await fetch(url!)).text()).toContain('<title>gdoiwatch</title>');
  demo.signal('SIGINT');
  expect((await demo.finished).status).toBe(0);
});

test('at --speed the devices and the agent share one fast clock', async () => {
  const small = ['--scenario', 'healthy', '--gms', '1', '--kss', '1'];
  await using demo = new Gdoiwatch(['demo', '--listen', '127.0.0.1:0', ...small, '--speed', '60']);
  const [, url] = await demo.printed(/is running: (http\S+)/);
  const rekeys = async () => {
    const exposition = await (await fetch(`${url}metrics`)).text();
    return Number(/^gdoi_gm_rekeys_received_total\{device="gm1".*\} (\d+)$/m.exec(exposition)?.[1]);
  };
  const before = await rekeys();
  // TEKs of ten minutes are renewed within ten seconds.
  await expect.poll(rekeys, PATIENCE_WITH_PROCESSES).toBeGreaterThan(before);
});
