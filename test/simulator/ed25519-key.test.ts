import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';

test('every key pair can be read back: ssh2 alone writes an unreadable one in about 230', () => {
  for (let n = 0; n < 1000; n += 1) {
    const pair = newEd25519KeyPair();
    for (const key of [pair.private, pair.public]) expect(ssh2.utils.parseKey(key)).not.toBeInstanceOf(Error);
  }
});
