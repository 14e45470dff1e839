/**
 * One golden folder per command: NAME.txt is a captured text, NAME.json is the expected result. `npm run goldens`
 * rewrites the JSON; review its diff by eye.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import type { CapturedResult } from '../../src/ios/text/parse-result.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), 'goldens');
const update = process.env['UPDATE_GOLDENS'] === '1';

/** Leaves out the kinds of ignored lines that do not occur. */
function withoutZeros(result: CapturedResult): unknown {
  const ignored = Object.entries(result.lines.ignored).filter(([, lines]) => lines > 0);
  return { ...result, lines: { ...result.lines, ignored: Object.fromEntries(ignored) } };
}

for (const command of readdirSync(root).toSorted()) {
  describe(`goldens of ${command}`, () => {
    const texts = readdirSync(join(root, command)).filter((name) => name.endsWith('.txt'));

    it.each(texts.toSorted())('%s is parsed to what its JSON says', (name) => {
      const golden = join(root, command, name.replace(/\.txt$/, '.json'));
      const results = parseCapturedText(readFileSync(join(root, command, name), 'utf8')).map(withoutZeros);
      if (update) writeFileSync(golden, `${JSON.stringify(results, null, 2)}\n`);
      expect(existsSync(golden), `${golden} is missing: run npm run goldens and review it`).toBe(true);
      expect(results).toEqual(JSON.parse(readFileSync(golden, 'utf8')));
    });

    it('have no JSON without its text', () => {
      const orphans = readdirSync(join(root, command)).filter(
        (name) => name.endsWith('.json') && !texts.includes(name.replace(/\.json$/, '.txt')),
      );
      expect(orphans).toEqual([]);
    });
  });
}
