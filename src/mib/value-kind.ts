/**
 * What the values of an object of CISCO-GDOI-MIB are, by its name: the MIB names alike what has one type. Where the MIB
 * file is present, test/mib/gdoi-oids.test.ts compares each name with it.
 */

/**
 * `identity`: an address or a group's number in octets (CgmGdoiIdentificationValue); `name`: text; `octets`: an SPI or
 * a port; `number`: a count, a lifetime or an enumeration.
 */
export type ValueKind = 'identity' | 'name' | 'octets' | 'number';

export function valueKind(name: string): ValueKind {
  if (name.endsWith('IdValue')) return 'identity';
  if (name.endsWith('Name')) return 'name';
  return /(?:SPI|ActiveKEK|IdPort)$/.test(name) ? 'octets' : 'number';
}
