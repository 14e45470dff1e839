/**
 * Decides which SNMP messages are accepted, and what the senders of the others are told: RFC 3414 (3.2) for a receiver
 * of notifications, without a socket. v1 and v2c messages need one of the configured communities; v3 messages need a
 * configured user, its level, its digest and a time that goes forward, in this order, and are decrypted last.
 */
import { unlessMalformed } from '../../ber.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { SnmpCredential } from '../../device-snmp.ts';
import { communityAnswer, usmAnswer } from './inform-answer.ts';
import { type Notification, PDU, readNotification } from './notification.ts';
import type { OwnEngine } from './own-engine.ts';
import { pduOfScoped, readSnmpDatagram, type SnmpDatagram, type UsmDatagram } from './snmp-datagram.ts';
import { isWithinWindow, UsmTimeWindow } from './usm-time-window.ts';
import { type UsmReport, type UsmStat, usmReport } from './usm-report.ts';
import { type UsmCredential, UsmUser } from './usm-user.ts';

export const TRAP_REFUSALS = [
  'malformed',
  /** Neither trap nor inform, or a kind that its SNMP version does not have. */
  'not_a_notification',
  'community',
  'unknown_user',
  'security_level',
  'wrong_digest',
  /** Too old, or from a boot before the last one: a recording, or an engine whose boots went back. */
  'time_window',
  'decryption',
  /** An inform for another receiver's engine. */
  'unknown_engine',
] as const;
export type TrapRefusal = (typeof TRAP_REFUSALS)[number];

export type GateVerdict =
  | {
      readonly kind: 'notification';
      readonly notification: Notification;
      readonly authenticated: boolean;
      /** The answer that an inform's sender waits for; null: a trap. */
      readonly answer: Buffer | null;
    }
  | { readonly kind: 'discovery'; readonly answer: Buffer }
  | { readonly kind: 'refused'; readonly reason: TrapRefusal; readonly answer: Buffer | null };

/** RFC 3411: shorter IDs are none. */
const MIN_ENGINE_ID_OCTETS = 5;

export class TrapGate {
  readonly #communities: ReadonlyArray<Extract<SnmpCredential, { version: '2c' }>>;
  readonly #users = new Map<string, UsmUser[]>();
  readonly #engine: OwnEngine;
  readonly #clock: Clock;
  readonly #window = new UsmTimeWindow();
  readonly #reported = new Map<UsmStat, number>();

  constructor(credentials: readonly SnmpCredential[], engine: OwnEngine, clock: Clock) {
    this.#communities = credentials.filter((credential) => credential.version === '2c');
    for (const credential of credentials.filter((one): one is UsmCredential => one.version === 3)) {
      this.#users.set(credential.username, [...(this.#users.get(credential.username) ?? []), new UsmUser(credential)]);
    }
    this.#engine = engine;
    this.#clock = clock;
  }

  judge(bytes: Buffer): GateVerdict {
    const datagram = readSnmpDatagram(bytes);
    if (datagram === null) return refused('malformed');
    return datagram.version === '3' ? this.#judgeUsm(datagram) : this.#judgeCommunity(bytes, datagram);
  }

  #judgeCommunity(bytes: Buffer, { version, community, pdu }: Exclude<SnmpDatagram, UsmDatagram>): GateVerdict {
    const known = this.#communities.some((one) => Buffer.from(one.community.reveal()).equals(community));
    if (!known) return refused('community');
    const tag = pdu[0];
    if (version === '1' ? tag !== PDU.trapV1 : tag !== PDU.trapV2 && tag !== PDU.inform) {
      return refused('not_a_notification');
    }
    const notification = readNotification(pdu);
    if (notification === null) return refused('malformed');
    const answer = tag === PDU.inform ? communityAnswer(bytes, pdu) : null;
    return { kind: 'notification', notification, authenticated: false, answer };
  }

  #judgeUsm(datagram: UsmDatagram): GateVerdict {
    const forUs = datagram.engineId.equals(this.#engine.id);
    if (!forUs && datagram.reportable) {
      const answer = this.#report(datagram, 'unknownEngineIds');
      return datagram.engineId.length === 0 && answer !== null
        ? { kind: 'discovery', answer }
        : refused('unknown_engine', answer);
    }
    if (datagram.engineId.length < MIN_ENGINE_ID_OCTETS) return refused('malformed');
    const users = this.#users.get(datagram.username);
    if (users === undefined) return refused('unknown_user', this.#report(datagram, 'unknownUserNames'));
    const ofLevel = users.filter(
      (user) => user.authenticates === datagram.authenticated && user.encrypts === datagram.encrypted,
    );
    if (ofLevel.length === 0) return refused('security_level', this.#report(datagram, 'unsupportedSecLevels'));
    const user = ofLevel.find((one) => !datagram.authenticated || one.isAuthentic(datagram));
    if (user === undefined) return refused('wrong_digest', this.#report(datagram, 'wrongDigests'));
    if (datagram.authenticated && !this.#isTimely(datagram, forUs)) {
      return refused('time_window', forUs ? this.#report(datagram, 'notInTimeWindows', user) : null);
    }
    return this.#open(datagram, user, forUs);
  }

  #isTimely({ engineId, engineBoots, engineTimeSeconds }: UsmDatagram, forUs: boolean): boolean {
    const said = { boots: engineBoots, timeSeconds: engineTimeSeconds };
    return forUs
      ? isWithinWindow(this.#engine.now(), said)
      : this.#window.accepts(engineId, said, this.#clock.monoMs());
  }

  #open(datagram: UsmDatagram, user: UsmUser, forUs: boolean): GateVerdict {
    const scoped = datagram.encrypted ? user.decrypt(datagram) : datagram.scoped;
    const pdu = scoped === null ? null : unlessMalformed(() => pduOfScoped(scoped));
    if (scoped === null || pdu === null) {
      return datagram.encrypted
        ? refused('decryption', this.#report(datagram, 'decryptionErrors'))
        : refused('malformed');
    }
    const inform = pdu[0] === PDU.inform;
    if (inform ? !forUs : pdu[0] !== PDU.trapV2) return refused('not_a_notification');
    const notification = readNotification(pdu);
    if (notification === null) return refused('malformed');
    const answer = inform ? usmAnswer(datagram, user, scoped) : null;
    return { kind: 'notification', notification, authenticated: datagram.authenticated, answer };
  }

  /** Null: the sender does not want a report. */
  #report(datagram: UsmDatagram, stat: UsmStat, signer: UsmReport['signer'] = null): Buffer | null {
    if (!datagram.reportable) return null;
    const count = (this.#reported.get(stat) ?? 0) + 1;
    this.#reported.set(stat, count);
    return usmReport(datagram, { stat, count, engine: this.#engine, signer });
  }
}

function refused(reason: TrapRefusal, answer: Buffer | null = null): GateVerdict {
  return { kind: 'refused', reason, answer };
}
