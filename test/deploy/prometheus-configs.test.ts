/** The Prometheus configurations that we hand out are good, to Prometheus's own eyes. */
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missing, RULES_FILE, run } from '../dashboards/promtool.ts';
import { readText, readYaml, ROOT, temporaryDirectory } from './repository.ts';

const configs = await readdir(join(ROOT, 'deploy/prometheus'));

test.skipIf(missing('promtool')).each(configs)('promtool takes %s', async (name) => {
  await using directory = await temporaryDirectory();
  await copyFile(RULES_FILE, join(directory.path, 'rules.yml'));
  await writeFile(join(directory.path, 'gdoiwatch-token'), 'token');
  await writeFile(join(directory.path, 'gdoiwatch-ca.pem'), '');
  const text = await readText(`deploy/prometheus/${name}`);
  const config = join(directory.path, name);
  await writeFile(config, text.replaceAll('/etc/prometheus/', `${directory.path}/`));
  const { status, output } = await run('promtool', ['check', 'config', config]);
  expect(output).toContain('is valid prometheus config file syntax');
  expect(status).toBe(0);
});

test('the probe job asks the agent of the plain job for each device', async () => {
  const [config] = await readYaml<{ scrape_configs: readonly Job[] }>('deploy/prometheus/probe.yml');
  const [plain, probe] = config?.scrape_configs ?? [];
  const agent = plain?.static_configs?.[0]?.targets[0];
  expect(probe).toMatchObject({ metrics_path: '/probe', http_sd_configs: [{ url: `http://${agent}/api/v1/sd` }] });
  expect(probe?.relabel_configs).toEqual([
    { source_labels: ['__address__'], target_label: '__param_target' },
    { source_labels: ['__param_target'], target_label: 'instance' },
    { target_label: '__address__', replacement: agent },
  ]);
});

interface Job {
  readonly static_configs?: readonly { readonly targets: readonly string[] }[];
  readonly relabel_configs?: readonly object[];
}
