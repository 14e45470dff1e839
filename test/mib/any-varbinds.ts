/** Varbinds as a hostile or broken device sends them: mostly of this MIB, with wrong types, indexes and sizes. */
import fc from 'fast-check';
import type { SnmpValue, Varbind } from '../../src/gdoi/seen/varbind.ts';
import {
  GDOI_COLUMNS,
  GDOI_NOTIFICATION_SWITCHES,
  GDOI_NOTIFICATION_VARIABLES,
  GDOI_ROOT,
} from '../../src/mib/gdoi-oids.ts';
import { encodeIdentity } from '../builders/gdoi-reply-builder.ts';

const value: fc.Arbitrary<SnmpValue> = fc.oneof(
  fc.constant(null),
  fc.nat(4),
  fc.double(),
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.bigInt({ min: 0n, max: 2n ** 64n }),
  fc.constantFrom('1.3.6.1', '', 'x'),
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.uint8Array({ size: 'max', maxLength: 600 }),
);

// few identities, so that rows have the same index
const identity = fc
  .tuple(fc.constantFrom(1, 2, 5, 11, 99), fc.constantFrom('0a000001', '', '000004c7', '6b7331', '01'.repeat(16)))
  .map(([type, hex]) => encodeIdentity(type, Buffer.from(hex, 'hex')));

const instance = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(identity, identity, fc.constantFrom('', '.1', '.2', '.1.1', '.1.2'))
      .map(([a, b, n]) => `${a}.${b}${n}`),
  },
  { weight: 2, arbitrary: identity },
  { weight: 1, arbitrary: fc.array(fc.nat(300), { maxLength: 12 }).map((arcs) => arcs.join('.')) },
  { weight: 1, arbitrary: fc.constantFrom('', '0', '..', '11.4.0.0.4', '99999999999.1', 'x') },
);

const known = [
  ...Object.values(GDOI_COLUMNS),
  ...Object.values(GDOI_NOTIFICATION_SWITCHES),
  ...Object.values(GDOI_NOTIFICATION_VARIABLES),
];

const oid = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(fc.constantFrom(...known), instance).map(([at, rest]) => `${GDOI_ROOT}.${at}.${rest}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      GDOI_ROOT,
      `${GDOI_ROOT}.`,
      `${GDOI_ROOT}.1`,
      `${GDOI_ROOT}.1.3.2.1`,
      `${GDOI_ROOT}.9.9`,
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '1.3.6.1.2.1.1.1.0',
      '1.3.6.1.2.1.1.3.0',
      '1.3.6.1.6.3.10.2.1.2.0',
      '1.3.6.1.6.3.10.2.1.3.0',
      '',
    ),
  },
);

export const anyVarbinds: fc.Arbitrary<Varbind[]> = fc.array(fc.record({ oid, value }), { maxLength: 60 });
