/**
 * Names in the configuration that no device has: a mistyped name in a maintenance window would mute nothing, a mistyped
 * label show nothing. Doubts and not errors: with `targets` a device may come at any time, and an agent that refused to
 * start because of an old window would watch nothing. Groups are not in the inventory: only devices show them.
 */
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import type { CheckedConfig } from './check.ts';
import { didYouMean } from './did-you-mean.ts';
import { pathText, type Problem, quoted, type SettingPath, warningAt } from './finding.ts';
import type { Matching } from './match-rules.ts';
import type { PlannedWork } from '../model/planned-work.ts';
import type { ResolvedDevice } from './resolved-config.ts';

type Named = Pick<CheckedConfig, 'maintenance' | 'metrics' | 'cluster'>;
type Bearer = Pick<ResolvedDevice, 'name' | 'cell' | 'labels'>;

/** `devices`: all devices that there are now. */
export function nameDoubts(
  { maintenance, metrics, cluster }: Named,
  matching: Matching,
  devices: readonly Bearer[],
): readonly Problem[] {
  // Said once, not for each name.
  if (devices.length === 0) return [warningAt(['devices'], 'there are none: nothing is polled')];
  const names = new Set(devices.map(({ name }) => name));
  const cells = new Set(devices.map(({ cell }) => cell ?? DEFAULT_CELL));
  const windows = maintenance.flatMap((window, index) => {
    const at = ['maintenance', index];
    return [
      ...unborne([...at, 'devices'], { wanted: window.devices, known: names, what: 'no device is called' }),
      ...unborne([...at, 'cells'], { wanted: window.cells, known: cells, what: 'no device is in a cell' }),
    ];
  });
  const isLabelled = metrics.labels.length > 0 || cluster.cell_label !== undefined;
  const labels = new Set(isLabelled ? devices.flatMap((device) => Object.keys(device.labels)) : []);
  const what = 'no device has a label';
  const [cellLabel] = unborne([], {
    wanted: cluster.cell_label === undefined ? [] : [cluster.cell_label],
    known: labels,
    what,
  });
  return [
    ...windows,
    ...unborne(['metrics', 'labels'], { wanted: metrics.labels, known: labels, what }),
    ...(cellLabel === undefined ? [] : [{ ...cellLabel, path: ['cluster', 'cell_label'] }]),
    ...matching.unused(),
  ];
}

/**
 * Groups named in windows that are not over and shown by no device, one line each; empty if no groups are shown at all.
 */
export function groupDoubts(
  maintenance: readonly Pick<PlannedWork, 'untilMs' | 'groups'>[],
  shown: ReadonlySet<string>,
  nowMs: number,
): readonly string[] {
  if (shown.size === 0) return [];
  const windows = maintenance.flatMap(({ untilMs, groups }, index) => {
    const wanted = untilMs > nowMs ? groups : [];
    return unborne(['maintenance', index, 'groups'], { wanted, known: shown, what: 'no device shows a group' });
  });
  return windows.map(({ path, message }) => `${pathText(path)}: ${message}`);
}

function unborne(
  list: SettingPath,
  {
    wanted,
    known,
    what,
  }: { readonly wanted: readonly string[]; readonly known: ReadonlySet<string>; readonly what: string },
): readonly Problem[] {
  return wanted.flatMap((name, index) => {
    if (known.has(name)) return [];
    const near = didYouMean(name, known);
    return [
      warningAt([...list, index], `${what} ${quoted(name)}${near === null ? '' : `; did you mean ${quoted(near)}?`}`),
    ];
  });
}
