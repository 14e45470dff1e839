/**
 * A user of SNMPv3's security model (RFC 3414; AES: RFC 3826; longer digests: RFC 7860): its keys for any engine, and
 * what is done with them. Secrets stay inside.
 *
 * The costly part of a key, a hash over a megabyte of the repeated password, is computed once; an engine ID adds one
 * short hash. So nobody can make the agent work by naming engines. AES-192 and AES-256 with digests shorter than their
 * key (Reeder's extension, which Cisco uses) need the long hash per engine: that key is computed only for an authentic
 * message.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SnmpCredential } from '../../device-snmp.ts';
import type { UsmDatagram } from './snmp-datagram.ts';

export type UsmCredential = Extract<SnmpCredential, { version: 3 }>;
type AuthProtocol = NonNullable<UsmCredential['auth']>['protocol'];
type PrivacyProtocol = NonNullable<UsmCredential['privacy']>['protocol'];

const PASSWORD_OCTETS = 1_048_576;
const SALT_OCTETS = 8;
const MAX_PRIVACY_KEYS = 10_000;

const AUTH: Readonly<Record<AuthProtocol, { readonly hash: string; readonly digestOctets: number }>> = {
  md5: { hash: 'md5', digestOctets: 12 },
  sha: { hash: 'sha1', digestOctets: 12 },
  sha224: { hash: 'sha224', digestOctets: 16 },
  sha256: { hash: 'sha256', digestOctets: 24 },
  sha384: { hash: 'sha384', digestOctets: 32 },
  sha512: { hash: 'sha512', digestOctets: 48 },
};
const PRIVACY: Readonly<Record<PrivacyProtocol, { readonly cipher: string; readonly keyOctets: number }>> = {
  aes128: { cipher: 'aes-128-cfb', keyOctets: 16 },
  aes192: { cipher: 'aes-192-cfb', keyOctets: 24 },
  aes256: { cipher: 'aes-256-cfb', keyOctets: 32 },
};

export class UsmUser {
  readonly name: string;
  readonly authenticates: boolean;
  readonly encrypts: boolean;
  readonly #auth: { readonly hash: string; readonly digestOctets: number; readonly key: Buffer } | null;
  readonly #privacy: { readonly cipher: string; readonly keyOctets: number; readonly key: Buffer } | null;
  /** By engine ID; only for engines that have proved the authentication key. */
  readonly #privacyKeys = new Map<string, Buffer>();

  constructor({ username, auth, privacy }: UsmCredential) {
    this.name = username;
    this.#auth =
      auth === null
        ? null
        : { ...AUTH[auth.protocol], key: longHash(AUTH[auth.protocol].hash, Buffer.from(auth.password.reveal())) };
    // Without authentication there is no privacy: its keys are made with the same hash.
    this.#privacy =
      auth === null || privacy === null
        ? null
        : {
            ...PRIVACY[privacy.protocol],
            key: longHash(AUTH[auth.protocol].hash, Buffer.from(privacy.password.reveal())),
          };
    this.authenticates = this.#auth !== null;
    this.encrypts = this.#privacy !== null;
  }

  /** Whether the message was made with this user's password. `bytes` are unchanged when it returns. */
  isAuthentic({ bytes, digest, engineId }: UsmDatagram): boolean {
    if (digest.length !== this.#auth?.digestOctets) return false;
    const given = Buffer.from(digest);
    digest.fill(0);
    const expected = this.digest(bytes, engineId);
    given.copy(digest);
    return timingSafeEqual(expected, given);
  }

  get digestOctets(): number {
    return this.#auth?.digestOctets ?? 0;
  }

  /** The digest of a message whose digest field is zero. */
  digest(bytes: Buffer, engineId: Buffer): Buffer {
    if (this.#auth === null) throw new Error('a user without authentication');
    const key = localKey(this.#auth.hash, this.#auth.key, engineId);
    return createHmac(this.#auth.hash, key).update(bytes).digest().subarray(0, this.#auth.digestOctets);
  }

  /** The scoped PDU of an authentic message; null: there is no key or no salt for it. A wrong key gives nonsense. */
  decrypt(datagram: UsmDatagram): Buffer | null {
    if (this.#privacy === null || datagram.salt.length !== SALT_OCTETS) return null;
    const key = this.#privacyKey(datagram.engineId);
    const decipher = createDecipheriv(this.#privacy.cipher, key, initialVector(datagram, datagram.salt));
    return Buffer.concat([decipher.update(datagram.scoped), decipher.final()]);
  }

  /** As long as the plain octets. */
  encrypt(plain: Buffer, datagram: UsmDatagram, salt: Buffer): Buffer {
    if (this.#privacy === null) throw new Error('a user without privacy');
    const key = this.#privacyKey(datagram.engineId);
    const cipher = createCipheriv(this.#privacy.cipher, key, initialVector(datagram, salt));
    return Buffer.concat([cipher.update(plain), cipher.final()]);
  }

  #privacyKey(engineId: Buffer): Buffer {
    if (this.#auth === null || this.#privacy === null) throw new Error('a user without privacy');
    const engine = engineId.toString('hex');
    const known = this.#privacyKeys.get(engine);
    if (known !== undefined) return known;
    const { hash } = this.#auth;
    const { keyOctets, key } = this.#privacy;
    let local = localKey(hash, key, engineId);
    for (let last = local; local.length < keyOctets; local = Buffer.concat([local, last])) {
      last = localKey(hash, longHash(hash, last), engineId);
    }
    const privacyKey = local.subarray(0, keyOctets);
    if (this.#privacyKeys.size >= MAX_PRIVACY_KEYS) this.#privacyKeys.clear();
    this.#privacyKeys.set(engine, privacyKey);
    return privacyKey;
  }
}

/** RFC 3414, A.2: the hash of the password repeated to a megabyte. */
function longHash(hash: string, password: Buffer): Buffer {
  return createHash(hash).update(Buffer.alloc(PASSWORD_OCTETS, password)).digest();
}

function localKey(hash: string, key: Buffer, engineId: Buffer): Buffer {
  return createHash(hash).update(key).update(engineId).update(key).digest();
}

/** RFC 3826, 3.1.2.1. */
function initialVector({ engineBoots, engineTimeSeconds }: UsmDatagram, salt: Buffer): Buffer {
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(engineBoots, 0);
  vector.writeUInt32BE(engineTimeSeconds, 4);
  salt.copy(vector, 8);
  return vector;
}
