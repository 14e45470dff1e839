import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AuthMethod, createAuthSequence } from '../../src/access/ssh/auth-methods.ts';

/** The methods tried against a device that refuses all and lists `offered`. */
function tried(has: { readonly key: boolean; readonly password: boolean }, offered: readonly string[]): AuthMethod[] {
  const sequence = createAuthSequence({ agent: false, ...has });
  const methods: AuthMethod[] = [];
  for (let method = sequence.next(null); method !== null; method = sequence.next(offered)) methods.push(method);
  return methods;
}

describe('login', () => {
  test('asks first what the device takes', () => {
    expect(tried({ key: false, password: true }, ['publickey'])).toEqual(['none']);
  });

  test('offers the password once, by the method the device takes', () => {
    const has = { key: false, password: true };
    expect(tried(has, ['publickey', 'keyboard-interactive', 'password'])).toEqual(['none', 'password']);
    expect(tried(has, ['publickey', 'keyboard-interactive'])).toEqual(['none', 'keyboard-interactive']);
    expect(tried(has, [])).toEqual(['none', 'password']);
  });

  test('offers the key before the password', () => {
    expect(tried({ key: true, password: true }, ['password', 'publickey'])).toEqual(['none', 'publickey', 'password']);
    expect(tried({ key: true, password: false }, ['password', 'publickey'])).toEqual(['none', 'publickey']);
  });

  test('ends after one try of each secret, whatever a device lists', () => {
    const list = fc.array(fc.constantFrom('none', 'publickey', 'password', 'keyboard-interactive', 'hostbased', 'x'));
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.array(list, { minLength: 1, maxLength: 8 }),
        (key, password, answers) => {
          const sequence = createAuthSequence({ key, agent: false, password });
          const methods: AuthMethod[] = [];
          let method = sequence.next(null);
          for (const offered of answers) {
            if (method === null) break;
            methods.push(method);
            method = sequence.next(offered);
          }
          const secrets = methods.filter((name) => name === 'password' || name === 'keyboard-interactive');
          expect(secrets.length).toBeLessThanOrEqual(password ? 1 : 0);
          expect(methods.filter((name) => name === 'publickey').length).toBeLessThanOrEqual(key ? 1 : 0);
        },
      ),
    );
  });
});
