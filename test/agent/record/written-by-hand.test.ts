/**
 * Timelines that no agent recorded: a person or a script wrote them by the contract, which does not say where a trap's
 * OID has a dot, or how many lines a walk may take.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecordedLine } from '../../../src/agent/record/recorded-line.ts';
import { Replay } from '../../../src/agent/record/replay.ts';
import { writtenValue } from '../../../src/agent/record/written-values.ts';
import { printIdentity } from '../../../src/mib/identity.ts';
import { decodeTrap } from '../../../src/mib/decode-trap.ts';
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';

const START_MS = Date.UTC(2026, 2, 2);
const ROOT = '1.3.6.1.4.1.9.9.759';
const GROUP = '11.4.0.0.18.103';
const GM = `${GROUP}.1.4.198.51.100.7`;
const OLD_KEK = '0x00112233445566778899aabbccddeeff';
const NEW_KEK = '0xff112233445566778899aabbccddeeff';
const TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';

type Values = Readonly<Record<string, number | string>>;

const upAfter = (seconds: number): Values => ({ '1.3.6.1.2.1.1.3.0': (788_640 + seconds) * 100 });
const gmTable = (kek: string): Values => ({
  [`${ROOT}.1.1.1.4.${GROUP}`]: 'WANGRP',
  [`${ROOT}.1.2.2.1.6.${GM}`]: '0xc0000201',
  [`${ROOT}.1.2.2.1.7.${GM}`]: kek,
  [`${ROOT}.1.2.2.1.8.${GM}`]: 9,
});
const kekTable = (kek: string, remaining: number): Values => ({
  [`${ROOT}.1.3.2.1.2.${GM}.1`]: kek,
  [`${ROOT}.1.3.2.1.19.${GM}.1`]: 86_400,
  [`${ROOT}.1.3.2.1.20.${GM}.1`]: remaining,
  [`${ROOT}.1.3.2.1.21.${GM}.1`]: 1,
});
const tekTable = (spi: string, remaining: number): Values => ({
  [`${ROOT}.1.3.6.1.2.${GM}.1.1`]: spi,
  [`${ROOT}.1.3.6.1.9.${GM}.1.1`]: 3600,
  [`${ROOT}.1.3.6.1.10.${GM}.1.1`]: remaining,
  [`${ROOT}.1.3.6.1.11.${GM}.1.1`]: 1,
});

const line = (seconds: number, snmp: Values) =>
  JSON.stringify({ at: new Date(START_MS + seconds * 1000).toISOString(), device: 'gm1', snmp });

function replayed(lines: readonly string[]): readonly GdoiEvent[] {
  const replay = new Replay();
  const events = lines.flatMap((text) => {
    const step = replay.line(text);
    if (step.kind === 'bad') throw new Error(`${step.reason}: ${text}`);
    return step.events;
  });
  return [...events, ...replay.end()];
}

describe('traps', () => {
  // The GM misses the rekey, sends the traps of its re-registration 137 s before expiry and has a new KEK afterwards.
  const withTraps = (trapOid: (number: number) => string, key: (oid: string) => string = (oid) => oid) => {
    const polls = [1, 61, 121, 181].map((at) =>
      line(at, {
        ...upAfter(at),
        ...gmTable(OLD_KEK),
        ...kekTable(OLD_KEK, 340 - at),
        ...tekTable('0x00000001', 3000 - at),
      }),
    );
    const traps = [
      { at: 200, trap: 7 },
      { at: 203, trap: 6 },
    ].map(({ at, trap }) =>
      line(at, { ...upAfter(at), [key(TRAP_OID)]: trapOid(trap), [key(`${ROOT}.1.2.2.1.6.${GM}`)]: '0xc0000201' }),
    );
    const after = [241, 301].map((at) =>
      line(at, {
        ...upAfter(at),
        ...gmTable(NEW_KEK),
        ...kekTable(NEW_KEK, 86_603 - at),
        ...tekTable('0x00000002', 3803 - at),
      }),
    );
    return replayed([...polls, ...traps, ...after]);
  };
  const dotted = withTraps((trap) => `.${ROOT}.0.${trap}`);

  test('an OID without the dot before it is a trap all the same, and no poll that shows nothing', () => {
    expect(dotted.filter(({ type }) => type === 'reregistration').map(({ cause }) => cause)).toEqual([
      'kek_missed_rekey',
    ]);
    expect(withTraps((trap) => `${ROOT}.0.${trap}`)).toEqual(dotted);
  });

  test('keys may have the dot that snmpwalk -On prints', () => {
    expect(
      withTraps(
        (trap) => `.${ROOT}.0.${trap}`,
        (oid) => `.${oid}`,
      ),
    ).toEqual(dotted);
  });

  test('a trap whose OID is none is a bad line', () => {
    expect(readRecordedLine(line(1, { [TRAP_OID]: 'coldStart' }))).toContain('"snmp" holds something');
  });
});

describe('values', () => {
  const NOTIF = `${ROOT}.1.5`;
  const trap = (values: Values) => line(9, { [TRAP_OID]: `${ROOT}.0.12`, ...values });
  const varbinds = (values: Values) => {
    const read = readRecordedLine(trap(values));
    if (typeof read === 'string' || read.kind !== 'report' || read.seen.kind !== 'snmp') throw new Error('no varbinds');
    return decodeTrap(`${ROOT}.0.12`, read.seen.varbinds);
  };
  const told = {
    groupIdentity: '4711',
    groupName: 'WANGRP',
    keyServer: '192.0.2.1',
    peer: '2001:DB8::2',
    keyServerRole: 'primary',
  };

  test.each<[string, Values]>([
    [
      'in the words of a person',
      {
        [`${NOTIF}.1.0`]: '11',
        [`${NOTIF}.2.0`]: '4711',
        [`${NOTIF}.3.0`]: 'WANGRP',
        [`${NOTIF}.4.0`]: '1',
        [`${NOTIF}.5.0`]: '192.0.2.1',
        [`${NOTIF}.6.0`]: '1',
        [`${NOTIF}.9.0`]: '5',
        [`${NOTIF}.10.0`]: '2001:db8::2',
      },
    ],
    [
      'as the tools of Net-SNMP print them',
      {
        [`${NOTIF}.1.0`]: 'INTEGER: groupNumber(11)',
        [`${NOTIF}.2.0`]: 'Hex-STRING: 00 00 12 67 ',
        [`${NOTIF}.3.0`]: 'STRING: "WANGRP"',
        [`${NOTIF}.4.0`]: 'INTEGER: 1',
        [`${NOTIF}.5.0`]: 'IpAddress: 192.0.2.1',
        [`${NOTIF}.6.0`]: 'INTEGER: 1',
        [`${NOTIF}.9.0`]: 'INTEGER: 5',
        [`${NOTIF}.10.0`]: 'Hex-STRING: 20 01 0D B8 00 00 00 00 00 00 00 00 00 00 00 02',
      },
    ],
    [
      'in hex digits with blanks',
      {
        [`${NOTIF}.1.0`]: 11,
        [`${NOTIF}.2.0`]: '00 00 12 67',
        [`${NOTIF}.3.0`]: 'WANGRP',
        [`${NOTIF}.4.0`]: 1,
        [`${NOTIF}.5.0`]: 'C0 00 02 01',
        [`${NOTIF}.6.0`]: 1,
        [`${NOTIF}.9.0`]: 5,
        [`${NOTIF}.10.0`]: '0x20010DB8000000000000000000000002',
      },
    ],
  ])('%s are read', (_, values) => {
    expect(varbinds(values)).toMatchObject(told);
  });

  test('that are a name stay one, whatever it looks like', () => {
    for (const name of ['100', '192.0.2.1', 'AA:BB']) {
      expect(varbinds({ [`${NOTIF}.3.0`]: name })).toMatchObject({ groupName: name });
    }
  });

  test('of columns and counters may be digits in quotes', () => {
    const asText = (values: Values) =>
      Object.fromEntries(Object.entries(values).map(([oid, value]) => [oid, String(value)]));
    const look = (at: number, change: (values: Values) => Values) =>
      line(
        at,
        change({
          ...upAfter(at),
          ...gmTable(OLD_KEK),
          ...kekTable(OLD_KEK, Math.max(0, 40 - at)),
          ...tekTable('0x00000001', 3000 - at),
        }),
      );
    const both = [(values: Values) => values, asText].map((change) =>
      replayed([1, 61, 121].map((at) => look(at, change))).map(({ type }) => type),
    );
    expect(both[0]).toContain('kek_missing');
    expect(both[1]).toEqual(both[0]);
  });
});

test.each(['2026-02-30T00:02:30Z', '12', 'Mar 2 2026', '2026-03-02T25:00:00Z'])('%s is no instant of a line', (at) => {
  expect(readRecordedLine(JSON.stringify({ at, device: 'gm1', error: 'timeout' }))).toContain(
    '"at" is neither ISO 8601',
  );
});

describe('a walk of several lines', () => {
  const polls = [1, 61, 121, 181, 241];

  test('each with a table of its own is one look: no key is missing in between', () => {
    const lines = polls.flatMap((at) => [
      line(at, upAfter(at)),
      line(at + 1, gmTable(OLD_KEK)),
      line(at + 2, kekTable(OLD_KEK, 40_000 - at - 2)),
      line(at + 3, tekTable('0x00000001', 3000 - at - 3)),
    ]);
    expect(replayed(lines)).toEqual([]);
  });

  test('a table that comes again begins the next look', () => {
    const lines = [
      ...[0, 5].flatMap((at) => [
        line(at, { ...upAfter(at), ...gmTable(OLD_KEK) }),
        line(at, kekTable(OLD_KEK, 60 - at)),
      ]),
      line(70, { ...upAfter(70), ...gmTable(OLD_KEK), ...tekTable('0x00000001', 2930) }),
      line(71, kekTable(OLD_KEK, 0)),
    ];
    expect(replayed(lines).map(({ type }) => type)).toEqual(['kek_rekey_overdue', 'kek_missing']);
  });
});

/** CgmGdoiIdentificationType. */
const IPV6_ADDRESS = 5;

test('an IPv6 address in any spelling is that address', () => {
  fc.assert(
    fc.property(
      fc.ipV6().filter((text) => !text.includes('.')),
      (text) => {
        const value = writtenValue(`${ROOT}.1.2.2.1.6.${GM}`, text);
        expect(value).toBeInstanceOf(Uint8Array);
        // As a URL has it, by the same rule of the longest run of zeros (RFC 5952).
        const host = new URL(`http://[${text}]`).hostname.slice(1, -1).toUpperCase();
        expect(value instanceof Uint8Array ? (printIdentity(IPV6_ADDRESS, value) ?? '') : '').toBe(host);
      },
    ),
  );
});
