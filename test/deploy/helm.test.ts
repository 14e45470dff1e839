/** The Helm chart: what it renders is good to Kubernetes and to the agent, and the same as the plain manifests. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorsOf, loadOk } from '../config/given-config.ts';
import { run } from '../dashboards/promtool.ts';
import { CHART, helmMissing, rendered } from './helm.ts';
import { type Manifest, schemaProblems } from './kubernetes-schemas.ts';
import { readText, readYaml } from './repository.ts';

const DEVICES = [
  { name: 'ks1', host: '192.0.2.9', role: 'ks' },
  { name: 'gm1', host: '192.0.2.1' },
];
const LEAST = { config: { devices: DEVICES } };
const CLUSTER = {
  ...LEAST,
  postgres: { enabled: true, url: 'postgres://gdoiwatch@db.example.net/gdoiwatch' },
  networkPolicy: { enabled: true, routers: ['192.0.2.0/24'], postgres: ['198.51.100.0/24'] },
};
const EVERYTHING = {
  ...CLUSTER,
  config: {
    devices: DEVICES,
    credentials: {
      main: { username: 'monitor', password_file: '/etc/gdoiwatch-secrets/password' },
      v2: { snmp: { version: '2c', community_file: '/etc/gdoiwatch-secrets/community' } },
    },
    syslog: { relays: ['192.0.2.77'] },
  },
  knownHosts: 'ks1 ssh-ed25519 AAAA\ngm1 ssh-ed25519 BBBB\n',
  imagePullSecrets: [{ name: 'registry' }],
  image: { tag: '0.2.0' },
  syslog: { enabled: true, annotations: { 'metallb.io/address-pool': 'lan' } },
  traps: { enabled: true, credentials: ['v2'], type: 'NodePort' },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' }, bearerTokenKey: 'token' },
  prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
  scheme: 'HTTPS',
  extraEnv: [{ name: 'VAULT_ADDR', value: 'https://vault.example.net' }],
  podAnnotations: { note: 'of ours' },
  podLabels: { team: 'network' },
  nodeSelector: { 'kubernetes.io/arch': 'arm64' },
  tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'monitoring',
};
const WAYS = [
  ['the least', LEAST],
  ['a claim of the site', { ...LEAST, persistence: { existingClaim: 'gdoiwatch', storageClass: 'fast' } }],
  ['a storage class', { ...LEAST, persistence: { storageClass: 'fast', size: '20Gi' } }],
  ['PostgreSQL', CLUSTER],
  ['everything', EVERYTHING],
] as const;

interface Pod {
  readonly [key: string]: unknown;
  readonly containers: readonly {
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly [key: string]: unknown;
  }[];
  readonly volumes: readonly { readonly name: string }[];
}
interface Service extends Manifest {
  readonly spec: { readonly selector: object; readonly ports: readonly { readonly targetPort: string }[] };
}
interface StatefulSet extends Manifest {
  readonly spec: {
    readonly replicas: number;
    readonly selector: object;
    readonly template: { readonly metadata: { readonly annotations: Record<string, string> }; readonly spec: Pod };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

async function manifestsOf(values: object): Promise<readonly Manifest[]> {
  const answer = await rendered(values);
  if (answer.kind === 'refused') throw new Error(answer.error);
  return answer.manifests;
}

/** The only manifest of a kind, in the eyes of the test. */
function only<Shape extends Manifest>(manifests: readonly Manifest[], kind: Shape['kind']): Shape {
  const [found, more] = manifests.filter((manifest) => manifest.kind === kind);
  if (found === undefined || more !== undefined) throw new Error(`not one ${kind}`);
  return found as Shape;
}

/**
 * A pod without what a chart names in its own way: images, labels, ports and volumes; and without written-out defaults.
 */
function madeAlike({ containers, volumes: _volumes, topologySpreadConstraints: _spread, ...pod }: Pod) {
  const [container] = containers;
  if (container === undefined) throw new Error('a pod without a container');
  const { image: _image, imagePullPolicy: _policy, ports: _ports, readinessProbe, livenessProbe, ...made } = container;
  return { ...pod, made, probes: JSON.stringify([readinessProbe, livenessProbe]).replaceAll(',"scheme":"HTTP"', '') };
}

const configOf = (manifests: readonly Manifest[]) =>
  only<Manifest & { readonly data: Readonly<Record<string, string>> }>(manifests, 'ConfigMap').data;

