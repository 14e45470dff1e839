/**
 * Timelines that no agent recorded: a person or a script wrote them by the contract, which does not say where a trap's
 * OID has a dot, or how many lines a walk may take.
 */
import { describe, expect, test } from 'vitest';
import { readRecordedLine } from '../../../src/agent/record/recorded-line.ts';
import { Replay } from '../../../src/agent/record/replay.ts';
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
