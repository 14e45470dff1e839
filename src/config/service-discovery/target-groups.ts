/**
 * Target groups in the format of Prometheus's file_sd and http_sd: `[{"targets": ["host:port"], "labels": {"a":
 * "b"}}]`. A list is taken whole or not at all; whether a target makes a device is not checked here.
 */
import { quoted } from '../finding.ts';
import { isMapping } from '../mapping.ts';

/** One target with the labels of its group; targets of a group share one object. */
export interface Target {
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type TargetList =
  | { readonly kind: 'targets'; readonly targets: readonly Target[] }
  /** The first thing that is wrong. */
  | { readonly kind: 'malformed'; readonly reason: string };

/** As many as devices in a configuration file. */
const MAX_TARGETS = 200_000;
const MAX_LABELS_OF_GROUP = 256;
const MAX_CHARS = 4096;

export function targetsOfGroups(value: unknown): TargetList {
  if (!Array.isArray(value)) return malformed('is not a list of { targets: [...], labels: {...} }');
  const targets: Target[] = [];
  for (const [index, group] of value.entries()) {
    if (!isMapping(group)) return malformed(`[${index}] is not a mapping of targets and labels`);
    const unknown = Object.keys(group).find((key) => key !== 'targets' && key !== 'labels');
    if (unknown !== undefined) return malformed(`[${index}] has an unknown key ${quoted(unknown)}`);
    const labels = group['labels'] ?? {};
    if (!isTextMapping(labels)) {
      return malformed(`[${index}].labels is not a mapping of names to text`);
    }
    if (Object.keys(labels).length > MAX_LABELS_OF_GROUP) {
      return malformed(`[${index}].labels has more than ${MAX_LABELS_OF_GROUP}`);
    }
    const addresses = group['targets'] ?? [];
    if (!Array.isArray(addresses) || !addresses.every(isText)) {
      return malformed(`[${index}].targets is not a list of text`);
    }
    if (targets.length + addresses.length > MAX_TARGETS) return malformed(`has more than ${MAX_TARGETS} targets`);
    for (const address of addresses) targets.push({ address, labels });
  }
  return { kind: 'targets', targets };
}

function malformed(reason: string): TargetList {
  return { kind: 'malformed', reason };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_CHARS;
}

function isTextMapping(value: unknown): value is Readonly<Record<string, string>> {
  return isMapping(value) && Object.values(value).every(isText);
}
