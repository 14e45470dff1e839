/**
 * A command shows each group once. Where a group's heading comes again, another router's answer to the same command
 * follows, or the same router's next one, without a prompt between them.
 */

/** Each is printed once for a group, by one command; `next`: what the line behind it must be. */
const HEADINGS: readonly { readonly heading: RegExp; readonly next?: RegExp }[] = [
  // Group Name : WAN, of `show crypto gdoi`; lists of members print it as well
  {
    heading: /^Group Name ?:? {0,40}: ?(\S{1,128})(?: {1,8}\((?:Unicast|Multicast)\))?$/i,
    next: /^(?:Group Identity|Re-auth on new CRL)\b/i,
  },
  { heading: /^(?:Group|For group) (\S{1,128}) \((?:Unicast|Multicast|handle)\b/i },
  { heading: /^(?:Group Member|Key Server) Information For Group (\S{1,128}?):$/i },
  { heading: /^Crypto Gdoi Group Name ?: ?(\S{1,128})$/i },
  { heading: /^(?:Anti-replay Information|Data-plane statistics) for group (\S{1,128}?):?$/i },
  { heading: /^Number of rekeys sent for group (\S{1,128}) ?:/i },
];

const DIGITS = /\d+/g;

export class RepeatedHeading {
  readonly #seen = new Set<string>();
  /** How many lines stood before the first heading. */
  #before: number | null = null;

  /** After a line was added to `lines`: where the next answer begins among them; null: none does. */
  begins(lines: readonly string[]): number | null {
    for (const [kind, { heading, next }] of HEADINGS.entries()) {
      const at = lines.length - (next === undefined ? 1 : 2);
      const group = at < 0 ? undefined : heading.exec(lines[at] ?? '')?.[1];
      if (group === undefined || next?.test(lines.at(-1) ?? '') === false) continue;
      const key = `${kind} ${group}`;
      if (this.#seen.has(key)) return at - titlesBefore(lines, at, this.#before ?? 0);
      this.#seen.add(key);
      this.#before ??= at;
    }
    return null;
  }
}

/** The lines with which the first answer began, again before the next: `GROUP INFORMATION`. */
function titlesBefore(lines: readonly string[], at: number, first: number): number {
  let count = 0;
  while (count < first && isSame(lines[at - 1 - count], lines[first - 1 - count])) count += 1;
  return count;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one?.replace(DIGITS, '0') === other?.replace(DIGITS, '0');
}
