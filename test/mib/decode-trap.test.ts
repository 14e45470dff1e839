import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GDOI_TRAPS } from '../../src/gdoi/seen/gdoi-trap.ts';
import type { SnmpValue, Varbind } from '../../src/gdoi/seen/varbind.ts';
import { decodeTrap } from '../../src/mib/decode-trap.ts';
import { GDOI_NOTIFICATION_VARIABLES, GDOI_ROOT } from '../../src/mib/gdoi-oids.ts';
import { anyVarbinds } from './any-varbinds.ts';
import { ascii, octets, rowOf } from '../builders/gdoi-reply-builder.ts';

const trapOid = (number: number) => `${GDOI_ROOT}.0.${String(number)}`;
const GROUP = '11.4.0.0.4.199';
const GM_OID = `${GROUP}.1.4.198.51.100.21`;
const KS = { cgmGdoiGmRegKeyServerIdType: 1, cgmGdoiGmRegKeyServerIdValue: octets('C000020B') };

/** The variables of a notification of 2015, by default with the instance `.0`. */
function variables(
  values: Partial<Record<keyof typeof GDOI_NOTIFICATION_VARIABLES, SnmpValue>>,
  instance = '.0',
): Varbind[] {
  return Object.entries(values).map(([name, value]) => ({
    oid: `${GDOI_ROOT}.${GDOI_NOTIFICATION_VARIABLES[name as keyof typeof GDOI_NOTIFICATION_VARIABLES]}${instance}`,
    value,
  }));
}

const IN_GROUP = {
  cgmGdoiNotifGroupIdType: 11,
  cgmGdoiNotifGroupIdValue: octets('000004c7'),
  cgmGdoiNotifGroupName: ascii('wan-eu1'),
};
const AT_KS = { cgmGdoiNotifKeyServerIdType: 1, cgmGdoiNotifKeyServerIdValue: octets('C000020B') };
const SAYS_NOTHING = {
  groupIdentity: null,
  groupName: null,
  gmAddress: null,
  keyServer: null,
  peer: null,
  keyServerRole: null,
  rekeySequence: null,
};

describe('a notification of 2010', () => {
  it.each([5, 6, 7])('%i names the GM and its group by its instance, and the KS by its values', (number) => {
    expect(decodeTrap(trapOid(number), rowOf(GM_OID, KS))).toEqual({
      ...SAYS_NOTHING,
      name: GDOI_TRAPS[number - 1],
      groupIdentity: '1223',
      gmAddress: '198.51.100.21',
      keyServer: '192.0.2.11',
    });
  });

  it.each([
    [8, 'GmRekeyReceived'],
    [11, 'GmRekeyFailure'],
  ])('%i, %s, carries the sequence number of the rekey', (number, name) => {
    expect(decodeTrap(trapOid(number), rowOf(GM_OID, { ...KS, cgmGdoiGmRekeysReceived: 3 }))).toMatchObject({
      name,
      gmAddress: '198.51.100.21',
      rekeySequence: 3,
    });
  });

  it('3 names the KS that pushed the rekey by its instance', () => {
    expect(decodeTrap(trapOid(3), rowOf(`${GROUP}.1.4.192.0.2.11`, { cgmGdoiKeyServerRekeysPushed: 33 }))).toEqual({
      ...SAYS_NOTHING,
      name: 'KeyServerRekeyPushed',
      groupIdentity: '1223',
      keyServer: '192.0.2.11',
      rekeySequence: 33,
    });
  });

  it.each([1, 2, 4, 9, 10])('%i without variables gives nothing but its name', (number) => {
    expect(decodeTrap(trapOid(number), [])).toEqual({ ...SAYS_NOTHING, name: GDOI_TRAPS[number - 1] });
  });

  it.each(['0', '11.4.0.0', '11.4.0.0.4.199'])('keeps the KS if the instance %s is not an index', (instance) => {
    expect(decodeTrap(trapOid(7), rowOf(instance, KS))).toEqual({
      ...SAYS_NOTHING,
      name: 'GmReRegister',
      keyServer: '192.0.2.11',
    });
  });

  it('keeps the KS if there is no instance at all', () => {
    const bare = rowOf('0', KS).map(({ oid, value }) => ({ oid: oid.replace(/\.0$/, ''), value }));
    expect(decodeTrap(trapOid(7), bare)).toMatchObject({ gmAddress: null, keyServer: '192.0.2.11' });
  });

  it('takes the group and the GM from whichever variable has them in its instance', () => {
    const [first, ...others] = rowOf(GM_OID, { ...KS, cgmGdoiGmRekeysReceived: 3 });
    const withoutInstance = { oid: first!.oid.replace(`.${GM_OID}`, '.0'), value: first!.value };
    expect(decodeTrap(trapOid(8), [withoutInstance, ...others])).toMatchObject({
      groupIdentity: '1223',
      gmAddress: '198.51.100.21',
    });
  });

  it('does not take 0.0.0.0 for a KS', () => {
    const nobody = rowOf(GM_OID, { ...KS, cgmGdoiGmRegKeyServerIdValue: octets('00000000') });
    expect(decodeTrap(trapOid(7), nobody)).toMatchObject({ gmAddress: '198.51.100.21', keyServer: null });
  });
});

