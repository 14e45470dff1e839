/**
 * The canonical spelling of a command as someone typed it: `sh cry gdoi ks mem` is `show crypto gdoi ks members`.
 *
 * IOS takes any unambiguous beginning of a word. The tree below holds the commands this room reads; free words (group
 * names, addresses) are kept as typed. What is not in the tree has no canonical name here.
 */

interface Words {
  readonly [word: string]: Words;
}

const END: Words = {};
/** `*` stands for a free word. */
const ANY: Words = { '*': END };
/** `**` stands for whatever follows: words that choose among the same lines. */
const REST: Words = { '**': END };

const OF_GROUP: Words = {
  detail: END,
  feature: ANY,
  gm: {
    acl: { local: END, download: END },
    dataplane: { counters: END },
    identifier: { detail: END },
    pubkey: END,
    rekey: { detail: END },
    replay: { counters: END },
  },
  ipsec: { sa: END },
  ks: {
    acl: END,
    coop: { detail: END, identifier: { detail: END }, version: END },
    detail: END,
    identifier: { detail: END },
    members: { '*': END, summary: END },
    policy: END,
    rekey: END,
    replay: END,
  },
  rekey: { sa: { detail: END } },
};

const GDOI: Words = { ...OF_GROUP, group: { '*': OF_GROUP } };

/** `ca` is how releases before 12.3(7)T spell `pki`. */
const CERTIFICATES: Words = {
  certificates: { verbose: END, '*': { verbose: END } },
};

const SHOW: Words = {
  version: REST,
  clock: { detail: END },
  logging: REST,
  ntp: { status: END },
  processes: { cpu: REST },
  crypto: {
    gdoi: GDOI,
    gkm: GDOI,
    pki: CERTIFICATES,
    ca: CERTIFICATES,
    isakmp: { sa: REST },
    ikev2: { sa: REST },
    ipsec: { sa: REST },
  },
};

const MAX_WORDS = 10;
/** Each line of a paste is asked about, and few of them are commands. */
const SHOW_PERHAPS = /^\s*sh/i;

/** What stands where a command line should: its canonical spelling, or null when it is none of ours. */
export function canonicalCommand(typed: string): string | null {
  if (!SHOW_PERHAPS.test(typed)) return null;
  const bar = typed.indexOf('|');
  const kept = (bar < 0 ? typed : typed.slice(0, bar)).trim().split(/\s+/);
  const words = kept.map((word) => word.toLowerCase());
  if (words.length < 2 || words.length > MAX_WORDS || !isBeginningOf(words[0], 'show', 2)) return null;
  const spelled = ['show'];
  let level = SHOW;
  for (let i = 1; i < words.length; i++) {
    const next = nextWord(level, words[i] ?? '', kept[i] ?? '');
    if (next === null) {
      if (level['**'] === undefined || !kept.slice(i).every((word) => FREE_WORD.test(word))) return null;
      for (const word of kept.slice(i)) spelled.push(word);
      break;
    }
    spelled.push(next.spelled);
    level = next.level;
  }
  return spelled.length > 2 || !NEEDS_MORE.has(spelled[1] ?? '') ? spelled.join(' ') : null;
}

/** No command by themselves. */
const NEEDS_MORE: ReadonlySet<string> = new Set(['crypto', 'ntp']);

/**
 * The grammar's name for a canonical command: without free words, `gdoi` for `gkm`, and without the group that the
 * other words narrow down (`show crypto gdoi group G1 ks members`).
 */
export function grammarName(command: string): string {
  const kept: string[] = [];
  let level: Words = { show: SHOW };
  for (const word of command.split(' ')) {
    const next = Object.hasOwn(level, word) ? level[word] : undefined;
    if (next !== undefined) kept.push(word === 'gkm' ? 'gdoi' : word);
    level = next ?? (Object.hasOwn(level, '*') ? level['*'] : undefined) ?? END;
  }
  return kept.length > 4 && kept[3] === 'group' ? kept.toSpliced(3, 1).join(' ') : kept.join(' ');
}

/** The group that the command itself names, `show crypto gdoi group G1`; null: none. */
export function groupOfCommand(command: string): string | null {
  const words = command.split(' ');
  return words[1] === 'crypto' && words[3] === 'group' ? (words[4] ?? null) : null;
}

function nextWord(level: Words, word: string, asTyped: string): { spelled: string; level: Words } | null {
  const exact = !word.startsWith('*') && Object.hasOwn(level, word) ? level[word] : undefined;
  if (exact !== undefined) return { spelled: word, level: exact };
  const matches = Object.keys(level).filter((known) => !known.startsWith('*') && isBeginningOf(word, known, 1));
  const only = matches[0];
  const free = level['*'];
  if (only !== undefined && matches.length === 1) return { spelled: only, level: level[only] ?? END };
  return free === undefined || FREE_WORD.exec(asTyped) === null ? null : { spelled: asTyped, level: free };
}

// WAN, 198.51.100.42, 2001:DB8::1
const FREE_WORD = /^(?=[\w.:/])[\w.:/-]{1,128}$/;

function isBeginningOf(word: string | undefined, known: string, least: number): boolean {
  return word !== undefined && word.length >= least && known.startsWith(word);
}
