/** Files of the repository, as someone has them who cloned it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function readText(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

/** The documents of a YAML file, as `Shape` in the eyes of the test. */
export async function readYaml<Shape>(path: string): Promise<Shape[]> {
  return parseAllDocuments(await readText(path), { merge: true }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Shape;
  });
}

export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'gdoiwatch-deploy-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
