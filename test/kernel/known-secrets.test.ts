import { describe, expect, test } from 'vitest';
import { KnownSecrets } from '../../src/kernel/known-secrets.ts';
import { Secret } from '../../src/kernel/secret.ts';

function knowing(...values: readonly string[]): KnownSecrets {
  const secrets = new KnownSecrets();
  secrets.learn(...values.map((value) => new Secret(value)), null);
  return secrets;
}

describe('text of a device', () => {
  test('loses every secret, wherever and however often it occurs', () => {
    const secrets = knowing('hunter2', 'n0t-for-you');
    expect(secrets.redact('hunter2: % Bad secret "n0t-for-you" (hunter2hunter2)')).toBe(
      '[secret]: % Bad secret "[secret]" ([secret][secret])',
    );
  });

  test('loses a secret completely that contains another one, whichever was added first', () => {
    for (const values of [
      ['Router#2024', 'Router#2024-login-Xy7'],
      ['Router#2024-login-Xy7', 'Router#2024'],
    ]) {
      expect(knowing(...values).redact('Router#2024-login-Xy7 or Router#2024')).toBe('[secret] or [secret]');
    }
    const later = knowing('Router#2024');
    expect(later.redact('Router#2024')).toBe('[secret]');
    later.learn(new Secret('Router#2024-login-Xy7'));
    expect(later.redact('Router#2024-login-Xy7')).toBe('[secret]');
  });

  test('keeps what only looks like one', () => {
    expect(knowing('hunter2').redact('Hunter2 hunter hunter 2')).toBe('Hunter2 hunter hunter 2');
  });

  test('loses a secret with characters that mean something in patterns', () => {
    expect(knowing('a.b*c$&').redact('axbc a.b*c$& end')).toBe('axbc [secret] end');
  });
});

describe('a secret that IOS prints by itself is left alone', () => {
  test.each(['pw', 'abc', '86400', '3600', 'cisco', 'Cisco', 'public'])('%j', (weak) => {
    const line = `Lifetime (secs) : 86400 3600 abc pw cisco Cisco public`;
    expect(knowing(weak).redact(line)).toBe(line);
  });
});

describe('octets of a device', () => {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

  test('lose a secret between octets that are no text', () => {
    const cleaned = knowing('s3cr3t-community').redactOctets(bytes('\u0000\u00ffs3cr3t-community\u0001'));
    expect(Buffer.from(cleaned).toString('latin1')).toBe('\u0000\u00ff[secret]\u0001');
  });

  test('stay the same object without a secret', () => {
    const octets = bytes('GM1');
    expect(knowing('s3cr3t-community').redactOctets(octets)).toBe(octets);
  });
});
