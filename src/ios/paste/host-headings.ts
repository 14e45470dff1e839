/** What tools and people write over the output of each router, in place of a prompt. */
import { hostOfMessage } from '../log/log-host.ts';
import { HOST_MARK } from '../text/debris.ts';
import { isShowCommand, routerInTitle } from '../text/prompt.ts';
import { isMark, type PastedLine } from './pasted-line.ts';

const HEADINGS: readonly RegExp[] = [
  // gm1 | CHANGED | rc=0 >> (Ansible, one command)
  /^([A-Za-z0-9][\w.@:-]{0,62}) \| (?:CHANGED|SUCCESS|FAILED|UNREACHABLE)!?(?: \| rc=-?\d{1,3})? (?:>>|=>)\s*\{?$/,
  // ok: [gm1] => { (Ansible, a task)
  /^(?:ok|changed|fatal|failed|skipping): \[([A-Za-z0-9][\w.@:-]{0,62})(?: -> [^\]]{1,80})?\].{0,200}$/,
  // [1] 10:11:12 [SUCCESS] gm1 (parallel-ssh)
  /^\[\d{1,6}\] \d{2}:\d{2}:\d{2} \[(?:SUCCESS|FAILURE)\] ([A-Za-z0-9][\w.@:-]{0,62})(?: .{0,80})?$/,
  // Host: gm1 / Router name : gm1; `hostname=gm1` is of a certificate
  /^(?:host(?:name)?|router|device)(?: name)? ?: ([A-Za-z0-9][\w.-]{0,62})$/i,
];
// ## gm1 / **gm1** / ### Router: gm1
const MARKDOWN_TITLE = /^(?:#{1,6} +|\*\*)`?([^`*#]{1,80}?)`?:?(?:\*\*:?)?$/;
// gm1: / gm1, before an answer or its command
const ALONE = /^([A-Za-z0-9][\w.-]{0,62}):$/;
const BEGINS_ANSWER =
  /^(?:GROUP INFORMATION$|Key Server Policy:$|Crypto Gdoi Group Name ?:|Group \S{1,128} \((?:Uni|Multi)cast\)|Total group members registered|Group Member Information ?:)/i;

export function withHostHeadings(lines: readonly PastedLine[]): readonly PastedLine[] {
  return lines.map((pasted, index) => {
    const text = isMark(pasted) ? '' : pasted.text.trim();
    const name = text === '' ? null : (toolsHost(text) ?? titleHost(text) ?? hostAlone(text, lines, index));
    return name === null ? pasted : { text: `${HOST_MARK}${name}`, line: pasted.line };
  });
}

function toolsHost(text: string): string | null {
  for (const heading of HEADINGS) {
    const name = heading.exec(text)?.[1];
    if (name !== undefined) return name;
  }
  return null;
}

function titleHost(text: string): string | null {
  const title = MARKDOWN_TITLE.exec(text)?.[1];
  return title === undefined || isShowCommand(title) ? null : routerInTitle(title);
}

function hostAlone(text: string, lines: readonly PastedLine[], index: number): string | null {
  const name = ALONE.exec(text)?.[1];
  if (name === undefined) return null;
  const next = lines.slice(index + 1, index + 4).find((pasted) => !isMark(pasted) && pasted.text.trim() !== '');
  const behind = next?.text.trim() ?? '';
  return BEGINS_ANSWER.test(behind) || isShowCommand(behind) ? name : null;
}

/**
 * The messages of each router of a log file together, where lines of several stand among each other: each with the
 * number of its line.
 */
export function byHostOfMessage(lines: readonly PastedLine[]): readonly PastedLine[] {
  const result: PastedLine[] = [];
  let hosts = new Map<string, PastedLine[]>();
  let last: PastedLine[] | null = null;
  const close = (line: number) => {
    for (const [host, own] of hosts) {
      result.push({ text: `${HOST_MARK}${host}${HOST_MARK}`, line: own[0]?.line ?? line });
      for (const each of own) result.push(each);
    }
    if (hosts.size > 0) result.push({ text: `${HOST_MARK}${HOST_MARK}`, line });
    hosts = new Map();
    last = null;
  };
  for (const pasted of lines) {
    const host = isMark(pasted) ? null : hostOfMessage(pasted.text.trim());
    if (host !== null) {
      last = hosts.get(host) ?? [];
      hosts.set(host, last);
      last.push(pasted);
    } else if (last !== null && isOfMessage(pasted)) last.push(pasted);
    else {
      if (hosts.size > 0) close(pasted.line);
      result.push(pasted);
    }
  }
  close(lines.at(-1)?.line ?? 0);
  return result;
}

// -Traceback= 1#abc / a banner's line, indented
const OF_MESSAGE = /^(?:-|\s+\S)/;

function isOfMessage(pasted: PastedLine): boolean {
  return !isMark(pasted) && OF_MESSAGE.test(pasted.text);
}
