/**
 * Refusals that outlive the agent that met them, so that the next agent to poll its devices tries no credential that a
 * device refused: the device's own wait, and the quarantine of the credential. The store gets no secret, but a salted
 * hash of it that is slow to compute (scrypt), because somebody who reads the store could otherwise test passwords
 * against it.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../kernel/clock.ts';
import {
  type AttemptOutcome,
  type CredentialQuarantine,
  type CredentialSecrets,
  type CredentialUse,
  REFUSED_DEVICE_WAIT_MS,
} from './credential-quarantine.ts';
import type { AccessWay } from './same-target.ts';

/** Where they are stored. A failure to store is reported there, and is as if nothing had been stored. */
export interface RefusalNotes {
  all(): Promise<readonly { readonly name: string; readonly text: string; readonly ageMs: number }[]>;
  put(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

interface Noted {
  readonly text: string;
  readonly atMonoMs: number;
}

interface Digest {
  readonly salt: string;
  readonly digest: string;
}

interface DeviceNote extends Digest {
  readonly waitMs: number;
}

interface CredentialNote extends DeviceNote {
  readonly of: 'refusals' | 'withdrawals';
  readonly by: readonly string[];
  readonly acceptedBy: readonly string[];
}

const slowHash = promisify<string, Buffer, number, Buffer>(scrypt);
const HASH_BYTES = 32;
const SALT_BYTES = 16;

export class KeptRefusals {
  readonly #notes: RefusalNotes;
  readonly #clock: Clock;
  /** Loaded and not recalled yet. */
  #waiting: ReadonlyMap<string, Noted> = new Map();

  constructor(notes: RefusalNotes, clock: Clock) {
    this.#notes = notes;
    this.#clock = clock;
  }

  /** Loads what agents have learned so far; call before another agent's devices are asked. */
  async load(): Promise<void> {
    const notes = await this.#notes.all();
    const nowMs = this.#clock.monoMs();
    this.#waiting = new Map(notes.map(({ name, text, ageMs }) => [name, { text, atMonoMs: nowMs - ageMs }]));
    for (const { of } of this.#ways) of.begin(this.#waiting);
  }

  readonly #ways: { readonly of: RefusalsOfWay }[] = [];

  /** `way`: credentials of SSH, SNMP and RESTCONF are separate. */
  of(way: AccessWay, quarantine: CredentialQuarantine): RefusalsOfWay {
    const of = new RefusalsOfWay({ way, quarantine, notes: this.#notes, clock: this.#clock });
    of.begin(this.#waiting);
    this.#ways.push({ of });
    return of;
  }
}

export class RefusalsOfWay {
  readonly #way: AccessWay;
  readonly #quarantine: CredentialQuarantine;
  readonly #notes: RefusalNotes;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Noted>();
  /** Names under which something is stored, as far as this agent knows. */
  readonly #kept = new Set<string>();

  constructor(parts: {
    readonly way: AccessWay;
    readonly quarantine: CredentialQuarantine;
    readonly notes: RefusalNotes;
    readonly clock: Clock;
  }) {
    this.#way = parts.way;
    this.#quarantine = parts.quarantine;
    this.#notes = parts.notes;
    this.#clock = parts.clock;
  }

  begin(notes: ReadonlyMap<string, Noted>): void {
    for (const [name, noted] of notes) {
      this.#waiting.set(name, noted);
      this.#kept.add(name);
    }
  }

  /** Call before a credential is tried: applies what another agent learned about it. */
  async recall(use: CredentialUse): Promise<void> {
    const device = this.#take(this.#device(use));
    const credential = this.#take(this.#credential(use));
    const ofDevice = device && (await this.#left(device, use.secrets));
    const ofCredential = credential && (await this.#left(credential, use.secrets));
    const nowMs = this.#clock.monoMs();
    if (ofDevice) this.#quarantine.restoreWait(use, ofDevice.waitMs, nowMs);
    if (ofCredential && isOfCredential(ofCredential)) this.#quarantine.restore(use, ofCredential, nowMs);
  }

  /** The result of an attempt: stored before anybody is told. */
  async ended(use: CredentialUse, outcome: AttemptOutcome): Promise<void> {
    const [device, credential] = [this.#device(use), this.#credential(use)];
    switch (outcome) {
      case 'unknown':
        return;
      case 'accepted':
        await this.#forget(device);
        await this.#forget(credential);
        return;
      case 'refused': {
        const digest = await digestOf(use.secrets, randomBytes(SALT_BYTES));
        await this.#keep(device, { ...digest, waitMs: REFUSED_DEVICE_WAIT_MS });
        const quarantine = this.#quarantine.kept(use, this.#clock.monoMs());
        if (quarantine !== null) await this.#keep(credential, { ...digest, ...quarantine });
        return;
      }
      default:
        outcome satisfies never;
    }
  }

  #device({ device }: CredentialUse): string {
    return JSON.stringify([this.#way, 'device', device]);
  }

  #credential({ credentialName }: CredentialUse): string {
    return JSON.stringify([this.#way, 'credential', credentialName]);
  }

  #take(name: string): Noted | null {
    const noted = this.#waiting.get(name) ?? null;
    this.#waiting.delete(name);
    return noted;
  }

  /** Null: it is over, or was for another secret. */
  async #left({ text, atMonoMs }: Noted, secrets: CredentialSecrets): Promise<DeviceNote | null> {
    const note = noteOf(text);
    if (note === null) return null;
    const waitMs = note.waitMs - (this.#clock.monoMs() - atMonoMs);
    if (waitMs <= 0) return null;
    const { digest } = await digestOf(secrets, Buffer.from(note.salt, 'base64'));
    const [known, now] = [Buffer.from(note.digest, 'base64'), Buffer.from(digest, 'base64')];
    return known.length === now.length && timingSafeEqual(known, now) ? { ...note, waitMs } : null;
  }

  async #keep(name: string, note: DeviceNote): Promise<void> {
    this.#kept.add(name);
    await this.#notes.put(name, JSON.stringify(note));
  }

  async #forget(name: string): Promise<void> {
    this.#waiting.delete(name);
    if (this.#kept.delete(name)) await this.#notes.remove(name);
  }
}

async function digestOf(secrets: CredentialSecrets, salt: Buffer): Promise<Digest> {
  const text = JSON.stringify(secrets.map((secret) => secret?.reveal() ?? null));
  const digest = await slowHash(text, salt, HASH_BYTES);
  return { salt: salt.toString('base64'), digest: digest.toString('base64') };
}

/** Null: the text is not one of ours. */
function noteOf(text: string): DeviceNote | null {
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof note !== 'object' || note === null) return null;
  const { salt, digest, waitMs, ...more } = note as Partial<CredentialNote>;
  if (typeof salt !== 'string' || typeof digest !== 'string' || typeof waitMs !== 'number') return null;
  return { ...more, salt, digest, waitMs };
}

function isOfCredential(note: DeviceNote): note is CredentialNote {
  const { of, by, acceptedBy } = note as Partial<CredentialNote>;
  return (of === 'refusals' || of === 'withdrawals') && areNames(by) && areNames(acceptedBy);
}

function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