describe.each(['.0', ''])('a notification of 2015, its variables with instance "%s"', (instance) => {
  it.each([
    [1, 'primary'],
    [2, 'secondary'],
    [3, 'unknown'],
    [9, null],
  ])('12 carries the new role, %i as %s', (value, keyServerRole) => {
    const carried = variables({ ...IN_GROUP, ...AT_KS, cgmGdoiNotifKeyServerRole: value }, instance);
    expect(decodeTrap(trapOid(12), carried)).toEqual({
      ...SAYS_NOTHING,
      name: 'KeyServerRoleChange',
      groupIdentity: '1223',
      groupName: 'wan-eu1',
      keyServer: '192.0.2.11',
      keyServerRole,
    });
  });

  it('13 carries the GM that the KS has deleted', () => {
    const gm = { cgmGdoiNotifGmIdType: 1, cgmGdoiNotifGmIdValue: octets('C6336415') };
    expect(decodeTrap(trapOid(13), variables({ ...IN_GROUP, ...AT_KS, ...gm }, instance))).toMatchObject({
      name: 'KeyServerGmDeleted',
      groupName: 'wan-eu1',
      gmAddress: '198.51.100.21',
    });
  });

  it.each([
    [14, 'KeyServerPeerReachable'],
    [15, 'KeyServerPeerUnreachable'],
  ])('%i, %s, carries the peer', (number, name) => {
    const peer = { cgmGdoiNotifPeerKsIdType: 1, cgmGdoiNotifPeerKsIdValue: octets('C000020C') };
    expect(decodeTrap(trapOid(number), variables({ ...IN_GROUP, ...AT_KS, ...peer }, instance))).toMatchObject({
      name,
      peer: '192.0.2.12',
      keyServer: '192.0.2.11',
    });
  });
});

describe('an OID that is not a notification of this MIB', () => {
  it.each([
    '1.3.6.1.6.3.1.1.5.3',
    trapOid(0),
    trapOid(16),
    GDOI_ROOT,
    `${trapOid(7)}.1`,
    `${GDOI_ROOT}9.0.7`,
    '',
    trapOid(107),
  ])('is decoded to null: %s', (oid) => {
    expect(decodeTrap(oid, rowOf(GM_OID, KS))).toBeNull();
  });

  it('is decoded as a notification if another root makes it one', () => {
    const juniper = '1.3.6.1.4.1.2636.5.759';
    expect(
      decodeTrap(`${juniper}.0.7`, [{ oid: `${juniper}.1.2.2.1.6.${GM_OID}`, value: octets('C000020B') }], juniper),
    ).toMatchObject({
      name: 'GmReRegister',
      gmAddress: '198.51.100.21',
      keyServer: '192.0.2.11',
    });
  });
});

it('decodes any variables of any notification without an exception, to bounded text', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 15 }), anyVarbinds, (number, varbinds) => {
      const trap = decodeTrap(trapOid(number), varbinds);
      expect(trap?.name).toBe(GDOI_TRAPS[number - 1]);
      expect(JSON.stringify(trap).length).toBeLessThan(2000);
    }),
  );
});
