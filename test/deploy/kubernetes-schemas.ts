/**
 * Manifests held against the schemas of Kubernetes and of the Prometheus Operator, as an API server with strict field
 * validation does: wrong types, missing fields, and fields that no schema knows (a typing error is silently dropped
 * else).
 */
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  readonly prototype: { validate(): void };
}

const MODELS: ReadonlyMap<string, Model> = new Map(
  [StatefulSet, Service, ConfigMap, NetworkPolicy, PodDisruptionBudget, ServiceMonitor, PrometheusRule].map(
    (model: Model) => [`${model.apiVersion} ${model.kind}`, model],
  ),
);

/** Of operator 0.65 (2023), promtool checks it; the schemas that have it ask for Node.js 22. */
const NEWER_THAN_THE_SCHEMAS = /^\.spec\.groups\.\d+\.rules\.\d+\.keep_firing_for$/;

/** What is wrong with a manifest; none when an API server would take it as it is written. */
export function schemaProblems(manifest: Manifest): string[] {
  const model = MODELS.get(`${manifest.apiVersion} ${manifest.kind}`);
  if (model === undefined) return [`no schema of ${manifest.apiVersion} ${manifest.kind} here`];
  const read = new Set<string>();
  try {
    model.prototype.validate.call(watched(manifest, '', read));
  } catch (error) {
    return [String(error)];
  }
  return fieldsOf(manifest, '')
    .filter((field) => !read.has(field) && !NEWER_THAN_THE_SCHEMAS.test(field))
    .map((field) => `${manifest.kind}${field}: unknown field`);
}

/**
 * The same value, telling which of its fields were looked at. The validators are generated code that reads each
 * property of the schema by its name, so that a field which was never read is in no schema.
 */
function watched(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return inner;
      read.add(`${path}.${key}`);
      return watched(inner, `${path}.${key}`, read);
    },
  });
}

function fieldsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [`${path}.${key}`, ...fieldsOf(inner, `${path}.${key}`)]);
}
