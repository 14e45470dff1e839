/**
 * A fresh ed25519 key pair in OpenSSH's format. About one in 230 that ssh2 1.17 writes cannot be read back ("Malformed
 * OpenSSH private key", or no public key): those are discarded.
 */
import ssh2 from 'ssh2';

/** Absent: the private key is not encrypted. */
interface Encryption {
  readonly passphrase: string;
  readonly cipher: string;
  readonly rounds: number;
}

const TRIES = 20;

export function newEd25519KeyPair(encryption?: Encryption): { readonly private: string; readonly public: string } {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', encryption);
    if (readable(pair.private, encryption?.passphrase) && readable(pair.public)) return pair;
  }
  throw new Error(`no readable ed25519 key in ${TRIES} tries`);
}

function readable(key: string, passphrase?: string): boolean {
  const parsed = ssh2.utils.parseKey(key, passphrase);
  return !(parsed instanceof Error) && !Array.isArray(parsed);
}
