/**
 * Files that ship with the program, wherever it runs from: the sources, a bundle in `dist`, or an installed package.
 */
import { existsSync } from 'node:fs';

const ROOT = rootAbove(new URL('.', import.meta.url));

/**
 * `path`: from the directory of package.json, such as `dist/page/`. Need not exist: sources may not have been built.
 */
export function packageFile(path: string): URL {
  return new URL(path, ROOT);
}

function rootAbove(directory: URL): URL {
  if (existsSync(new URL('package.json', directory))) return directory;
  const parent = new URL('..', directory);
  if (parent.href === directory.href) throw new Error(`no package.json above ${import.meta.url}`);
  return rootAbove(parent);
}
