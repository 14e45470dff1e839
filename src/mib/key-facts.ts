/**
 * What is fixed for the life of a key: algorithms and lengths, transport, original lifetime. Asked once per key, known
 * by its SPI, so that a routine poll reads nothing but SPI, countdown and status.
 */
import type { RekeyTransport } from '../gdoi/seen/snapshot.ts';
import { encryptionName, signatureHashName } from './algorithm-names.ts';
import type { GdoiColumn, GdoiTable } from './gdoi-column.ts';
import { isMulticastAddress, isNobody } from './identity.ts';
import type { Row } from './row.ts';

export interface KeyFacts {
  readonly transport: RekeyTransport | null;
  readonly encryption: string | null;
  readonly keyBits: number | null;
  readonly signatureHash: string | null;
  readonly signatureKeyBits: number | null;
  readonly lifetimeSeconds: number | null;
}

/**
 * Some images list keys and leave all lifetimes at 0. A key that was made for 0 s is none: then a remaining 0 does not
 * say that it has expired.
 */
export function credibleSeconds(remaining: number | null, { lifetimeSeconds }: KeyFacts): number | null {
  return remaining === 0 && lifetimeSeconds === 0 ? null : remaining;
}

export const UNKNOWN_KEY_FACTS: KeyFacts = {
  transport: null,
  encryption: null,
  keyBits: null,
  signatureHash: null,
  signatureKeyBits: null,
  lifetimeSeconds: null,
};

/** How the keys of one table are read. */
export interface KeyTable {
  readonly table: GdoiTable;
  readonly spi: GdoiColumn;
  readonly spiOctets: 4 | 16;
  readonly remaining: GdoiColumn;
  readonly status: GdoiColumn;
  /** Columns of facts; none where a snapshot shows none. */
  readonly facts: readonly GdoiColumn[];
  readonly readFacts: (row: Row) => KeyFacts;
}

export const GM_KEK: KeyTable = {
  table: 'cgmGdoiGmKekTable',
  spi: 'cgmGdoiGmKekSPI',
  spiOctets: 16,
  remaining: 'cgmGdoiGmKekRemainingLifetime',
  status: 'cgmGdoiGmKekStatus',
  facts: [
    'cgmGdoiGmKekDstIdValue',
    'cgmGdoiGmKekEncryptAlg',
    'cgmGdoiGmKekEncryptKeyLength',
    'cgmGdoiGmKekSigHashAlg',
    'cgmGdoiGmKekSigKeyLength',
    'cgmGdoiGmKekOriginalLifetime',
  ],
  readFacts: (row) => ({
    ...UNKNOWN_KEY_FACTS,
    lifetimeSeconds: row.number('cgmGdoiGmKekOriginalLifetime'),
    transport: transportTo(row.octets('cgmGdoiGmKekDstIdValue')),
    encryption: named(row.number('cgmGdoiGmKekEncryptAlg'), encryptionName),
    keyBits: row.number('cgmGdoiGmKekEncryptKeyLength'),
    signatureHash: named(row.number('cgmGdoiGmKekSigHashAlg'), signatureHashName),
    signatureKeyBits: row.number('cgmGdoiGmKekSigKeyLength'),
  }),
};

export const KS_KEK: KeyTable = {
  table: 'cgmGdoiKsKekTable',
  spi: 'cgmGdoiKsKekSPI',
  spiOctets: 16,
  remaining: 'cgmGdoiKsKekRemainingLifetime',
  status: 'cgmGdoiKsKekStatus',
  facts: ['cgmGdoiKsKekDstIdValue', 'cgmGdoiKsKekOriginalLifetime'],
  readFacts: (row) => ({
    ...UNKNOWN_KEY_FACTS,
    transport: transportTo(row.octets('cgmGdoiKsKekDstIdValue')),
    lifetimeSeconds: row.number('cgmGdoiKsKekOriginalLifetime'),
  }),
};

export const GM_TEK: KeyTable = {
  table: 'cgmGdoiGmTekPolicyTable',
  spi: 'cgmGdoiGmTekSPI',
  spiOctets: 4,
  remaining: 'cgmGdoiGmTekRemainingLifetime',
  status: 'cgmGdoiGmTekStatus',
  facts: [],
  readFacts: () => UNKNOWN_KEY_FACTS,
};

export const KS_TEK: KeyTable = {
  table: 'cgmGdoiKsTekPolicyTable',
  spi: 'cgmGdoiKsTekSPI',
  spiOctets: 4,
  remaining: 'cgmGdoiKsTekRemainingLifetime',
  status: 'cgmGdoiKsTekStatus',
  facts: ['cgmGdoiKsTekOriginalLifetime'],
  readFacts: (row) => ({ ...UNKNOWN_KEY_FACTS, lifetimeSeconds: row.number('cgmGdoiKsTekOriginalLifetime') }),
};

/** Tables with facts to ask for. */
export const KEY_TABLES: readonly KeyTable[] = [GM_KEK, KS_KEK, KS_TEK];

/**
 * Transport by the destination of the rekey SA (`...DstIdValue`): a multicast group means multicast. That anything else
 * is unicast is an inference; no destination (`0.0.0.0`) leaves it unknown.
 */
function transportTo(destination: Uint8Array | null): RekeyTransport | null {
  if (destination === null || isNobody(destination)) return null;
  return isMulticastAddress(destination) ? 'multicast' : 'unicast';
}

function named(value: number | null, name: (value: number) => string | null): string | null {
  return value === null ? null : name(value);
}
