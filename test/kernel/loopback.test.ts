/** One answer to whether a host is this machine's alone, for the configuration, HTTP and agents that ask each other. */
import { expect, test } from 'vitest';
import { isLoopback } from '../../src/kernel/loopback.ts';

test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.255.255.254', '::1', '[::1]'])(
  '%s is reached from this machine only',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each([
  '0.0.0.0',
  '::',
  '192.0.2.1',
  '::ffff:127.0.0.1',
  '127.example.net',
  'localhost.example.net',
  '127.0.0',
  '',
])('%s may be reached from elsewhere', (host) => {
  expect(isLoopback(host)).toBe(false);
});
