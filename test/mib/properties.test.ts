/** Properties that hold for every answer, whatever a device sends and in whatever order. */
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Varbind } from '../../src/gdoi/seen/varbind.ts';
import { decodeGdoi } from '../../src/mib/decode-gdoi.ts';
import { gdoiRequest } from '../../src/mib/gdoi-request.ts';
import { NOTHING_LEARNT_BY_SNMP, rememberReply, type SnmpMemory } from '../../src/mib/snmp-memory.ts';
import { anyVarbinds } from './any-varbinds.ts';
import { READ_AT_MS, replyOf, walkOf } from '../builders/gdoi-reply-builder.ts';

const walks = readdirSync(new URL('goldens/', import.meta.url))
  .filter((name) => name.endsWith('.txt'))
  .map((name) => name.replace('.txt', ''));

function meaning(varbinds: readonly Varbind[], memory: SnmpMemory = NOTHING_LEARNT_BY_SNMP) {
  const reply = replyOf(varbinds);
  const taught = rememberReply(memory, reply);
  return { reading: decodeGdoi(reply, taught), memory: taught };
}

/** The lifetime of a TEK, from an SNMP agent that does not send a number there. */
const NO_NUMBER: Varbind = { oid: '1.3.6.1.4.1.9.9.759.1.3.3.1.5.1.4.10.0.0.1.1.4.10.0.0.1.2', value: Number.NaN };

describe('an arbitrary answer', () => {
  it('is decoded without an exception and to bounded output', () => {
    fc.assert(
      fc.property(anyVarbinds, anyVarbinds, (first, second) => {
        const { memory } = meaning(first);
        const { reading, memory: taught } = meaning(second, memory);
        expect(JSON.stringify(reading).length).toBeLessThan(40_000);
        expect(JSON.stringify(taught).length).toBeLessThan(40_000);
        expect(reading.problems.length).toBeLessThanOrEqual(8);
        gdoiRequest(taught, 'auto', READ_AT_MS);
      }),
      { numRuns: 300 },
    );
  });

  it('gives no countdown below 0, and no SPI that the device did not send', () => {
    const hex = (value: Uint8Array) => `0x${Buffer.from(value).toString('hex').toUpperCase()}`;
    fc.assert(
      fc.property(anyVarbinds, (varbinds) => {
        const sent = new Set(varbinds.map(({ value }) => (value instanceof Uint8Array ? hex(value) : null)));
        const shown = meaning(varbinds).reading.snapshots.flatMap(({ kek, teks }) => [kek, ...(teks ?? [])]);
        for (const key of shown) {
          expect(key?.remainingSeconds ?? 0).toBeGreaterThanOrEqual(0);
          expect(sent.has(key?.spi ?? null) || (key?.spi ?? null) === null).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('means the same in any order and with repetitions', () => {
    fc.assert(
      fc.property(
        anyVarbinds.chain((varbinds) =>
          fc.tuple(
            fc.constant(varbinds),
            fc.shuffledSubarray([...varbinds, ...varbinds], { minLength: 2 * varbinds.length }),
          ),
        ),
        ([varbinds, shuffled]) => {
          // of repeated scalars the first counts
          const columns = (list: readonly Varbind[]) => list.filter(({ oid }) => /\.759\.1\.[123]\./.test(oid));
          const told = ({ reading, memory }: ReturnType<typeof meaning>) => ({
            snapshots: reading.snapshots,
            kind: reading.kind,
            unknown: reading.unknown,
            memory,
          });
          expect(told(meaning(columns(shuffled)))).toEqual(told(meaning(columns(varbinds))));
        },
      ),
      { numRuns: 300, examples: [[[[NO_NUMBER], [NO_NUMBER, NO_NUMBER]]]] },
    );
  });
});

describe.each(walks)('the walk %s', (name) => {
  const walk = walkOf(name);

  it('means the same when its rows come backwards and then again', () => {
    const backwards = meaning([...walk.toReversed(), ...walk]);
    expect(backwards.reading.snapshots).toEqual(meaning(walk).reading.snapshots);
  });

  it('means the same to an agent that has read it before', () => {
    const once = meaning(walk);
    expect(meaning(walk, once.memory)).toEqual(once);
  });
});
