/** A configuration as text, with the files and variables it refers to, loaded without a disk. */
import { basename } from 'node:path';
import { type Finding, findingLine } from '../../src/config/finding.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load/load.ts';
import type { ReadFile } from '../../src/config/read-file.ts';
import type { ResolvedConfig } from '../../src/config/resolved-config.ts';

export interface Given {
  readonly text: string;
  /** By file name, whatever the directory. */
  readonly files?: Readonly<Record<string, string | { readonly content: string; readonly mode: number }>>;
  readonly env?: Readonly<Record<string, string>>;
}

const CONFIG_PATH = '/etc/gdoiwatch/gdoiwatch.yml';

export function load(given: Given): Promise<LoadedConfig> {
  const readFile: ReadFile = async (path, maxBytes) => {
    const file = path === CONFIG_PATH ? given.text : given.files?.[basename(path)];
    if (file === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    const { content, mode } = typeof file === 'string' ? { content: file, mode: 0o100600 } : file;
    if (content.length > maxBytes) throw new RangeError('too large');
    return { bytes: Buffer.from(content), mode };
  };
  return loadConfig(CONFIG_PATH, { env: given.env ?? {}, readFile, trouble: async () => null });
}

export async function loadOk(given: Given): Promise<{ config: ResolvedConfig; warnings: readonly string[] }> {
  const loaded = await load(given);
  if (loaded.kind !== 'ok') throw new Error(loaded.findings.map(findingLine).join('\n'));
  return { config: loaded.config, warnings: lines(loaded.warnings) };
}

/** The error lines, without the directory. */
export async function errorsOf(given: Given): Promise<readonly string[]> {
  const loaded = await load(given);
  return loaded.kind === 'ok' ? [] : lines(loaded.findings.filter(({ severity }) => severity === 'error'));
}

function lines(findings: readonly Finding[]): readonly string[] {
  return findings.map((finding) => findingLine(finding).replace('/etc/gdoiwatch/gdoiwatch.yml', 'gdoiwatch.yml'));
}

/** One SSH credential `main`, and devices as given. */
export function withDevices(...devices: readonly string[]): string {
  return `credentials: { main: { username: monitor, password_env: P } }\ndevices:\n${devices.map((device) => `  - ${device}\n`).join('')}`;
}

export const ENV = { P: 'correct horse battery' };
