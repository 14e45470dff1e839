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

const GDOI: Words = {
  detail: END,
  group: { '*': END },
  feature: ANY,
  gm: {
    acl: { local: END, download: END },
    dataplane: { counters: END },
    identifier: { detail: END },
    pubkey: END,
    rekey: { detail: END },
    replay: END,
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
  },
  rekey: { sa: { detail: END } },
};

/** `ca` is how releases before 12.3(7)T spell `pki`. */
const CERTIFICATES: Words = { certificates: END };

const SHOW: Words = {
  version: END,
  clock: { detail: END },
  logging: END,
  crypto: { gdoi: GDOI, gkm: GDOI, pki: CERTIFICATES, ca: CERTIFICATES },
};

const MAX_WORDS = 10;

/** What stands where a command line should: its canonical spelling, or null when it is none of ours. */
export function canonicalCommand(typed: string): string | null {
  const bar = typed.indexOf('|');
  const words = (bar < 0 ? typed : typed.slice(0, bar)).trim().toLowerCase().split(/\s+/);
  const kept = (bar < 0 ? typed : typed.slice(0, bar)).trim().split(/\s+/);
  if (words.length < 2 || words.length > MAX_WORDS || !isBeginningOf(words[0], 'show', 2)) return null;
  const spelled = ['show'];
  let level = SHOW;
  for (let i = 1; i < words.length; i++) {
    const next = nextWord(level, words[i] ?? '', kept[i] ?? '');
    if (next === null) return null;
    spelled.push(next.spelled);
    level = next.level;
  }
  return spelled.length > 2 || spelled[1] !== 'crypto' ? spelled.join(' ') : null;
}

/** The grammar's name for a canonical command: without free words, and `gdoi` for `gkm`. */
export function grammarName(command: string): string {
  const words = command.split(' ');
  const kept: string[] = [];
  let level: Words = { show: SHOW };
  for (const word of words) {
    const next = Object.hasOwn(level, word) ? level[word] : undefined;
    if (next !== undefined) kept.push(word === 'gkm' ? 'gdoi' : word);
    level = next ?? (Object.hasOwn(level, '*') ? level['*'] : undefined) ?? END;
  }
  return kept.join(' ');
}

function nextWord(level: Words, word: string, asTyped: string): { spelled: string; level: Words } | null {
  const exact = word !== '*' && Object.hasOwn(level, word) ? level[word] : undefined;
  if (exact !== undefined) return { spelled: word, level: exact };
  const matches = Object.keys(level).filter((known) => known !== '*' && isBeginningOf(word, known, 1));
  const only = matches[0];
  const free = level['*'];
  if (only !== undefined && matches.length === 1) return { spelled: only, level: level[only] ?? END };
  return free === undefined || FREE_WORD.exec(asTyped) === null ? null : { spelled: asTyped, level: free };
}

// getvpn1, 198.51.100.42, 2001:DB8::1
const FREE_WORD = /^[\w.:/-]{1,128}$/;

function isBeginningOf(word: string | undefined, known: string, least: number): boolean {
  return word !== undefined && word.length >= least && known.startsWith(word);
}
