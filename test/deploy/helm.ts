/** `helm`, as a test runs it; skipped by callers where it is not installed, never in CI. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { run } from '../dashboards/promtool.ts';
import type { Manifest } from './kubernetes-schemas.ts';
import { ROOT, temporaryDirectory } from './repository.ts';

export const CHART = join(ROOT, 'deploy/helm/gdoiwatch');

export function helmMissing(): boolean {
  const absent = spawnSync('helm', ['version']).error !== undefined;
  if (absent && process.env['CI']) throw new Error('helm is missing in CI');
  return absent;
}

/**
 * What `helm template` makes of the chart with these values as the release `site`; its error where it makes nothing.
 */
export async function rendered(
  values: object,
): Promise<
  | { readonly kind: 'manifests'; readonly manifests: readonly Manifest[] }
  | { readonly kind: 'refused'; readonly error: string }
> {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'values.yaml');
  await writeFile(file, stringify(values));
  const { status, output } = await run('helm', ['template', 'site', CHART, '--values', file]);
  if (status !== 0) return { kind: 'refused', error: output };
  return {
    kind: 'manifests',
    manifests: parseAllDocuments(output).map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      // What helm printed is looked at by schemas next.
      return document.toJS() as Manifest;
    }),
  };
}
