/**
 * The report that tells a v3 sender what its message lacked (RFC 3414, 3.2). By it a sender learns the engine's ID and
 * time, and an administrator learns of a wrong user or password.
 */
import { BER, berElement, berUnsigned, shortOid } from '../../ber.ts';
import { PDU } from './notification.ts';
import type { OwnEngine } from './own-engine.ts';
import { USM_FLAGS, type UsmDatagram } from './snmp-datagram.ts';
import type { UsmUser } from './usm-user.ts';

/** Numbers of the counters below usmStats. */
const USM_STATS = {
  unsupportedSecLevels: 1,
  notInTimeWindows: 2,
  unknownUserNames: 3,
  unknownEngineIds: 4,
  wrongDigests: 5,
  decryptionErrors: 6,
} as const;
export type UsmStat = keyof typeof USM_STATS;

const USM_STATS_OID = '1.3.6.1.6.3.15.1.1';
const COUNTER32 = 0x41;
const MAX_MESSAGE_OCTETS = 65_507;
const USER_SECURITY_MODEL = 3;
const EMPTY = berElement(BER.octetString);

export interface UsmReport {
  readonly stat: UsmStat;
  /** How often that has happened. */
  readonly count: number;
  readonly engine: OwnEngine;
  /** The user whose key signs it: the time is believed only from an authentic report. */
  readonly signer: UsmUser | null;
}

export function usmReport(request: UsmDatagram, { stat, count, engine, signer }: UsmReport): Buffer {
  const { boots, timeSeconds } = engine.now();
  const engineId = berElement(BER.octetString, engine.id);
  const header = berElement(
    BER.sequence,
    berUnsigned(request.messageId),
    berUnsigned(MAX_MESSAGE_OCTETS),
    berElement(BER.octetString, Buffer.from([signer === null ? 0 : USM_FLAGS.authenticated])),
    berUnsigned(USER_SECURITY_MODEL),
  );
  const security = berElement(
    BER.octetString,
    berElement(
      BER.sequence,
      engineId,
      berUnsigned(boots),
      berUnsigned(timeSeconds),
      berElement(BER.octetString, Buffer.from(signer?.name ?? '')),
      berElement(BER.octetString, Buffer.alloc(signer?.digestOctets ?? 0)),
      EMPTY,
    ),
  );
  const counter = berElement(
    BER.sequence,
    shortOid(`${USM_STATS_OID}.${USM_STATS[stat]}.0`),
    berUnsigned(count % 0x8000_0000, COUNTER32),
  );
  const noError = [berUnsigned(0), berUnsigned(0), berUnsigned(0)];
  const report = berElement(PDU.report, ...noError, berElement(BER.sequence, counter));
  const scoped = berElement(BER.sequence, engineId, EMPTY, report);
  const message = berElement(BER.sequence, berUnsigned(3), header, security, scoped);
  if (signer !== null) {
    // Only the empty salt is between the digest and the scoped PDU.
    const digestEnd = message.length - scoped.length - EMPTY.length;
    signer.digest(message, engine.id).copy(message, digestEnd - signer.digestOctets);
  }
  return message;
}
