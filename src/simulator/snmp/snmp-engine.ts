/**
 * The SNMP engine of one simulated device: octets of a request in, octets of the answer out, with community, user, time
 * window and reports (RFC 3414, 3.2) in between. No sockets.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import { BerError } from '../snmp-wire/ber.ts';
import {
  type V3Envelope,
  type V3Message,
  decodeMessage,
  decodeScopedPdu,
  encodeV2c,
  encodeV3,
  saltOf,
} from '../snmp-wire/message.ts';
import { type Oid, oidOf } from '../snmp-wire/oid.ts';
import type { Pdu } from '../snmp-wire/pdu.ts';
import { type EngineInstant, LocalizedUser, type SnmpUser } from '../snmp-wire/usm.ts';

export interface SnmpCredentials {
  /** Read-only communities of SNMPv2c; none: v2c is off. */
  readonly communities: readonly string[];
  readonly users: readonly SnmpUser[];
}

export interface EngineOptions {
  readonly engineId: Buffer;
  readonly credentials: SnmpCredentials;
  /** What the engine shows of its time. */
  readonly instant: () => EngineInstant;
  /** The answer to an admitted request, within so many octets of varbinds; null: none. */
  readonly answer: (request: Pdu, octets: number) => Pdu | null;
}

/** Octets of a message around the varbinds: v2c with a long community, v3 with the longest digest. */
const ENVELOPE_OCTETS = { v2c: 80, v3: 200 } as const;
/** Seconds by which a message may be older or newer (RFC 3414, 2.2.3). */
const TIME_WINDOW_SECONDS = 150;

const USM_STATS = {
  unsupportedSecLevels: 1,
  notInTimeWindows: 2,
  unknownUserNames: 3,
  unknownEngineIds: 4,
  wrongDigests: 5,
  decryptionErrors: 6,
} as const;

type UsmStat = keyof typeof USM_STATS;

function usmStatsOid(stat: UsmStat): Oid {
  return oidOf(`1.3.6.1.6.3.15.1.1.${USM_STATS[stat]}.0`);
}

export interface EngineCounters {
  requests: number;
  badCommunities: number;
  malformed: number;
  readonly reports: Record<UsmStat, number>;
}

export class SnmpEngine {
  readonly counters: EngineCounters = {
    requests: 0,
    badCommunities: 0,
    malformed: 0,
    reports: {
      unsupportedSecLevels: 0,
      notInTimeWindows: 0,
      unknownUserNames: 0,
      unknownEngineIds: 0,
      wrongDigests: 0,
      decryptionErrors: 0,
    },
  };
  readonly #options: EngineOptions;
  /** Keys are made when a user first asks. */
  readonly #users = new Map<string, LocalizedUser>();
  #salts: number;

  constructor(options: EngineOptions, startMs: EpochMs) {
    this.#options = options;
    this.#salts = Math.floor(startMs / 1000) >>> 0;
  }

  /** Null: no answer, as for a wrong community and for anything that is not SNMP. */
  receive(datagram: Buffer, packetOctets: number): Buffer | null {
    try {
      const message = decodeMessage(datagram);
      if (message.version === 3) return this.#receiveV3(message, datagram, packetOctets);
      if (!this.#options.credentials.communities.includes(message.community)) {
        this.counters.badCommunities += 1;
        return null;
      }
      this.counters.requests += 1;
      const answer = this.#options.answer(message.pdu, packetOctets - ENVELOPE_OCTETS.v2c);
      return answer === null ? null : encodeV2c(message.community, answer);
    } catch (error) {
      if (!(error instanceof BerError)) throw error;
      this.counters.malformed += 1;
      return null;
    }
  }

  #receiveV3(message: V3Message, datagram: Buffer, packetOctets: number): Buffer | null {
    const { engineId, credentials } = this.#options;
    if (!message.engineId.equals(engineId)) return this.#report(message, 'unknownEngineIds', null);
    const user = credentials.users.find(({ name }) => name === message.user);
    if (user === undefined) return this.#report(message, 'unknownUserNames', null);
    if (message.auth !== (user.auth !== undefined) || message.privacy !== (user.privacy !== undefined)) {
      return this.#report(message, 'unsupportedSecLevels', null);
    }
    const localized = this.#localized(user);
    if (message.auth && !localized.authentic(datagram, message.digestOffset, message.digest)) {
      return this.#report(message, 'wrongDigests', null);
    }
    const now = this.#options.instant();
    const timely =
      message.at.boots === now.boots && Math.abs(message.at.timeSeconds - now.timeSeconds) <= TIME_WINDOW_SECONDS;
    if (message.auth && !timely) return this.#report(message, 'notInTimeWindows', localized);
    let request: Pdu;
    try {
      request = decodeScopedPdu(
        message.privacy ? localized.decrypt(message.body, message.at, message.salt) : message.body,
      );
    } catch (error) {
      if (!(error instanceof BerError)) throw error;
      return this.#report(message, 'decryptionErrors', null);
    }
    this.counters.requests += 1;
    const answer = this.#options.answer(request, packetOctets - ENVELOPE_OCTETS.v3);
    return answer === null ? null : this.#encode(message, answer, { user: localized, salt: this.#nextSalt() });
  }

  #localized(user: SnmpUser): LocalizedUser {
    const known = this.#users.get(user.name);
    if (known !== undefined) return known;
    const localized = new LocalizedUser(user, this.#options.engineId);
    this.#users.set(user.name, localized);
    return localized;
  }

  /**
   * A report instead of an answer, if the request allows one; `user`: authenticated, as reports of the time window must
   * be.
   */
  #report(message: V3Message, stat: UsmStat, user: LocalizedUser | null): Buffer | null {
    const { reports } = this.counters;
    reports[stat] += 1;
    if (!message.reportable) return null;
    const varbinds = [{ oid: usmStatsOid(stat), value: { type: 'counter32', value: reports[stat] } }] as const;
    const pdu: Pdu = { type: 'report', requestId: 0, first: 0, second: 0, varbinds };
    return this.#encode(message, pdu, user === null ? null : { user, salt: null });
  }

  #encode(message: V3Message, pdu: Pdu, security: V3Envelope['security']): Buffer {
    const { engineId, instant } = this.#options;
    return encodeV3(pdu, {
      messageId: message.messageId,
      reportable: false,
      engineId,
      at: instant(),
      contextEngineId: engineId,
      userName: message.user,
      security,
    });
  }

  #nextSalt(): Buffer {
    this.#salts += 1;
    return saltOf(this.#salts);
  }
}
