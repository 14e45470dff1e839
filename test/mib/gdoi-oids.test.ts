/** Our table of CISCO-GDOI-MIB, and the simulator's own one, agree with Cisco's files. */
import { describe, expect, it } from 'vitest';
import { GDOI_TRAPS } from '../../src/gdoi/seen/gdoi-trap.ts';
import {
  GDOI_COLUMNS,
  GDOI_ENUMS,
  GDOI_NOTIFICATION_SWITCHES,
  GDOI_NOTIFICATION_VARIABLES,
  GDOI_ROOT,
  GDOI_TABLES,
} from '../../src/mib/gdoi-oids.ts';
import { type ValueKind, valueKind } from '../../src/mib/value-kind.ts';
import * as simulated from '../../src/simulator/snmp-wire/mib-objects.ts';
import { mibAbsent, readGdoiMib } from './cisco-gdoi-mib.ts';

/** In order, since the n-th switch belongs to the n-th notification. */
const inOrder = (objects: Readonly<Record<string, unknown>>) => Object.entries(objects);

describe.skipIf(mibAbsent)('compared with the MIB files,', () => {
  const mib = mibAbsent ? null : readGdoiMib();

  it('the table has the root and the revision of the files', () => {
    expect(mib).toMatchObject({ root: GDOI_ROOT, revision: '201507170000Z' });
  });

  it('each MIB table has the right OID and index shape', () => {
    expect(inOrder(GDOI_TABLES)).toEqual(inOrder(mib?.tables ?? {}));
  });

  it('the columns are exactly those that can be read', () => {
    expect(inOrder(GDOI_COLUMNS)).toEqual(inOrder(mib?.readable('1.1', '1.2', '1.3') ?? {}));
  });

  it('each notification has the right number and switch', () => {
    expect(GDOI_TRAPS.map((name) => `cgmGdoi${name}`)).toEqual(mib?.notifications);
    expect(inOrder(GDOI_NOTIFICATION_SWITCHES)).toEqual(inOrder(mib?.readable('1.4') ?? {}));
  });

  it('the variables of notifications have the right OIDs', () => {
    expect(inOrder(GDOI_NOTIFICATION_VARIABLES)).toEqual(inOrder(mib?.readable('1.5') ?? {}));
  });

  it('what values are is told by the names of objects', () => {
    const kinds: Readonly<Record<string, ValueKind>> = {
      CgmGdoiIdentificationValue: 'identity',
      DisplayString: 'name',
      CgmGdoiKekSPI: 'octets',
      CgmGdoiTekSPI: 'octets',
      CgmGdoiUnsigned16: 'octets',
    };
    const names = [...Object.keys(GDOI_COLUMNS), ...Object.keys(GDOI_NOTIFICATION_VARIABLES)];
    const syntaxes = names.map((name) => [name, mib?.syntax(name)] as const);
    expect(syntaxes.filter(([, syntax]) => syntax === undefined)).toEqual([]);
    expect(syntaxes.map(([name]) => [name, valueKind(name)])).toEqual(
      syntaxes.map(([name, syntax = '']) => [name, kinds[syntax] ?? 'number']),
    );
  });

  it.each(Object.entries(GDOI_ENUMS))('the enumeration %s has the right numbers', (convention, labels) => {
    expect(labels).toEqual(mib?.labels(convention));
  });

  it('the simulator shows the same columns and sends the same notifications', () => {
    const columns = Object.values(simulated.GDOI_TABLES).flatMap(({ entry, columns: all }) =>
      all.map(({ name, number }) => [name, [...entry, number].join('.')]),
    );
    expect(columns).toEqual(inOrder(GDOI_COLUMNS).map(([name, oid]) => [name, `${GDOI_ROOT}.${String(oid)}`]));
    expect(simulated.NOTIFICATIONS.map(({ name }) => name)).toEqual(mib?.notifications);
  });
});

describe('our table by itself', () => {
  it('has every column inside one of its MIB tables', () => {
    const entries = Object.values(GDOI_TABLES).map(({ entry }) => entry as string);
    const lost = Object.entries(GDOI_COLUMNS).filter(
      ([, oid]) => !entries.includes(oid.slice(0, oid.lastIndexOf('.'))),
    );
    expect(lost).toEqual([]);
  });

  it('has no OID twice', () => {
    const oids = [GDOI_COLUMNS, GDOI_NOTIFICATION_SWITCHES, GDOI_NOTIFICATION_VARIABLES].flatMap(Object.values);
    expect(new Set(oids).size).toBe(oids.length);
  });
});
