/**
 * One line of the benchmark table: a figure, the bare limit measured in the same run, and the budget for their ratio.
 */
export interface BenchRow {
  readonly name: string;
  readonly unit: string;
  readonly measured: number;
  /** The same work without gdoiwatch; null where there is no such thing. */
  readonly bare: number | null;
  readonly ratio: number | null;
  readonly budget: number | null;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
