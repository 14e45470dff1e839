/**
 * The answer to an inform: the same message with a response's tag, since an inform's error fields are zero already. For
 * v3 it is not reportable and has its own salt and a new digest; everything keeps its length, so a copy is changed in
 * place.
 */
import { randomBytes } from 'node:crypto';
import { PDU } from './notification.ts';
import { pduOfScoped, USM_FLAGS, type UsmDatagram } from './snmp-datagram.ts';
import type { UsmUser } from './usm-user.ts';

/** `pdu` is a view of `bytes`. */
export function communityAnswer(bytes: Buffer, pdu: Buffer): Buffer {
  const answer = Buffer.from(bytes);
  answer[offsetIn(bytes, pdu)] = PDU.response;
  return answer;
}

/** `scoped`: the request's scoped PDU, decrypted if it was encrypted. */
export function usmAnswer(request: UsmDatagram, user: UsmUser, scoped: Buffer): Buffer {
  const { bytes } = request;
  const answer = Buffer.from(bytes);
  answer[offsetIn(bytes, request.flags)] = request.flags.readUInt8(0) & ~USM_FLAGS.reportable;
  const plain = Buffer.from(scoped);
  plain[offsetIn(scoped, pduOfScoped(scoped))] = PDU.response;
  if (request.encrypted) {
    const salt = randomBytes(request.salt.length);
    salt.copy(answer, offsetIn(bytes, request.salt));
    user.encrypt(plain, request, salt).copy(answer, offsetIn(bytes, request.scoped));
  } else {
    plain.copy(answer, offsetIn(bytes, request.scoped));
  }
  if (request.authenticated) {
    const digestAt = offsetIn(bytes, request.digest);
    answer.fill(0, digestAt, digestAt + request.digest.length);
    user.digest(answer, request.engineId).copy(answer, digestAt);
  }
  return answer;
}

function offsetIn(whole: Buffer, part: Buffer): number {
  return part.byteOffset - whole.byteOffset;
}
