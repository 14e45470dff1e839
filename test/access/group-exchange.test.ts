/** How large a Diffie-Hellman group a device may choose: its prime is tested in a thread with others' sessions. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { accessUnderTest, poll, target, textOf } from './access-under-test.ts';
import { skipWithoutOpenssh, startOpenssh } from './openssh-server.ts';
import { Secret } from '../../src/kernel/secret.ts';

const GEX_GROUP = 31;
const KEXINIT = 20;

function field(octets: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(octets.length);
  return Buffer.concat([length, octets]);
}

/** A packet of before keys are agreed: not encrypted, no MAC. */
function packet(payload: Buffer): Buffer {
  const padding = 8 + ((16 - ((5 + payload.length) % 8)) % 8);
  return field(Buffer.concat([Buffer.from([padding]), payload, Buffer.alloc(padding)]));
}

/** A server that answers any group exchange with a group of so many bits, and nothing else. */
async function serverWithGroup(bits: number): Promise<AsyncDisposable & { readonly port: number }> {
  const lists = [
    'diffie-hellman-group-exchange-sha256',
    'ssh-ed25519',
    // Each way.
    'aes256-ctr',
    'aes256-ctr',
    'hmac-sha2-256',
    'hmac-sha2-256',
    'none',
    'none',
    '',
    '',
  ];
  const offer = [Buffer.from([KEXINIT]), Buffer.alloc(16), ...lists.map((list) => field(Buffer.from(list)))];
  const prime = Buffer.alloc(bits / 8 + 1, 0xff).fill(0, 0, 1);
  const group = [Buffer.from([GEX_GROUP]), field(prime), field(Buffer.from([2]))];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-Router\r\n');
    socket.write(packet(Buffer.concat([...offer, Buffer.alloc(5)])));
    socket.write(packet(Buffer.concat(group)));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

test('a device that chooses a group beyond what was asked for is refused, and the line says why', async () => {
  await using server = await serverWithGroup(8192);
  await using under = accessUnderTest();
  const { failure, message } = await poll(under.access, target(server.port), 'show version');
  expect(failure).toBe('handshake');
  expect(message).toMatch(/chose a Diffie-Hellman group of 8192 bits; at most 4096 were asked for/);
});

test.skipIf(skipWithoutOpenssh)(
  'a server that accepts only a group exchange is asked for 2,048 bits, for any length of the cipher’s key',
  async () => {
    await using server = await startOpenssh([
      'KexAlgorithms diffie-hellman-group-exchange-sha256',
      'Ciphers aes256-ctr',
    ]);
    await using under = accessUnderTest();
    const to = target(server.port, {
      username: server.username,
      password: null,
      privateKey: new Secret(server.privateKey),
      // Far above the test of a prime of 2,048 bits, far below that of the 8,192 that ssh2 would ask for.
      timeoutMs: 20_000,
    });
    expect(await textOf(under.access, to, 'show version')).toMatch(/15\.6/);
  },
);
