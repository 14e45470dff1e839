/**
 * Reads the configuration's YAML, even of a large fleet. The YAML library keeps a tree of all it reads, and
 * nothing else gets a turn meanwhile, so the entries of `devices` are read in blocks: memory stays flat and I/O gets its
 * turn in between. Only a plain block-style list at the top level is split; what does not read well in blocks (an error,
 * an anchor used across them) is read whole, so the result is the same either way.
 */
import type { Problem, SettingPath } from '../finding.ts';
import { isMapping } from '../mapping.ts';
import { type OffsetOf, readYaml, type YamlText } from '../yaml-text.ts';

/** Read before other work gets its turn. */
const DEVICES_PER_BLOCK = 200;

export interface ReadOptions {
  readonly devicesPerBlock?: number;
  /** Called between blocks. */
  readonly pause?: () => Promise<void>;
}

type ConfigText = Omit<YamlText, 'values'>;

export async function readConfigText(source: string, options: ReadOptions = {}): Promise<ConfigText> {
  const cut = cutDevices(source, options.devicesPerBlock ?? DEVICES_PER_BLOCK);
  return (cut === null ? null : await readInBlocks(source, cut, options)) ?? readYaml(source);
}

interface Cut {
  /** Start and end of the list's lines. */
  readonly start: number;
  readonly end: number;
  readonly blocks: readonly Block[];
}

interface Block {
  readonly start: number;
  readonly end: number;
  /** Index of its first device, and number of devices. */
  readonly first: number;
  readonly count: number;
}

/**
 * Where `devices:` can be split; null if it is short or not a block-style list. A line with the list's indentation and
 * a dash always starts an item: text and brackets inside an item have to be indented further.
 */
function cutDevices(source: string, perBlock: number): Cut | null {
  const header = /(?:^|\n)devices:[ \t]*(?:#[^\n]*|\r?)\n/.exec(source);
  if (header === null) return null;
  const head = source.slice(0, header.index + 1);
  // A directive, such as %YAML 1.1, applies to the whole document.
  if (/(?:^|\n)%/.test(head) || beginsInBraces(head)) return null;
  const start = header.index + header[0].length;
  const itemStarts: number[] = [];
  let listIndent = -1;
  let end = source.length;
  const line = /( *)([^\n]?)([^\n]?)[^\n]*\n?/y;
  line.lastIndex = start;
  for (let at = start; at < source.length; at = line.lastIndex) {
    const [, spaces = '', mark = '', next = ''] = line.exec(source) ?? [];
    if (mark === '' || mark === '\r' || mark === '#') continue;
    const isItem = mark === '-' && /^[ \t\r]?$/.test(next);
    if (listIndent < 0) {
      if (!isItem) return null;
      listIndent = spaces.length;
    }
    if (spaces.length < listIndent || (spaces.length === listIndent && !isItem)) {
      end = at;
      break;
    }
    if (spaces.length === listIndent) itemStarts.push(at);
  }
  if (itemStarts.length <= perBlock) return null;
  const blocks: Block[] = [];
  for (let first = 0; first < itemStarts.length; first += perBlock) {
    const count = Math.min(perBlock, itemStarts.length - first);
    blocks.push({ start: itemStarts[first] ?? start, end: itemStarts[first + count] ?? end, first, count });
  }
  return { start, end, blocks };
}

/** In a mapping in braces there is no list item, whatever a line begins with. */
function beginsInBraces(head: string): boolean {
  const line = head.split('\n').find((text) => !/^\s*(?:#.*)?$/.test(text)) ?? '';
  return /^(?:---)?\s*(?:[&!]\S* +){0,4}\{/.test(line) || (/^---\s*$/.test(line) && /^[ \t]*\{/m.test(head));
}

/** Perhaps in text or a comment: then the file is only read more slowly. */
const ANCHOR = /(?:^|[\s[{,])&\S/;
const ALIAS = /(?:^|[\s[{,])\*\S/;

/** Null: something in it has to be read whole. */
async function readInBlocks(source: string, cut: Cut, { pause }: ReadOptions): Promise<ConfigText | null> {
  if (ANCHOR.test(source.slice(cut.start, cut.end)) && ALIAS.test(source.slice(cut.end))) return null;
  const outline = readYaml(source.slice(0, cut.start) + source.slice(cut.end));
  const top = outline.value;
  if (outline.syntaxErrors.length > 0 || !isMapping(top)) return null;
  if (!('devices' in top) || top['devices'] !== null) return null;

  const problems: Problem[] = [...outline.problems];
  const devices: unknown[] = [];
  let values = outline.values;
  for (const block of cut.blocks) {
    await pause?.();
    const text = readBlock(source, block, values);
    if (text.syntaxErrors.length > 0 || text.problems.length > 0) return null;
    if (!Array.isArray(text.value) || text.value.length !== block.count) return null;
    for (const device of text.value) devices.push(device);
    values += text.values;
  }

  return { value: { ...top, devices }, syntaxErrors: [], problems, places: () => placesInBlocks(source, cut, outline) };
}

function placesInBlocks(source: string, cut: Cut, outline: YamlText): OffsetOf {
  const inOutline = outline.places();
  let last: { readonly block: Block; readonly offsetOf: OffsetOf } | null = null;
  const offsetInBlock = (path: SettingPath, index: number, on: Problem['on']): number | null => {
    const block = cut.blocks.find(({ first, count }) => index >= first && index < first + count);
    if (block === undefined) return null;
    // Findings come in the order of the devices, so each block is read again once.
    if (last?.block !== block) last = { block, offsetOf: readBlock(source, block, 0).places() };
    const offset = last.offsetOf([index - block.first, ...path.slice(2)], on);
    return offset === null ? null : offset + block.start;
  };
  return (path, on) => {
    const [key, index] = path;
    if (key === 'devices' && typeof index === 'number') return offsetInBlock(path, index, on);
    // In the outline, devices have no value.
    if (key === 'devices' && on === 'value') return source.indexOf('-', cut.blocks[0]?.start);
    const offset = inOutline(path, on);
    return offset === null || offset < cut.start ? offset : offset + (cut.end - cut.start);
  };
}

function readBlock(source: string, block: Block, valuesBefore: number): YamlText {
  return readYaml(source.slice(block.start, block.end), { path: ['devices'], values: valuesBefore });
}
