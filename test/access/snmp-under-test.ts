/** An SNMP access under test, and targets and reads that name only what matters. */
import type { SnmpCredential, SnmpReply, SnmpRequest, SnmpTarget } from '../../src/access/device-snmp.ts';
import { createSnmpAccess, type SnmpAccessOptions } from '../../src/access/snmp/snmp-access.ts';
import type { SnmpValue } from '../../src/gdoi/seen/varbind.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { never, shiftedClock } from './access-under-test.ts';

export const COMMUNITY = 'c0mmunity-s3cr3t';
export const AUTH_PASSWORD = 'auth-s3cr3t';
export const PRIVACY_PASSWORD = 'privacy-s3cr3t';

export const V2C: SnmpCredential = { version: '2c', community: new Secret(COMMUNITY) };

type V3 = Extract<SnmpCredential, { version: 3 }>;

export function v3(
  username: string,
  auth: NonNullable<V3['auth']>['protocol'] | null = null,
  privacy: NonNullable<V3['privacy']>['protocol'] | null = null,
  wrong: { readonly authPassword?: string; readonly privacyPassword?: string } = {},
): SnmpCredential {
  return {
    version: 3,
    username,
    auth: auth === null ? null : { protocol: auth, password: new Secret(wrong.authPassword ?? AUTH_PASSWORD) },
    privacy:
      privacy === null ? null : { protocol: privacy, password: new Secret(wrong.privacyPassword ?? PRIVACY_PASSWORD) },
  };
}

export function snmpUnderTest(options: Partial<SnmpAccessOptions> = {}) {
  const clock = shiftedClock();
  const logger = new MemoryLogger();
  const access = createSnmpAccess({ clock, random: seededRandom(1), logger, ...options });
  return { access, clock, logger, [Symbol.asyncDispose]: () => access[Symbol.asyncDispose]() };
}

export function snmpTarget(port: number, differing: Partial<SnmpTarget> = {}): SnmpTarget {
  return {
    device: 'gm1',
    host: '127.0.0.1',
    port,
    credentialName: 'main',
    credential: V2C,
    timeoutMs: 30_000,
    ...differing,
  };
}

export const request = (columns: readonly string[], scalars: readonly string[] = []): SnmpRequest => ({
  scalars,
  columns,
});

/** The values by OID, octets as hex; throws on a failure. */
export function valuesOf(reply: SnmpReply): Map<string, SnmpValue> {
  if (reply.kind === 'failed') throw new Error(`${reply.error.kind}: ${reply.error.message}`);
  return new Map(
    reply.varbinds.map(({ oid, value }) => [
      oid,
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ]),
  );
}

/** The kind of a failure, or what came instead. */
export function failureOf(reply: SnmpReply): string {
  return reply.kind === 'failed' ? reply.error.kind : `${reply.varbinds.length} varbinds`;
}

export function messageOf(reply: SnmpReply): string {
  return reply.kind === 'failed' ? reply.error.message : '';
}

export { never };
