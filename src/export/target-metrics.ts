/** Service discovery: devices found, what was left out, and failing sources. */
import type { Labels } from './label-text.ts';
import { renderFamily } from './prepared-lines.ts';

/** What metrics show of service discovery. */
export interface TargetsState {
  readonly devices: number;
  readonly findings: number;
  readonly sources: readonly { readonly source: string; readonly failures: number; readonly failing: string | null }[];
}

export function targetMetrics({ devices, findings, sources }: TargetsState): string {
  if (sources.length === 0) return '';
  const each = (value: (source: TargetsState['sources'][number]) => number) =>
    sources.map((known): readonly [Labels, number] => [{ source: known.source }, value(known)]);
  return (
    renderFamily(
      { name: 'gdoi_targets', type: 'gauge', help: 'Devices that service discovery found and that are in use.' },
      [[{}, devices]],
    ) +
    renderFamily(
      {
        name: 'gdoi_target_findings',
        type: 'gauge',
        help: 'Targets, names and labels from service discovery that were left out, and lists without a target; the log says why.',
      },
      [[{}, findings]],
    ) +
    renderFamily(
      {
        name: 'gdoi_target_source_up',
        type: 'gauge',
        help: '1 if the last read of the source succeeded, 0 if it failed; a pattern that matches no file is a source too.',
      },
      each(({ failing }) => Number(failing === null)),
    ) +
    renderFamily(
      { name: 'gdoi_target_source_failures_total', type: 'counter', help: 'Failed reads of a source of targets.' },
      each(({ failures }) => failures),
    )
  );
}
