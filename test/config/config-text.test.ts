import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfigText } from '../../src/config/load/config-text.ts';
import type { SettingPath } from '../../src/config/finding.ts';
import { placeFinder } from '../../src/config/place.ts';

/** Everything a reader sees of a text, with the offset of each value and key. */
async function seen(text: string, devicesPerBlock: number) {
  const read = await readConfigText(text, { devicesPerBlock });
  const offsetOf = read.places();
  const offsets: Record<string, number | null> = {};
  const visit = (value: unknown, path: SettingPath) => {
    if (path.length > 5) return;
    for (const on of ['key', 'value'] as const) offsets[`${JSON.stringify(path)} ${on}`] = offsetOf(path, on);
    if (typeof value !== 'object' || value === null) return;
    const list = Array.isArray(value);
    for (const [key, item] of Object.entries(value)) visit(item, [...path, list ? Number(key) : key]);
  };
  visit(read.value, []);
  return { value: read.value, syntaxErrors: read.syntaxErrors, problems: read.problems, offsets };
}

const WHOLE = Number.POSITIVE_INFINITY;

/** List items and what may stand between them, right and wrong. */
const line = fc.constantFrom(
  '- { name: a, host: h }',
  '- name: a',
  '  host: h',
  '  labels: { site: x,',
  '    rack: y }',
  '  labels: &l { a: b }',
  '- { name: a, labels: &l { c: d } }',
  '- { labels: *l }',
  '-',
  '  name: |',
  '    - text',
  '  text: "two',
  '    lines"',
  '# comment',
  '',
  '\r',
  '- - nested',
  '-x',
  '- name: a # comment',
  '  name: again',
  '\t- x',
  '---',
  '...',
  '- [',
  '- ]',
  '- "- x',
  'zzz',
  '- a\u2028- b\r- c',
);
const indent = fc.constantFrom('', '  ', '    ');
const section = fc
  .tuple(indent, fc.array(fc.tuple(line, fc.integer({ min: 0, max: 20 }), indent), { maxLength: 8 }))
  .map(([usual, items]) => items.map(([text, odd, other]) => `${odd === 0 ? other : usual}${text}\n`).join(''));
const head = fc.constantFrom(
  '',
  'listen: x\n',
  '%YAML 1.1\n---\n',
  '--- |\n',
  '--- "\n',
  'record: |\n',
  '{\n',
  'defaults: &l { a: b }\n',
  'devices: []\n',
  '# comment\n',
);
const header = fc.constantFrom('devices:\n', 'devices: # all\n', 'devices:\r\n', 'devices: &d\n', 'xdevices:\n');
const tail = fc.constantFrom(
  '',
  'listen: x\n',
  'devices: []\n',
  '}\n',
  '"\n',
  'ssh: { a: *l }\n',
  '  bad\n',
  '---\n',
  'x',
);

describe('reading devices in blocks', () => {
  it('gives the same as reading the complete file', async () => {
    await fc.assert(
      fc.asyncProperty(head, header, section, tail, fc.integer({ min: 1, max: 3 }), async (...parts) => {
        const text = parts.slice(0, 4).join('');
        expect(await seen(text, parts[4])).toEqual(await seen(text, WHOLE));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['{\n', '---\n{\n', '--- {\n', '# comment\n\n&a {\n', ' {\n'])(
    'refuses a list in braces as well: %j',
    async (braces) => {
      const text = `${braces}devices:\n- { name: a, host: h }\n- { name: a, host: h }\n}\n`;
      expect(await seen(text, 1)).toEqual(await seen(text, WHOLE));
    },
  );

  it.each(['', 'defaults: &l { a: b }\n'])(
    'follows an alias behind the list to its anchor in the list, after %j',
    async (before) => {
      const list = 'devices:\n- { name: a, host: h }\n- { name: b, labels: &l { c: d } }\n';
      const read = await readConfigText(`${before}${list}ssh: { a: *l }\n`, { devicesPerBlock: 1 });
      expect(read).toMatchObject({ problems: [], value: { ssh: { a: { c: 'd' } } } });
    },
  );

  it('pauses between blocks', async () => {
    let pauses = 0;
    const text = `devices:\n${Array.from({ length: 10 }, (_, i) => `  - { name: gm${i} }\n`).join('')}listen: x\n`;
    const read = await readConfigText(text, { devicesPerBlock: 2, pause: async () => void (pauses += 1) });
    expect(pauses).toBe(5);
    expect(read.value).toMatchObject({ devices: { length: 10, 9: { name: 'gm9' } }, listen: 'x' });
    const placeOf = placeFinder(text);
    expect(placeOf(read.places()(['devices', 9, 'name'], 'value') ?? -1)).toEqual({ line: 11, column: 13 });
    expect(placeOf(read.places()(['listen'], 'value') ?? -1)).toEqual({ line: 12, column: 9 });
  });
});
