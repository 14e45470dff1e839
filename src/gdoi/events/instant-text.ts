/** An instant as evidence quotes it. */

export function instant(atMs: number): string {
  const date = new Date(Math.round(atMs));
  return Number.isNaN(date.getTime()) ? String(atMs) : date.toISOString().replace(/\.\d{3}Z$/u, 'Z');
}
