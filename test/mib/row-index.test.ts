import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIndex, printKey } from '../../src/mib/row-index.ts';
import { ascii, encodeIdentity, octets } from '../builders/gdoi-reply-builder.ts';

const KEK = { identities: 2, numbers: 1 };
const GROUP = { identities: 1, numbers: 0 };

describe('the index of a row', () => {
  it.each([
    ['a group by number', '11.4.0.0.4.199', '1223'],
    ['a group by a number of four octets', '11.4.255.255.255.255', '4294967295'],
    ['a group by address', '1.4.10.0.0.1', '10.0.0.1'],
    [
      'an IPv6 address in upper case, compressed',
      encodeIdentity(5, octets('20010db8000000000000000000000001')),
      '2001:DB8::1',
    ],
    [
      'an IPv6 address without zeros',
      encodeIdentity(5, octets('20010db8000100020003000400050006')),
      '2001:DB8:1:2:3:4:5:6',
    ],
    [
      'an IPv6 address with a single zero group, which is not compressed',
      encodeIdentity(5, octets('20010db8000000020003000400050006')),
      '2001:DB8:0:2:3:4:5:6',
    ],
    ['an IPv6 address that begins with zeros', encodeIdentity(5, octets('00000000000000000000000000000001')), '::1'],
    ['an IPv6 address that ends with zeros', encodeIdentity(5, octets('ff020000000000000000000000000000')), 'FF02::'],
    [
      'sixteen octets of visible text as an IPv6 address if their type says so',
      encodeIdentity(5, ascii('abcdefghijklmnop')),
      '6162:6364:6566:6768:696A:6B6C:6D6E:6F70',
    ],
    ['a domain name', encodeIdentity(2, ascii('ks1.example')), 'ks1.example'],
    ['a user name', encodeIdentity(3, ascii('jsmith@example.com')), 'jsmith@example.com'],
    ['an IPv4 subnet', encodeIdentity(4, [10, 1, 0, 0, 255, 255, 0, 0]), '10.1.0.0/255.255.0.0'],
    ['an IPv4 range', encodeIdentity(7, [10, 1, 0, 1, 10, 1, 0, 9]), '10.1.0.1-10.1.0.9'],
    ['an IPv6 range', encodeIdentity(8, octets(`${'00'.repeat(15)}01${'00'.repeat(15)}09`)), '::1-::9'],
    ['a distinguished name in DER: hex', encodeIdentity(9, [0x30, 0x03]), '0x3003'],
    ['an unknown type: hex', encodeIdentity(12, [1, 2]), '0x0102'],
    ['an IPv4 address of three octets: hex', '1.3.10.0.0', '0x0A0000'],
    ['a group number of five octets: hex', '11.5.0.0.0.4.199', '0x00000004C7'],
    ['a subnet of the length of an address: hex', '4.4.10.0.0.0', '0x0A000000'],
    ['a domain name that is not visible text: hex', encodeIdentity(2, [7, 8]), '0x0708'],
    ['an identity without octets: the index itself', '11.0', '11.0'],
  ])('is printed for %s', (_, instance, text) => {
    expect(decodeIndex(instance, GROUP)).toEqual({ group: instance, party: null });
    expect(printKey(instance)).toBe(text);
  });

  it('is split into group and member for KEK 1 of member 198.51.100.21 in group 1223', () => {
    expect(decodeIndex('11.4.0.0.4.199.1.4.198.51.100.21.1', KEK)).toEqual({
      group: '11.4.0.0.4.199',
      party: '1.4.198.51.100.21',
    });
  });

  it.each([
    ['nothing', ''],
    ['.0', '0'],
    ['a length that reaches beyond the end', '11.4.0.0.4'],
    ['a length of more than 48 octets', encodeIdentity(2, new Uint8Array(49))],
    ['a sub-identifier that is not an octet', '11.4.0.0.4.256'],
    ['a sub-identifier of more than 32 bits', '4294967296.0'],
    ['a number left over', '11.4.0.0.4.199.1'],
    ['an empty sub-identifier', '11.4.0.0..4.199'],
    ['text', '11.4.0.0.4.x'],
  ])('is rejected if it has %s', (_, instance) => {
    expect(decodeIndex(instance, GROUP)).toBeNull();
  });

  const identity = fc.record({
    type: fc.integer({ min: 0, max: 0xffffffff }),
    value: fc.uint8Array({ maxLength: 48 }),
  });

  it('is decoded to exactly what was encoded, whatever the types and lengths', () => {
    fc.assert(
      fc.property(identity, identity, fc.array(fc.nat(0xffffffff), { maxLength: 2 }), (group, party, numbers) => {
        const keys = [group, party].map(({ type, value }) => encodeIdentity(type, value));
        const decoded = decodeIndex([...keys, ...numbers].join('.'), { identities: 2, numbers: numbers.length });
        expect([decoded?.group, decoded?.party]).toEqual(keys);
      }),
    );
  });

  it('is printed differently for different values of one type', () => {
    const printed = (type: number, value: Uint8Array) => printKey(encodeIdentity(type, value));
    const value = fc.uint8Array({ minLength: 1, maxLength: 48 });
    fc.assert(
      fc.property(fc.constantFrom(1, 5, 9, 11), value, value, (type, a, b) => {
        fc.pre(Buffer.compare(a, b) !== 0);
        expect(printed(type, a)).not.toBe(printed(type, b));
      }),
    );
  });
});