describe('the schemas', () => {
  const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec });

  test.each([
    ['a wrong type', service({ ports: [{ port: 'http' }] }), /port must be integer/],
    ['a missing field', service({ ports: [{ name: 'http' }] }), /must have required property 'port'|property port/],
    [
      'a field that no schema knows',
      service({ portz: [], selector: { any: 'label' } }),
      /^Service.spec.portz: unknown/,
    ],
    ['a kind that is not expected', { ...service({}), kind: 'Servise' }, /no schema of v1 Servise/],
  ])('find %s', (_name, manifest, problem) => {
    expect(schemaProblems(manifest)).toEqual([expect.stringMatching(problem)]);
  });

  test('take the manifests without Helm', async () => {
    const files = ['statefulset', 'service', 'networkpolicy', 'monitoring/servicemonitor', 'monitoring/prometheusrule'];
    const cluster = ['statefulset', 'networkpolicy', 'poddisruptionbudget'].map((name) => `cluster/${name}`);
    for (const name of [...files, ...cluster]) {
      const manifests = await readYaml<Manifest>(`deploy/kubernetes/${name}.yaml`);
      expect({ name, problems: manifests.flatMap(schemaProblems) }).toEqual({ name, problems: [] });
    }
  });
});

test('the rules of the chart are those of Prometheus (npm run goldens writes them)', async () => {
  expect(await readFile(join(CHART, 'files/rules.yml'), 'utf8')).toBe(
    await readText('dashboards/prometheus/rules.yml'),
  );
});

