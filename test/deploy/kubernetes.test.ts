/** The Kubernetes manifests: what belongs together fits, nothing runs with more rights than it needs. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CHART } from './helm.ts';
import { readYaml, ROOT } from './repository.ts';

const DIRECTORY = 'deploy/kubernetes';
const LABELS = { 'app.kubernetes.io/name': 'gdoiwatch' };

interface Port {
  readonly name: string;
  readonly containerPort: number;
}
interface Container {
  readonly ports: readonly Port[];
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [key: string]: unknown;
}
interface StatefulSet {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string; readonly [kind: string]: unknown }[];
        readonly [key: string]: unknown;
      };
    };
    readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
  };
}
interface Kustomization {
  readonly resources?: readonly string[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly files: readonly string[] }[];
}
interface Service {
  readonly metadata: { readonly name: string; readonly labels?: object };
  readonly spec: {
    readonly selector: object;
    readonly ports: readonly { readonly name: string; readonly targetPort: string }[];
  };
}

const only = async <Shape>(file: string) => {
  const [document] = await readYaml<Shape>(`${DIRECTORY}/${file}`);
  if (document === undefined) throw new Error(`${file} is empty`);
  return document;
};
const agent = await only<StatefulSet>('statefulset.yaml');
const pod = agent.spec.template.spec;
const [container] = pod.containers;
const services = await readYaml<Service>(`${DIRECTORY}/service.yaml`);

describe('the agent in Kubernetes', () => {
  test('is one, since SQLite has one writer', () => {
    expect(agent.spec.replicas).toBe(1);
  });

  test('is not root, and writes to its volume only', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container?.['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('is asked on its own port whether it is ready and alive', () => {
    const port = 'http';
    expect(container?.['readinessProbe']).toMatchObject({ httpGet: { path: '/-/ready', port } });
    expect(container?.['livenessProbe']).toMatchObject({ httpGet: { path: '/-/healthy', port } });
    expect(container?.ports.map(({ name }) => name)).toContain(port);
  });

  test('has a volume for every mount, and its configuration, secrets and store lie in them', async () => {
    const volumes = [
      ...pod.volumes.map(({ name }) => name),
      ...agent.spec.volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    expect(container?.volumeMounts.map(({ name }) => name)).toEqual(volumes);
    const paths = container?.volumeMounts.map(({ mountPath }) => mountPath) ?? [];
    const config = await readFile(join(ROOT, DIRECTORY, 'gdoiwatch.yml'), 'utf8');
    const named = [
      ...(container?.args.filter((arg) => arg.startsWith('/')) ?? []),
      ...(config.match(/(?<= )\/[\w./-]+/g) ?? []),
    ];
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((file) => !paths.some((path) => file.startsWith(`${path}/`)))).toEqual([]);
  });

  test('is what services, network policy and scrape select', async () => {
    const policy = await only<{ spec: { podSelector: object; ingress: { ports: { port: number }[] }[] } }>(
      'networkpolicy.yaml',
    );
    const monitor = await only<{ spec: { selector: object; endpoints: { port: string }[] } }>(
      'monitoring/servicemonitor.yaml',
    );
    expect(agent.spec.template.metadata.labels).toEqual(LABELS);
    expect(agent.spec.selector.matchLabels).toEqual(LABELS);
    for (const { spec } of services) expect(spec.selector).toEqual(LABELS);
    expect(policy.spec.podSelector).toEqual({ matchLabels: LABELS });
    expect(monitor.spec.selector).toEqual({ matchLabels: LABELS });
    const ports = new Map(container?.ports.map(({ name, containerPort }) => [name, containerPort]));
    const service = services.find(({ metadata }) => metadata.name === agent.spec.serviceName);
    expect(service?.metadata.labels).toEqual(LABELS);
    expect(service?.spec.ports.map(({ name }) => name)).toEqual(monitor.spec.endpoints.map(({ port }) => port));
    expect(services.flatMap(({ spec }) => spec.ports).filter(({ targetPort }) => !ports.has(targetPort))).toEqual([]);
    expect(policy.spec.ingress.flatMap((rule) => rule.ports.map(({ port }) => port))).toEqual([...ports.values()]);
  });
});

describe('two agents in Kubernetes', () => {
  const both = only<StatefulSet>('cluster/statefulset.yaml');

  test('are of the same make as the single one, and keep nothing of their own', async () => {
    const { spec } = await both;
    expect(spec).toMatchObject({ replicas: 2, selector: { matchLabels: LABELS } });
    expect(spec).not.toHaveProperty('volumeClaimTemplates');
    const { containers, volumes, topologySpreadConstraints: _spread, ...rest } = spec.template.spec;
    const { containers: _containers, volumes: _volumes, ...single } = pod;
    expect(rest).toEqual(single);
    const [{ volumeMounts, ...made }] = containers as [Container];
    expect(made).toEqual({ ...container, volumeMounts: undefined });
    expect(volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
    expect(volumeMounts.every((mount) => 'readOnly' in mount && mount.readOnly === true)).toBe(true);
  });

  test('find their PostgreSQL: verified, by a password of the secret, through the network policy', async () => {
    const { store } = await only<{ store: { postgres: string; password_file: string; tls: { ca_file: string } } }>(
      'cluster/gdoiwatch.yml',
    );
    const mounted = (await both).spec.template.spec.containers.flatMap(({ volumeMounts }) =>
      volumeMounts.map(({ mountPath }) => mountPath),
    );
    for (const file of [store.password_file, store.tls.ca_file]) {
      expect(mounted.some((path) => file.startsWith(`${path}/`))).toBe(true);
    }
    const policy = await only<{ spec: { egress: { ports: { port: number }[] }[] } }>('cluster/networkpolicy.yaml');
    expect(policy.spec.egress.flatMap(({ ports }) => ports.map(({ port }) => port))).toContain(5432);
  });

  test('are not drained both at once', async () => {
    const budget = await only<{ spec: object }>('cluster/poddisruptionbudget.yaml');
    expect(budget.spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: LABELS } });
  });
});

test.each([`${DIRECTORY}/`, `${DIRECTORY}/cluster/`, `${DIRECTORY}/monitoring/`, 'dashboards/grafana/'])(
  '%s names files that are there',
  async (directory) => {
    const [kustomization] = await readYaml<Kustomization>(`${directory}kustomization.yaml`);
    const { resources = [], configMapGenerator = [] } = kustomization ?? {};
    const files = [...resources, ...configMapGenerator.flatMap((generated) => generated.files)];
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(join(ROOT, directory, file)))).toEqual([]);
  },
);

test('the PrometheusRule has the rules of Prometheus (UPDATE_GOLDENS=1 writes it)', async () => {
  const [rules] = await readYaml<{ readonly groups: readonly object[] }>('dashboards/prometheus/rules.yml');
  const resource = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'gdoiwatch' },
    spec: { groups: rules?.groups },
  };
  const text = `# Made from dashboards/prometheus/rules.yml; do not edit.\n${stringify(resource, { lineWidth: 0 })}`;
  const file = join(ROOT, DIRECTORY, 'monitoring/prometheusrule.yaml');
  if (process.env['UPDATE_GOLDENS'] === '1') {
    await writeFile(file, text);
    // A chart can read no file outside of itself.
    await writeFile(join(CHART, 'files/rules.yml'), await readFile(join(ROOT, 'dashboards/prometheus/rules.yml')));
  }
  expect(await readFile(file, 'utf8')).toBe(text);
});
