/** The package's version, from the one place that says it. */
import { readFileSync } from 'node:fs';
import { packageFile } from '../kernel/package-file.ts';

export function packageVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  return parsed !== null && typeof parsed === 'object' && 'version' in parsed ? String(parsed.version) : 'unknown';
}
