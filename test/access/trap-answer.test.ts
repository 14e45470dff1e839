import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import snmp from 'net-snmp';
import { expect, it } from 'vitest';
import { usmAnswer } from '../../src/access/listeners/traps/inform-answer.ts';
import { pduOfScoped, readSnmpDatagram, type UsmDatagram } from '../../src/access/listeners/traps/snmp-datagram.ts';
import { UsmUser } from '../../src/access/listeners/traps/usm-user.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { AUTH_PASSWORD, PRIVACY_PASSWORD } from './pushed-under-test.ts';

/** An encrypted message of net-snmp. */
async function encryptedMessage(): Promise<Buffer> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const user = {
    name: 'monitor',
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols.sha,
    authKey: AUTH_PASSWORD,
    privProtocol: snmp.PrivProtocols.aes,
    privKey: PRIVACY_PASSWORD,
  };
  const options = { trapPort: socket.address().port, engineID: '8000000903000c29000001' };
  const session = snmp.createV3Session('127.0.0.1', user, options);
  session.trap('1.3.6.1.4.1.9.9.759.0.7', [], () => undefined);
  const [message]: unknown[] = await once(socket, 'message');
  session.close();
  socket.close();
  if (!Buffer.isBuffer(message)) throw new Error('no message');
  return message;
}

function usmOf(bytes: Buffer): UsmDatagram {
  const datagram = readSnmpDatagram(bytes);
  if (datagram?.version !== '3') throw new Error('no v3 message');
  return datagram;
}

it('the answer to an encrypted inform is encrypted with a salt of its own, and differs only in the tag of its PDU', async () => {
  const monitor = new UsmUser({
    version: 3,
    username: 'monitor',
    auth: { protocol: 'sha', password: new Secret(AUTH_PASSWORD) },
    privacy: { protocol: 'aes128', password: new Secret(PRIVACY_PASSWORD) },
  });
  const request = usmOf(await encryptedMessage());
  const scoped = monitor.decrypt(request);
  if (scoped === null) throw new Error('not decrypted');
  const answer = usmOf(usmAnswer(request, monitor, scoped));
  expect(answer.salt).not.toEqual(request.salt);
  expect(answer.scoped).not.toEqual(request.scoped);
  expect(monitor.isAuthentic(answer)).toBe(true);
  const pdu = pduOfScoped(monitor.decrypt(answer) ?? Buffer.alloc(0));
  expect(pdu[0]).toBe(0xa2);
  expect(pdu.subarray(1)).toEqual(pduOfScoped(scoped).subarray(1));
});