describe.skipIf(helmMissing())('the Helm chart', () => {
  test('is good to helm lint', async () => {
    const { status, output } = await run('helm', ['lint', '--strict', CHART]);
    expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining('0 chart(s) failed') });
  });

  test.each(WAYS)('with %s makes what Kubernetes takes as it is written', async (_name, values) => {
    const manifests = await manifestsOf(values);
    expect(manifests.flatMap(schemaProblems)).toEqual([]);
    expect(new Set(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(manifests.length);
  });

  test.each(WAYS)(
    'with %s gives the agent a configuration that it takes, with its secrets mounted',
    async (_name, values) => {
      const manifests = await manifestsOf(values);
      const text = configOf(manifests)['gdoiwatch.yml'] ?? '';
      const files = { password: 'x', community: 'x', 'pg-password': 'x', 'pg-ca.pem': 'x', known_hosts: '' };
      expect(await errorsOf({ text, files })).toEqual([]);
      const { volumeMounts } = only<StatefulSet>(manifests, 'StatefulSet').spec.template.spec.containers[0] ?? {};
      const named = text.match(/(?<= )\/[\w./-]+/g) ?? [];
      expect(named.length).toBeGreaterThan(1);
      expect(named.filter((path) => !volumeMounts?.some((mount) => path.startsWith(`${mount.mountPath}/`)))).toEqual(
        [],
      );
    },
  );

  test.each(WAYS)('with %s has a volume for every mount, and a port for every service', async (_name, values) => {
    const manifests = await manifestsOf(values);
    const { spec } = only<StatefulSet>(manifests, 'StatefulSet');
    const [container] = spec.template.spec.containers;
    const claims = spec.volumeClaimTemplates ?? [];
    const volumes = [
      ...spec.template.spec.volumes.map(({ name }) => name),
      ...claims.map(({ metadata }) => metadata.name),
    ];
    expect(container?.volumeMounts.map(({ name }) => name)).toEqual(volumes);
    const services = manifests.filter((manifest): manifest is Service => manifest.kind === 'Service');
    expect(services.flatMap((service) => service.spec.ports.map(({ targetPort }) => targetPort)).toSorted()).toEqual(
      container?.ports.map(({ name }) => name).toSorted(),
    );
    for (const service of services) expect({ matchLabels: service.spec.selector }).toEqual(spec.selector);
  });

  test.each([
    ['one agent', LEAST, 'statefulset.yaml'],
    ['two agents', CLUSTER, 'cluster/statefulset.yaml'],
  ])('runs %s as the plain manifests do: not root, a read-only root, the same probes', async (_name, values, file) => {
    const ofChart = only<StatefulSet>(await manifestsOf(values), 'StatefulSet').spec;
    const [plain] = await readYaml<StatefulSet>(`deploy/kubernetes/${file}`);
    if (plain === undefined) throw new Error(`${file} is empty`);
    expect(ofChart.replicas).toBe(plain.spec.replicas);
    expect(madeAlike(ofChart.template.spec)).toEqual(madeAlike(plain.spec.template.spec));
  });

  test('uses an existing secret and makes none', async () => {
    const manifests = await manifestsOf({ ...EVERYTHING, existingSecret: 'routers' });
    expect(manifests.map(({ kind }) => kind)).not.toContain('Secret');
    const { volumes } = only<StatefulSet>(manifests, 'StatefulSet').spec.template.spec;
    expect(volumes).toContainEqual({ name: 'secrets', secret: { secretName: 'routers', defaultMode: 0o440 } });
  });

  test('starts new pods for a new configuration and for new host keys, and for nothing else', async () => {
    const sumOf = async (values: object) =>
      only<StatefulSet>(await manifestsOf(values), 'StatefulSet').spec.template.metadata.annotations['checksum/config'];
    const before = await sumOf(LEAST);
    expect(await sumOf({ ...LEAST, serviceMonitor: { enabled: true } })).toBe(before);
    expect(await sumOf({ config: { devices: DEVICES.slice(1) } })).not.toBe(before);
    expect(await sumOf({ ...LEAST, knownHosts: 'ks1 ssh-ed25519 AAAA' })).not.toBe(before);
  });

  test('adds its own sections to the configuration: log messages and traps keep their settings', async () => {
    const text = configOf(await manifestsOf(EVERYTHING))['gdoiwatch.yml'] ?? '';
    const files = { password: 'x', community: 'x', 'pg-password': 'x', 'pg-ca.pem': 'x', known_hosts: '' };
    const { config } = await loadOk({ text, files });
    expect(config).toMatchObject({
      listen: { host: '0.0.0.0', port: 9848 },
      store: { kind: 'postgres' },
      syslog: { relays: ['192.0.2.77'] },
    });
    expect(configOf(await manifestsOf(EVERYTHING))['known_hosts']).toBe(EVERYTHING.knownHosts);
  });

  test('with PostgreSQL keeps no data of its own, and both are not drained at once', async () => {
    const manifests = await manifestsOf(CLUSTER);
    expect(only<StatefulSet>(manifests, 'StatefulSet').spec).not.toHaveProperty('volumeClaimTemplates');
    expect(only(manifests, 'PodDisruptionBudget')).toMatchObject({ spec: { maxUnavailable: 1 } });
    expect(only(manifests, 'NetworkPolicy')).toMatchObject({
      spec: {
        egress: expect.arrayContaining([
          { to: [{ ipBlock: { cidr: '198.51.100.0/24' } }], ports: [{ port: 5432, protocol: 'TCP' }] },
        ]),
      },
    });
  });

  test.each([
    [
      'two agents on SQLite',
      { ...LEAST, replicas: 2 },
      'replicas: 2 needs postgres.enabled: SQLite has one writer (allowed without it: 0 or 1)',
    ],
    ['no devices', {}, 'config.devices: [] leaves nothing to watch; give devices, or config.targets'],
    [
      'an address to listen on',
      { config: { devices: DEVICES, listen: '127.0.0.1:1' } },
      'config.listen: the chart sets it; see service, persistence and postgres',
    ],
    [
      'a store in the configuration',
      { config: { devices: DEVICES, store: { sqlite: 'x' } } },
      'config.store: the chart sets it',
    ],
    [
      'PostgreSQL without an address',
      { ...LEAST, postgres: { enabled: true } },
      'postgres.url: needed with postgres.enabled: true',
    ],
    [
      'a value that is none',
      { ...LEAST, persistance: { size: '1Gi' } },
      "additional properties 'persistance' not allowed",
    ],
    [
      'a port out of range',
      { ...LEAST, service: { port: 98480 } },
      "at '/service/port': maximum: got 98,480, want 65,535",
    ],
    [
      'a kind of service that is none',
      { ...LEAST, syslog: { type: 'Public' } },
      "at '/syslog/type': value must be one of 'ClusterIP', 'NodePort', 'LoadBalancer'",
    ],
    [
      'no CIDR',
      { ...LEAST, networkPolicy: { routers: ['everywhere'] } },
      "at '/networkPolicy/routers/0': 'everywhere' does not match pattern",
    ],
  ])('refuses %s in one line', async (_name, values, line) => {
    expect(await rendered(values)).toEqual({ kind: 'refused', error: expect.stringContaining(line) });
  });
});
