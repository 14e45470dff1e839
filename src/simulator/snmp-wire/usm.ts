/**
 * The user-based security model (RFC 3414, 3826, 7860): keys of a user at one engine, digests and encryption.
 *
 * AES-256 keys are lengthened as Cisco does (Reeder's draft): the key is hashed again as if it were a password.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SnmpUser {
  readonly name: string;
  readonly auth?: { readonly protocol: AuthProtocol; readonly password: string };
  /** Needs `auth`. */
  readonly privacy?: { readonly protocol: PrivacyProtocol; readonly password: string };
}

/** Digests are cut to these lengths (RFC 3414, RFC 7860). */
const AUTH = {
  md5: { hash: 'md5', digestOctets: 12 },
  sha: { hash: 'sha1', digestOctets: 12 },
  sha224: { hash: 'sha224', digestOctets: 16 },
  sha256: { hash: 'sha256', digestOctets: 24 },
  sha384: { hash: 'sha384', digestOctets: 32 },
  sha512: { hash: 'sha512', digestOctets: 48 },
} as const;

const PRIVACY = {
  aes128: { cipher: 'aes-128-cfb', keyOctets: 16 },
  aes256: { cipher: 'aes-256-cfb', keyOctets: 32 },
} as const;

type AuthProtocol = keyof typeof AUTH;
type PrivacyProtocol = keyof typeof PRIVACY;

/** Octets of password that are hashed (RFC 3414, A.2). */
const EXPANDED_PASSWORD = 1_048_576;
/** Key of a password before it is bound to an engine: 2 ms of hashing, so made once for each process. */
const masterKeys = new Map<string, Buffer>();

function masterKey(hash: string, password: Buffer): Buffer {
  const name = `${hash} ${password.toString('base64')}`;
  const known = masterKeys.get(name);
  if (known !== undefined) return known;
  const key = createHash(hash).update(Buffer.alloc(EXPANDED_PASSWORD, password)).digest();
  masterKeys.set(name, key);
  return key;
}

function localized(hash: string, key: Buffer, engineId: Buffer): Buffer {
  return createHash(hash).update(key).update(engineId).update(key).digest();
}

export interface EngineInstant {
  readonly boots: number;
  readonly timeSeconds: number;
}

/** A user's keys at one engine. */
export class LocalizedUser {
  readonly user: SnmpUser;
  readonly engineId: Buffer;
  readonly #authKey: Buffer;
  readonly #privacyKey: Buffer;

  constructor(user: SnmpUser, engineId: Buffer) {
    this.user = user;
    this.engineId = engineId;
    this.#authKey = user.auth === undefined ? NOTHING : keyOf(user.auth.protocol, user.auth.password, engineId);
    this.#privacyKey =
      user.auth === undefined || user.privacy === undefined
        ? NOTHING
        : lengthened(user.auth.protocol, keyOf(user.auth.protocol, user.privacy.password, engineId), engineId).subarray(
            0,
            PRIVACY[user.privacy.protocol].keyOctets,
          );
  }

  get digestOctets(): number {
    return this.user.auth === undefined ? 0 : AUTH[this.user.auth.protocol].digestOctets;
  }

  /** The digest of a message whose digest field is zeroed. */
  digest(message: Buffer): Buffer {
    if (this.user.auth === undefined) return NOTHING;
    const { hash, digestOctets } = AUTH[this.user.auth.protocol];
    return createHmac(hash, this.#authKey).update(message).digest().subarray(0, digestOctets);
  }

  /** Whether the message, as received, has the right digest at `offset`. */
  authentic(message: Buffer, offset: number, digest: Buffer): boolean {
    if (digest.length !== this.digestOctets) return false;
    const zeroed = Buffer.from(message);
    zeroed.fill(0, offset, offset + digest.length);
    return timingSafeEqual(this.digest(zeroed), digest);
  }

  encrypt(plain: Buffer, at: EngineInstant, salt: Buffer): Buffer {
    const cipher = createCipheriv(this.#cipher(), this.#privacyKey, initialVector(at, salt));
    return Buffer.concat([cipher.update(plain), cipher.final()]);
  }

  decrypt(encrypted: Buffer, at: EngineInstant, salt: Buffer): Buffer {
    const decipher = createDecipheriv(this.#cipher(), this.#privacyKey, initialVector(at, salt));
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  }

  #cipher(): string {
    if (this.user.privacy === undefined) throw new Error(`${this.user.name} has no privacy`);
    return PRIVACY[this.user.privacy.protocol].cipher;
  }
}

const NOTHING = Buffer.alloc(0);
/** The salt is the second half of the initial vector (RFC 3826, 3.1.2.1). */
export const SALT_OCTETS = 8;

function keyOf(protocol: AuthProtocol, password: string, engineId: Buffer): Buffer {
  const { hash } = AUTH[protocol];
  return localized(hash, masterKey(hash, Buffer.from(password, 'utf8')), engineId);
}

function lengthened(protocol: AuthProtocol, key: Buffer, engineId: Buffer): Buffer {
  if (key.length >= PRIVACY.aes256.keyOctets) return key;
  const { hash } = AUTH[protocol];
  const expanded = createHash(hash).update(Buffer.alloc(EXPANDED_PASSWORD, key)).digest();
  return Buffer.concat([key, localized(hash, expanded, engineId)]);
}

function initialVector(at: EngineInstant, salt: Buffer): Buffer {
  const vector = Buffer.alloc(16);
  vector.writeUInt32BE(at.boots >>> 0, 0);
  vector.writeUInt32BE(at.timeSeconds >>> 0, 4);
  salt.copy(vector, 8, 0, SALT_OCTETS);
  return vector;
}
