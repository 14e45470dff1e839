/** docker-compose.yml: the stack as it would start, as far as it can be told without a container. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readYaml, ROOT } from './repository.ts';

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
}

const [compose] = await readYaml<{ readonly services: Readonly<Record<string, Service>>; readonly volumes: object }>(
  'docker-compose.yml',
);
const services = Object.entries(compose?.services ?? {}).map(([name, service]) => ({ name, ...service }));

function dockerComposeMissing(): boolean {
  // Only where it is: to tell its version takes it half a second of CPU.
  const missing = spawnSync('sh', ['-c', 'command -v docker-compose']).status !== 0;
  if (missing && process.env['CI']) throw new Error('docker-compose is missing in CI');
  return missing;
}

const grafana = services.find(({ name }) => name === 'grafana');

describe('docker-compose.yml', () => {
  test('gives Grafana no administrator: a password in a file that everyone has protects nothing', () => {
    expect(grafana?.environment).toMatchObject({
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
      GF_AUTH_DISABLE_LOGIN_FORM: 'true',
    });
    expect(Object.keys(grafana?.environment ?? {}).filter((name) => /PASSWORD/.test(name))).toEqual([]);
  });

  test.skipIf(dockerComposeMissing())('is good to docker-compose, with every profile', () => {
    const { status, stderr } = spawnSync(
      'docker-compose',
      ['--profile', 'demo', '--profile', 'agent', '--profile', 'cluster', 'config', '-q'],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('publishes everything on loopback only', () => {
    const ports = services.flatMap(({ ports }) => ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('gives no container a writable root or a capability', () => {
    expect(services.filter(({ read_only, cap_drop }) => read_only !== true || cap_drop?.join() !== 'ALL')).toEqual([]);
  });

  test('mounts what is there, read-only, and volumes that it names', () => {
    const mounts = services.flatMap(({ volumes }) => volumes ?? []).map((volume) => volume.split(':'));
    const files = mounts.filter(([source]) => source?.startsWith('./'));
    expect(files.filter(([source = '', , mode]) => mode !== 'ro' || !existsSync(join(ROOT, source)))).toEqual([]);
    const volumes = mounts.filter((mount) => !files.includes(mount)).map(([source]) => source);
    expect([...new Set(volumes)]).toEqual(Object.keys(compose?.volumes ?? {}));
  });

  test('runs the demo or the agent under the name that Prometheus scrapes', async () => {
    const [prometheus] = await readYaml<{ scrape_configs: { static_configs: { targets: string[] }[] }[] }>(
      'deploy/prometheus/prometheus.yml',
    );
    expect(prometheus?.scrape_configs[0]?.static_configs[0]?.targets).toEqual(['agent:9848']);
    const agents = services.filter(({ networks }) => networks?.default.aliases.includes('agent'));
    expect(agents.map(({ profiles }) => profiles?.join())).toEqual(['demo', 'agent', 'cluster', 'cluster']);
  });

  test('runs two agents of one configuration on one PostgreSQL, whose password is a file', () => {
    const of = (profile: string) => services.filter(({ profiles }) => profiles?.includes(profile));
    const [postgres, ...agents] = of('cluster').toSorted((a, b) => (a.name < b.name ? 1 : -1));
    expect(postgres?.environment).toEqual({
      POSTGRES_INITDB_ARGS: '--auth-local=scram-sha-256',
      POSTGRES_USER: 'gdoiwatch',
      POSTGRES_PASSWORD_FILE: '/etc/gdoiwatch-secrets/pg-password',
    });
    expect(agents).toHaveLength(2);
    expect(new Set(agents.map(({ command, volumes }) => JSON.stringify({ command, volumes }))).size).toBe(1);
    // Neither keeps anything that the other one lacks.
    expect(agents.flatMap(({ volumes }) => volumes ?? []).filter((volume) => !volume.endsWith(':ro'))).toEqual([]);
  });

  test('shows the dashboards that Grafana is configured to load', async () => {
    const [provider] = await readYaml<{ providers: { options: { path: string } }[] }>(
      'deploy/grafana/provisioning/dashboards/gdoiwatch.yml',
    );
    expect(grafana?.volumes).toContain(`./dashboards/grafana/json:${provider?.providers[0]?.options.path}:ro`);
  });

  test('names the version of every image that it does not build', () => {
    const foreign = services.filter(({ image }) => image !== 'gdoiwatch').map(({ image }) => image);
    expect(foreign.filter((image) => !/^[\w/-]+:v?\d+\.\d+(?:\.\d+)?$/.test(image))).toEqual([]);
  });
});
