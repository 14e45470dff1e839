/**
 * Text inside other text: JSON strings (`"stdout": "GROUP INFORMATION\\n..."` of automation tools), and mail whose body
 * is quoted-printable or base64.
 */

import { parseLogMessage } from '../log/log-message.ts';
import { canonicalCommand } from '../text/command-name.ts';
import { HOST_MARK } from '../text/debris.ts';
import { routerInTitle } from '../text/prompt.ts';

const MAX_STRINGS = 10_000;

/** The strings of a JSON document that have lines in them; null: it is no such document. */
export function textInJson(text: string): string | null {
  const first = text.trimStart()[0];
  if (first !== '{' && first !== '[' && first !== '"') return null;
  const strings = linesInJson(text);
  return strings === null || strings.length === 0 ? null : strings.join('\n');
}

// ok: [gm1] => {"stdout": ["..."]}, in one line or in several; a closing brace at its beginning ends them
const TASK = /^(ok|changed|fatal|failed): (\[[^\]\n]{1,160}\][^\n{]{0,200}=> )(\{.*\}|\{\n(?:[ \t"].*\n)*\})$/gm;

/** What a task of Ansible printed: its heading, and the lines in its JSON. */
export function textInTasks(text: string): string {
  if (!text.includes('] => {')) return text;
  return text.replace(TASK, (task, word: string, heading: string, json: string) => {
    const strings = linesInJson(json);
    return strings === null || strings.length === 0 ? task : `${word}: ${heading.trimEnd()}\n${strings.join('\n')}`;
  });
}

function linesInJson(text: string): readonly string[] | null {
  const value = parsed(text) ?? records(text);
  return value === null ? null : linedStrings(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** JSON Lines: what a log search exports. */
function records(text: string): unknown {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < 2 || !lines.every((line) => line.startsWith('{'))) return null;
  const values = lines.map(parsed);
  return values.includes(null) ? null : values;
}

const HOST_KEYS = ['host', 'hostname', 'device', 'device_name', 'inventory_hostname', 'router'] as const;
/** Of anything, so that the value must look like a router's name. */
const NAME_KEYS = ['name', 'node', 'target'] as const;
const HOST = /^[A-Za-z0-9][\w.-]{0,62}$/;

interface Found {
  readonly value: unknown;
  /** The key that it stands under. */
  readonly key: string;
}

/** In order, with the router and the command that the document names beside or above a text. */
function linedStrings(root: unknown): readonly string[] {
  const found: string[] = [];
  const left: Found[] = [{ value: root, key: '' }];
  while (left.length > 0 && found.length < MAX_STRINGS) {
    const { value, key } = left.pop() ?? { value: null, key: '' };
    const text = textOf(value);
    const heading = text !== null || typeof value === 'object' ? headingOf(key, value) : null;
    if (heading !== null) found.push(heading);
    if (text !== null) found.push(text);
    else if (Array.isArray(value)) for (const each of value.toReversed()) left.push({ value: each, key });
    else if (typeof value === 'object' && value !== null) {
      const names = new Set(Object.keys(value));
      const inner = Object.entries(value).filter(([name]) => !isLinesOfAnother(name, names));
      for (const [name, each] of inner.toReversed()) left.push({ value: each, key: name });
    }
  }
  return found.some((each) => !each.startsWith(HOST_MARK)) ? found : [];
}

/** A text with line breaks, a list of its lines, or a log message. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value.includes('\n') || parseLogMessage(value) !== null ? value : null;
  if (!Array.isArray(value) || value.length < 2 || !value.every((line) => typeof line === 'string')) return null;
  return value.some((line: string) => line.includes('\n')) ? null : `${value.join('\n')}\n`;
}

/** Ansible shows `stdout` a second time as `stdout_lines`. */
function isLinesOfAnother(name: string, names: ReadonlySet<string>): boolean {
  return name.endsWith('_lines') && names.has(name.slice(0, -'_lines'.length));
}

/** Of the fields of an object; null: none names a router. */
function hostIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const named = (key: string): string | null => {
    const name: unknown = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
    return typeof name === 'string' && HOST.test(name) ? name : null;
  };
  for (const key of HOST_KEYS) if (named(key) !== null) return named(key);
  return NAME_KEYS.map(named).find((name) => name !== null && routerInTitle(name) !== null) ?? null;
}

/** `{"gm1": "..."}` names a router, `{"show crypto gdoi": "..."}` a command, `{"stdout": "..."}` neither. */
function headingOf(key: string, value: unknown): string | null {
  const isObject = typeof value === 'object' && !Array.isArray(value);
  if (canonicalCommand(key) !== null) return isObject ? null : key;
  const name = hostIn(value) ?? (HOST.test(key) && !Array.isArray(value) ? routerInTitle(key) : null);
  return name === null ? null : `${HOST_MARK}${name}`;
}

const LEAST_BREAKS = 2;
const ESCAPED_BREAK = /(?:\\r)?\\n/g;
// "stdout": "GROUP INFORMATION / b'gm1#show clock
const BEFORE_STRING = /^\s{0,40}(?:["']?[\w.-]{1,40}["']?\s?[:=]\s?)?b?["'](?=[^"'])/;
const AFTER_STRING = /["'][,)\]}]{0,4}\s*$/;

/** A string in the words of a program, `b'gm1#show clock\\r\\n10:11...'`: its escaped breaks are those of the lines. */
export function withBreaks(text: string): string {
  if (!text.includes('\\n')) return text;
  return text
    .split('\n')
    .map((line) => {
      if ((line.match(ESCAPED_BREAK) ?? []).length < LEAST_BREAKS) return line;
      const quoted = BEFORE_STRING.test(line);
      const bare = quoted ? line.replace(BEFORE_STRING, '').replace(AFTER_STRING, '') : line;
      return bare
        .replace(ESCAPED_BREAK, '\n')
        .replace(/\\(["'])/g, '$1')
        .replace(/\\t/g, ' ');
    })
    .join('\n');
}

const QUOTED_PRINTABLE = /^content-transfer-encoding: *quoted-printable/im;
const BASE64 = /^content-transfer-encoding: *base64/im;
const SOFT_BREAK = /=[ \t]{0,4}\r?\n/g;
const OCTETS = /(?:=[0-9A-F]{2}){1,64}/gi;
const BASE64_BLOCK = /(?:^[A-Za-z0-9+/]{40,100}\r?\n)+(?:[A-Za-z0-9+/]{0,99}={0,2}\r?\n?)?/gm;

/** A mail's body as it was written; a mail that needs nothing, and any other text, stays as it is. */
export function decodedMail(text: string): string {
  if (QUOTED_PRINTABLE.test(text)) {
    return text.replace(SOFT_BREAK, '').replace(OCTETS, (octets) => {
      const bytes = octets
        .slice(1)
        .split('=')
        .map((hex) => Number.parseInt(hex, 16));
      return new TextDecoder().decode(Uint8Array.from(bytes));
    });
  }
  if (!BASE64.test(text)) return text;
  return text.replace(BASE64_BLOCK, (block) => {
    const binary = decodedBase64(block.replaceAll(/\s/g, ''));
    if (binary === null) return block;
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return `${new TextDecoder().decode(bytes)}\n`;
  });
}

function decodedBase64(encoded: string): string | null {
  try {
    return atob(encoded);
  } catch {
    return null;
  }
}
