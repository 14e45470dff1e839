/**
 * The simulator's own BER and SNMP messages: what is written is read again, and nothing that arrives makes it throw.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerRequest } from '../../src/simulator/snmp/snmp-answer.ts';
import { SnmpEngine } from '../../src/simulator/snmp/snmp-engine.ts';
import { BerError } from '../../src/simulator/snmp-wire/ber.ts';
import { decodeMessage, decodeScopedPdu, encodeV2c, encodeV3, saltOf } from '../../src/simulator/snmp-wire/message.ts';
import { compareOids } from '../../src/simulator/snmp-wire/oid.ts';
import type { Pdu, SnmpValue } from '../../src/simulator/snmp-wire/pdu.ts';
import { LocalizedUser } from '../../src/simulator/snmp-wire/usm.ts';
import { SCENARIO_NAMES } from '../../src/simulator/scenarios/scenario.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { START_MS, groupOf } from '../builders/simulated-group.ts';
import { COMMUNITY, V3_USER } from './net-snmp-tools.ts';

const word = fc.integer({ min: 0, max: 0xff_ff_ff_ff });
const oid = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 39 }), fc.array(word, { maxLength: 40 }))
  .map(([first, second, rest]) => [first, second, ...rest]);
const value: fc.Arbitrary<SnmpValue> = fc.oneof(
  fc
    .integer({ min: -0x80_00_00_00, max: 0x7f_ff_ff_ff })
    .map((number) => ({ type: 'integer', value: number }) as const),
  fc
    .tuple(fc.constantFrom('counter32', 'unsigned32', 'timeticks'), word)
    .map(([type, number]) => ({ type, value: number }) as const),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ type: 'octets', value: Buffer.from(bytes) }) as const),
  oid.map((parts) => ({ type: 'oid', value: parts }) as const),
  fc.constantFrom('null', 'noSuchObject', 'noSuchInstance', 'endOfMibView').map((type) => ({ type }) as const),
);
const pdu: fc.Arbitrary<Pdu> = fc.record({
  type: fc.constantFrom('get', 'getNext', 'response', 'set', 'getBulk', 'inform', 'trap', 'report'),
  requestId: fc.integer({ min: -0x80_00_00_00, max: 0x7f_ff_ff_ff }),
  first: fc.nat(100),
  second: fc.nat(100),
  varbinds: fc.array(fc.record({ oid, value }), { maxLength: 12 }),
});

test('a v2c message is read as it was written', () => {
  fc.assert(
    fc.property(pdu, (written) => {
      expect(decodeMessage(encodeV2c(COMMUNITY, written))).toEqual({
        version: '2c',
        community: COMMUNITY,
        pdu: written,
      });
    }),
  );
});

test('a v3 message is read as it was written, is authentic, and is not when one bit differs', () => {
  const user = new LocalizedUser(V3_USER, Buffer.from('8000000903020a0a100002', 'hex'));
  fc.assert(
    fc.property(pdu, word, fc.nat(), (written, salt, position) => {
      const at = { boots: 7, timeSeconds: 123_456 };
      const message = encodeV3(written, {
        messageId: 9,
        reportable: true,
        engineId: user.engineId,
        at,
        contextEngineId: user.engineId,
        userName: V3_USER.name,
        security: { user, salt: saltOf(salt) },
      });
      const read = decodeMessage(message);
      if (read.version !== 3) throw new Error('not v3');
      expect(read).toMatchObject({ messageId: 9, auth: true, privacy: true, reportable: true, at, user: V3_USER.name });
      expect(user.authentic(message, read.digestOffset, read.digest)).toBe(true);
      expect(decodeScopedPdu(user.decrypt(read.body, read.at, read.salt))).toEqual(written);
      const index = position % message.length;
      message[index] = (message[index] ?? 0) ^ 1;
      expect(user.authentic(message, read.digestOffset, read.digest)).toBe(
        index >= read.digestOffset && index < read.digestOffset + 24,
      );
    }),
    { numRuns: 50 },
  );
});

describe('a device', () => {
  const fleet = groupOf({ kss: 2 });
  const engine = new SnmpEngine(
    {
      engineId: fleet.engineId('gm1'),
      credentials: { communities: [COMMUNITY], users: [V3_USER] },
      instant: () => fleet.engineInstant('gm1'),
      answer: (request, octets) => answerRequest(request, fleet.managedObjects('gm1'), { octets }),
    },
    START_MS,
  );

  test('takes any datagram without throwing', () => {
    const request = fc
      .tuple(pdu, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }), fc.nat(200))
      .map(([written, changes, length]) => {
        const message = encodeV2c(COMMUNITY, written);
        for (const [index, byte] of changes) message[index % message.length] = byte;
        return changes.length % 2 === 0 ? message : message.subarray(0, length);
      });
    fc.assert(
      fc.property(
        fc.oneof(
          request,
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        (datagram) => {
          const answer = engine.receive(datagram, 1500);
          expect(answer === null || answer.length <= 1500).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('answers no longer than the packet, whatever is asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 1500 }), fc.nat(50), fc.nat(3), (packetOctets, second, first) => {
        const varbinds = [
          [1, 3, 6, 1, 2, 1],
          [1, 3, 6, 1, 4],
          [1, 3, 6, 1, 4, 1, 9, 9, 759, 1, 3],
        ].map((at) => ({
          oid: at,
          value: { type: 'null' } as const,
        }));
        const answer = engine.receive(
          encodeV2c(COMMUNITY, { type: 'getBulk', requestId: 1, first, second, varbinds }),
          packetOctets,
        );
        expect(answer?.length).toBeLessThanOrEqual(packetOctets);
      }),
    );
  });
});

test.each(SCENARIO_NAMES)('in %s the objects of every device are in the order of a walk, none twice', (scenario) => {
  const fleet = createSimulatedFleet({ scenario, seed: 3, startMs: START_MS });
  for (const seconds of [0, 60, 250, 700]) {
    fleet.advance(START_MS + seconds * 1000);
    for (const { name } of fleet.devices) {
      const oids = fleet.managedObjects(name).objects.map((object) => object.oid);
      const unordered = oids.filter((at, index) => index > 0 && compareOids(oids[index - 1] ?? [], at) >= 0);
      expect({ name, unordered }).toEqual({ name, unordered: [] });
    }
  }
});

test('octets that are not SNMP give an error of their own', () => {
  expect(() => decodeMessage(Buffer.from('% SNMP agent not enabled'))).toThrow(BerError);
});
