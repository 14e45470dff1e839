/** What an error of PostgreSQL, or of the connection to it, means; by its code, never by its text. */
import pg from 'pg';
import { codeOf } from '../../kernel/error-code.ts';
import { StoreError, type StoreErrorKind } from '../store-error.ts';

/** SQLSTATE classes and codes (postgresql.org/docs/current/errcodes-appendix.html). */
const KINDS: readonly (readonly [code: string, kind: StoreErrorKind])[] = [
  ['53100', 'full'], // disk_full
  ['40', 'locked'], // transaction rollback: serialization failure, deadlock
  ['55P03', 'locked'], // lock_not_available
  ['57014', 'locked'], // query_canceled: a statement timeout
  ['XX001', 'corrupt'], // data_corrupted
  ['XX002', 'corrupt'], // index_corrupted
  ['08', 'io'], // connection exception
  ['25P0', 'io'], // a transaction that failed, or was ended for having been idle
  ['25006', 'io'], // read_only_sql_transaction: it is a standby now
  ['28', 'io'], // invalid authorization
  ['3D', 'io'], // no such database
  ['3F', 'io'], // no such schema: it is being restored
  ['42501', 'io'], // insufficient_privilege
  ['42P01', 'io'], // undefined_table: dropped, or not restored yet
  ['53', 'io'], // insufficient resources
  ['57', 'io'], // operator intervention: shutdown, crash, starting up
  ['58', 'io'], // system error
];

const REFUSED = ['28000', '28P01'];
const NO_DATABASE = '3D000';

/** Node.js's codes for a certificate that is not trusted, or is for another name. */
const NOT_TRUSTED =
  /^(?:ERR_TLS_CERT_ALTNAME_INVALID|CERT_\w{1,40}|UNABLE_TO_\w{1,40}|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT\w{0,20}|HOSTNAME_MISMATCH)$/;

export type ConnectFailure = 'unreachable' | 'untrusted' | 'refused' | 'no_database' | 'forbidden';

/** Only for errors that a server answered: the system's codes (EPIPE, EPERM) can look like a SQLSTATE. */
function sqlStateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.code ?? null) : null;
}

const MAX_REASON = 300;

/** The message of the server or the system as part of one line: the server may be anybody's. */
export function reasonOf(error: unknown): string {
  const said = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON);
  return said.replaceAll(/\p{C}+/gu, ' ').trim();
}

/**
 * Every error of a server becomes a store error: it is somebody else's program, whose operator restores and renames.
 */
export function storeErrorOf(place: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const state = sqlStateOf(error);
  const message = `store ${place}: ${reasonOf(error)}`;
  // Without a SQLSTATE it comes from the network, the system or the library: the connection is lost, or an answer late.
  if (state === null) return new StoreError('io', message, error);
  const kind = KINDS.find(([code]) => state.startsWith(code))?.[1] ?? 'unexpected';
  return new StoreError(kind, message, error);
}

/** The statement was refused and the connection is still good. */
export function leavesConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== null && !/^(08|25006|25P03|28|57P)/.test(state);
}

function isUntrusted(error: unknown): boolean {
  return NOT_TRUSTED.test(codeOf(error));
}

export function connectFailureOf(error: unknown): ConnectFailure {
  const state = sqlStateOf(error);
  if (state === null) return isUntrusted(error) ? 'untrusted' : 'unreachable';
  if (REFUSED.includes(state)) return 'refused';
  if (state === NO_DATABASE) return 'no_database';
  return state === '42501' ? 'forbidden' : 'unreachable';
}
