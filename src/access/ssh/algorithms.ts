/**
 * Which SSH algorithms are offered: `modern`, or `legacy`, which adds at the end those that old IOS needs
 * (group1/group14-sha1 key exchange, CBC ciphers, ssh-rsa host keys, hmac-sha1).
 *
 * ssh2 silently ignores a misspelt option, so the lists are typed and complete; order is preference. The slow key
 * exchanges are last, a group exchange with an unknown prime above all (`group-exchange.ts` bounds it).
 */
import type { Algorithms, CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';

const MODERN_KEX: readonly KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
];
const LEGACY_KEX: readonly KexAlgorithm[] = [
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group-exchange-sha1',
  'diffie-hellman-group1-sha1',
];

const MODERN_HOST_KEYS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];
const LEGACY_HOST_KEYS: readonly ServerHostKeyAlgorithm[] = ['ssh-rsa'];

const MODERN_CIPHERS: readonly CipherAlgorithm[] = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
];
const LEGACY_CIPHERS: readonly CipherAlgorithm[] = ['aes128-cbc', 'aes192-cbc', 'aes256-cbc', '3des-cbc'];

const MODERN_MACS: readonly MacAlgorithm[] = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
];
const LEGACY_MACS: readonly MacAlgorithm[] = ['hmac-sha1'];

/** By profile and known key types: sessions with the same offer share it, and each keeps it as long as it lives. */
const OFFERS = new Map<string, Algorithms>();
const MOST_OFFERS = 64;

/** What ssh2 offers; host key types already known for the host come first, so that the pinned key is asked for. */
export function offeredAlgorithms(profile: 'modern' | 'legacy', knownKeyTypes: readonly string[]): Algorithms {
  const key = [profile, ...knownKeyTypes].join(' ');
  const known = OFFERS.get(key);
  if (known !== undefined) return known;
  const offer = newOffer(profile, knownKeyTypes);
  if (OFFERS.size < MOST_OFFERS) OFFERS.set(key, offer);
  return offer;
}

function newOffer(profile: 'modern' | 'legacy', knownKeyTypes: readonly string[]): Algorithms {
  const legacy = profile === 'legacy';
  const hostKeys = legacy ? [...MODERN_HOST_KEYS, ...LEGACY_HOST_KEYS] : [...MODERN_HOST_KEYS];
  const known = (algorithm: string) => knownKeyTypes.includes(keyTypeOfAlgorithm(algorithm));
  return {
    kex: legacy ? [...MODERN_KEX, ...LEGACY_KEX] : [...MODERN_KEX],
    serverHostKey: [...hostKeys.filter(known), ...hostKeys.filter((algorithm) => !known(algorithm))],
    cipher: legacy ? [...MODERN_CIPHERS, ...LEGACY_CIPHERS] : [...MODERN_CIPHERS],
    hmac: legacy ? [...MODERN_MACS, ...LEGACY_MACS] : [...MODERN_MACS],
    compress: ['none'],
  };
}

/** The signature algorithms `rsa-sha2-*` use keys of type `ssh-rsa` (RFC 8332). */
function keyTypeOfAlgorithm(algorithm: string): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}
