/** What a failure of PostgreSQL, or of the way to it, means to whoever wrote. */
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { leavesConnection, storeErrorOf } from '../../src/store/postgres/postgres-error.ts';

function answered(code: string): Error {
  return Object.assign(new pg.DatabaseError('no', 2, 'error'), { code });
}

function fromSystem(code: string): Error {
  return Object.assign(new Error(`write ${code}`), { code, syscall: 'write' });
}

describe('an answer of the server is recognised by its SQLSTATE', () => {
  test.each([
    ['53100', 'full', true],
    ['40001', 'locked', true],
    ['57014', 'locked', true],
    ['XX001', 'corrupt', true],
    ['57P01', 'io', false],
    ['25006', 'io', false],
    ['42501', 'io', true],
    ['42P01', 'io', true],
    ['3F000', 'io', true],
    ['25P03', 'io', false],
    ['XX000', 'unexpected', true],
  ])('%s is %s; the connection stays: %s', (code, kind, stays) => {
    const error = answered(code);
    expect(storeErrorOf('here', error).kind).toBe(kind);
    expect(leavesConnection(error)).toBe(stays);
  });

  test('a statement that is wrong in itself is unexpected, and no more than that', () => {
    expect(storeErrorOf('here', answered('42601')).kind).toBe('unexpected');
  });
});

test.each(['EPIPE', 'EPERM', 'EBADF', 'EROFS', 'EBUSY', 'ECONNRESET', 'EIO', 'ENETUNREACH'])(
  'the system says %s: the connection is lost, whatever the code looks like',
  (code) => {
    const error = fromSystem(code);
    expect(storeErrorOf('here', error).kind).toBe('io');
    expect(leavesConnection(error)).toBe(false);
  },
);
