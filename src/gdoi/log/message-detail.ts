/**
 * What a message is about beside its group: the interface of a link, the addresses of a peer, the pseudotimes of an
 * anti-replay check, whom a packet came from. Short, since it is kept.
 */
import type { LogMessage } from '../seen/device-facts.ts';
import { messageMeaning } from './known-messages.ts';
import type { LogProof } from './message-meaning.ts';

const MAX_DETAIL_CHARS = 112;

export interface LinkChange {
  readonly proof: 'interface_down' | 'interface_up';
  readonly interface: string;
}

// LINEPROTO-5-UPDOWN, LINK-3-UPDOWN, LINK-5-CHANGED: Line protocol on Interface Serial1/0, changed state to down
const LINK_TEXT = /\binterface ([A-Za-z][\w./:-]{1,47}), changed state to (?:administratively )?(down|up)\b/iu;
const OF_A_LINK: ReadonlySet<string> = new Set(['LINEPROTO', 'LINK']);

/** null: no such message. */
export function linkChange({ facility, mnemonic, text }: LogMessage): LinkChange | null {
  const match = OF_A_LINK.has(facility) && messageMeaning(facility, mnemonic) !== null ? LINK_TEXT.exec(text) : null;
  const [, name, state] = match ?? [];
  if (name === undefined || state === undefined) return null;
  return { proof: state.toLowerCase() === 'up' ? 'interface_up' : 'interface_down', interface: name };
}

/** Proofs whose message is of use only with the peer it names. */
const OF_A_PEER: ReadonlySet<LogProof> = new Set<LogProof>(['refused', 'ike_failed', 'ejected', 'invalid_spi']);

export function detailOf(proof: LogProof, text: string): string {
  if (proof === 'replay') return [pseudotimes(text), source(text)].filter((part) => part !== '').join(', ');
  if (proof === 'not_ipsec') return source(text);
  return OF_A_PEER.has(proof) ? addressesIn(text).join(', ').slice(0, MAX_DETAIL_CHARS) : '';
}

// my_pseudotime = 418066.93 secs, peer_pseudotime = 418052.71 secs, replay_window = 4 (sec)
const PSEUDOTIME = /\b(my_pseudotime|peer_pseudotime|replay_window)[ :=]{1,4}(\d{1,12}(?:\.\d{1,3})?)/giu;
const PSEUDOTIME_WORDS: ReadonlyMap<string, string> = new Map([
  ['my_pseudotime', 'own'],
  ['peer_pseudotime', 'peer'],
  ['replay_window', 'window'],
]);

function pseudotimes(text: string): string {
  const shown = [...text.matchAll(PSEUDOTIME)].flatMap(([, name = '', value = '']) => {
    const word = PSEUDOTIME_WORDS.get(name.toLowerCase());
    return word === undefined ? [] : [`${word} ${value} s`];
  });
  return shown.length < 2 ? '' : `pseudotime ${shown.join(', ')}`;
}

// src_ip = 198.51.100.9, dst_ip = 198.51.100.7 / srcaddr=198.51.100.9 / src_addr= 10.9.9.9, prot= 1
const SOURCE = /\bsrc_?(?:ip|addr)[ =:]{1,4}([\da-f.:]{2,45})/iu;

/** Where a packet came from; empty: the text names no address there. */
function source(text: string): string {
  const [from] = addressesIn(SOURCE.exec(text)?.[1] ?? '');
  return from === undefined ? '' : `from ${from}`;
}

const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}$/u;
const IPV6 = /^[\da-f:]{2,39}(?:\.\d{1,3}){0,3}$/iu;
const LABEL = /^[a-z_]{1,20}:(?=(?:\d{1,3}\.){3})/iu;
const MAX_ADDRESSES = 3;

/** The eight groups of an IPv6 address, however it is shortened; others as they are. */
function canonical(address: string): string {
  const lower = address.toLowerCase();
  const [head = '', tail] = lower.split('::');
  if (!lower.includes(':') || lower.includes('.')) return lower;
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => group.replace(/^0+(?=.)/u, '')));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  return [...first, ...Array.from({ length: zeros }, () => '0'), ...last].join(':');
}

export function isSameAddress(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

/** Addresses in the order in which a text names them, each once; as printed, IPv6 in lower case. */
export function addressesIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const word of text.split(/[\s,;()[\]="'/]+/u)) {
    // remote:192.0.2.1
    const bare = word.replace(/(?<![.:])[.:]+$/u, '').replace(LABEL, '');
    const isAddress = IPV4.test(bare) || (IPV6.test(bare) && (bare.includes('::') || bare.split(':').length === 8));
    if (isAddress && found.size < MAX_ADDRESSES) found.add(bare.toLowerCase());
  }
  return [...found];
}
