/**
 * Which hosts a list of prefixes, addresses and names covers. A name is compared as it is written; DNS is not asked.
 */
import { BlockList, isIP } from 'node:net';

export interface AddressRanges {
  includes(host: string): boolean;
}

/** `192.0.2.0/24`, `2001:db8::/32`, an address, `router1.example.net` or `*.example.net`; null for anything else. */
export function parseAddressRange(
  text: string,
): ((list: BlockList) => void) | { readonly isNamed: (host: string) => boolean } | null {
  const [address = '', length, ...more] = text.split('/');
  const version = isIP(address);
  const family = version === 6 ? 'ipv6' : 'ipv4';
  const bits = version === 6 ? 128 : 32;
  if (version !== 0) {
    const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
    return more.length === 0 && prefix <= bits ? (list) => list.addSubnet(address, prefix, family) : null;
  }
  const name = /^(\*\.)?((?:[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\.){0,10}[A-Za-z0-9_][A-Za-z0-9_-]{0,62})$/.exec(text);
  if (name === null || /^[\d.]+$/.test(text)) return null;
  const [, anyBelow, suffix = ''] = name;
  return { isNamed: anyBelow === undefined ? isName(suffix) : isBelow(suffix) };
}

function isName(name: string): (host: string) => boolean {
  return (host) => withoutRoot(host) === name.toLowerCase();
}

/** Any number of further labels, none of them empty. */
function isBelow(suffix: string): (host: string) => boolean {
  const end = `.${suffix.toLowerCase()}`;
  return (host) => {
    const name = withoutRoot(host);
    return (
      name.endsWith(end) &&
      name
        .slice(0, -end.length)
        .split('.')
        .every((label) => label !== '')
    );
  };
}

/** `router1.example.net.` is `router1.example.net`, in any case. */
function withoutRoot(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

/** Each as `parseAddressRange` takes it. */
export function addressRanges(texts: readonly string[]): AddressRanges {
  const list = new BlockList();
  const names: ((host: string) => boolean)[] = [];
  for (const text of texts) {
    const range = parseAddressRange(text);
    if (typeof range === 'function') range(list);
    else if (range !== null) names.push(range.isNamed);
  }
  return {
    includes(host) {
      const version = isIP(host);
      if (version !== 0) return list.check(host, version === 6 ? 'ipv6' : 'ipv4');
      return names.some((isNamed) => isNamed(host));
    },
  };
}
