/** Each room of src/ has a README that says what it decides, who may import it and where to begin; all of it true. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOMS } from '../architecture/rooms.ts';
import { FILES, filesIn, isThere } from './citations.ts';
import { linksOf, ROOT } from './documents.ts';
import { code, partOf, table } from './generated-part.ts';

const update = process.env['UPDATE_GOLDENS'] === '1';

describe.each(Object.keys(ROOMS))('src/%s/README.md', (room) => {
  const folder = join(ROOT, 'src', room);
  const path = join(folder, 'README.md');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';

  it('has a heading, and three to eight lines below it', () => {
    const [heading = '', ...lines] = text.split('\n').filter((line) => line !== '');
    expect(heading, 'a room needs a README.md: CONTRIBUTING.md says what is in it').toMatch(/^# \S/);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(lines.length).toBeLessThanOrEqual(8);
  });

  it('shows the door, a file of the room', () => {
    const [, door = ''] = /^Door: \[([^\]]+)\]\(\1\)/m.exec(text) ?? [];
    expect(door).not.toBe('');
    expect(existsSync(join(folder, door))).toBe(true);
  });

  it('names only what is there', () => {
    expect(linksOf(text).filter((link) => !/^https?:/.test(link) && !existsSync(join(folder, link)))).toEqual([]);
    expect(filesIn(text).filter((name) => !isThere(name, `src/${room}/README.md`))).toEqual([]);
  });

  it('says who may import it, as the table of rooms does', () => {
    const line = importedBy(room);
    if (update) writeFileSync(path, text.replace(/^Imported by: .*$/m, line));
    expect(readFileSync(path, 'utf8').split('\n'), 'npm run goldens writes it').toContain(line);
  });
});

/** Rooms inside a folder, by their own names. */
function roomsIn(folder: string): readonly string[] {
  return Object.keys(ROOMS)
    .filter((room) => posix.dirname(room) === folder)
    .map((room) => posix.basename(room));
}

/** Of the rooms inside a folder, those that a text about it does not name. */
function unnamedIn(folder: string, text: string): readonly string[] {
  return roomsIn(folder).filter((room) => !text.includes(`\`${room}\``) && !text.includes(`\`${folder}/${room}\``));
}

/** Where a reader finds that there are rooms inside: the core, the agent, the parsers. */
it.each(['gdoi', 'agent', 'ios'])('src/%s/README.md names each room inside', (folder) => {
  expect(roomsIn(folder).length).toBeGreaterThan(2);
  expect(unnamedIn(folder, readFileSync(join(ROOT, 'src', folder, 'README.md'), 'utf8'))).toEqual([]);
});

/** Rooms whose allow-list names this one, or a file of it. */
function importedBy(room: string): string {
  const rooms = Object.entries(ROOMS)
    .filter(([, allowed]) =>
      allowed.some((entry) => entry === room || (entry.endsWith('.ts') && posix.dirname(entry) === room)),
    )
    .map(([name]) => name);
  return `Imported by: ${rooms.length === 0 ? 'nobody' : rooms.toSorted().join(', ')}.`;
}

describe('docs/architecture.md', () => {
  it('has an invariant and a boundary of each room: in a section, or in a row below that of its folder', () => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const sections = text
      .split('\n### ')
      .filter((part) => part.includes('**Invariant:**') && part.includes('**Boundary:**'));
    const named = new Set(sections.flatMap((part) => part.split('\n', 1)[0]?.match(/(?<=`)\w+(?=`)/g) ?? []));
    const rows = new Set(Array.from(text.matchAll(/^\| `([\w/-]+)` \| [^|]+ \| [^|]+ \|$/gm), ([, room]) => room));
    const rooms = Object.keys(ROOMS);
    // What is inside these is described with them: one transformation, or one thing simulated or stored.
    const together = ['ios', 'store', 'simulator', 'export', 'cli'];
    const lost = rooms.filter((room) => {
      const [top = ''] = room.split('/');
      return !named.has(room) && !rows.has(room) && !(named.has(top) && together.includes(top));
    });
    expect(lost).toEqual([]);
    expect([...rows].filter((room) => room?.includes('/') === true && !rooms.includes(room))).toEqual([]);
  });

  it('has what each room may import', () => {
    const rows = Object.entries(ROOMS).map(([room, allowed]) => {
      const [rooms, others] = [allowed.filter(isOurs), allowed.filter((entry) => !isOurs(entry))];
      return [`[${room}](../src/${room}/README.md)`, listed(rooms), listed(others)];
    });
    const reference = `## What each room may import\n\n${table(['room', 'rooms and files of ours', 'packages'], rows)}`;
    expect(partOf('docs/architecture.md', reference)).toBe(reference);
  });

  it('has a section for each folder at the top of src/', () => {
    const headings =
      readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
        .match(/^### .+$/gm)
        ?.join('\n') ?? '';
    const tops = new Set(Object.keys(ROOMS).map((room) => room.split('/')[0] ?? ''));
    expect([...tops].filter((top) => !headings.includes(`\`${top}\``))).toEqual([]);
  });

  it.each(['gdoi', 'agent'])('names each room of %s in its section', (folder) => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const section = text.split(/^### /m).find((part) => part.startsWith(`\`${folder}\``)) ?? '';
    expect(unnamedIn(folder, section)).toEqual([]);
  });

  it('names only what is there', () => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    expect(filesIn(text).filter((name) => !isThere(name, 'docs/architecture.md'))).toEqual([]);
    const [written = ''] = text.split('<!-- generated');
    const types = Array.from(written.matchAll(/`((?:[A-Z][a-z]+){2,}|[a-z]+[A-Z]\w+)`/g), ([, name = '']) => name);
    const sources = FILES.filter((path) => /^src\/.*\.tsx?$/.test(path)).map((path) =>
      readFileSync(join(ROOT, path), 'utf8'),
    );
    expect(types.length).toBeGreaterThan(8);
    expect(types.filter((name) => !sources.some((source) => source.includes(name)))).toEqual([]);
  });
});

function isOurs(entry: string): boolean {
  return entry in ROOMS || entry.endsWith('.ts');
}

function listed(entries: readonly string[]): string {
  return entries.length === 0 ? 'nothing' : entries.map(code).join(', ');
}

it.each([
  ['an import that the table does not have', 'gdoi/seen', 'Imported by: gdoi/keys.'],
  ['nobody where there is somebody', 'kernel', 'Imported by: nobody.'],
])('%s would be found', (_, room, wrong) => {
  expect(importedBy(room)).not.toBe(wrong);
});
