/**
 * Names of algorithms as `show crypto gdoi` prints them: `AES`, `3DES`, `HMAC_AUTH_SHA`, `HMAC_AUTH_SHA512` are
 * captured outputs; those the CLI was never seen to print are spelled in its manner. The MIB has holes, and releases
 * have values that the MIB does not: an unknown number is shown as the number. `null` is the MIB's "none".
 */
import { GDOI_ENUMS } from './gdoi-oids.ts';

type LabelOf<Enum extends Readonly<Record<number, string>>> = Enum[keyof Enum & number];

const ENCRYPTION: Readonly<Record<LabelOf<typeof GDOI_ENUMS.CgmGdoiEncryptionAlgorithm>, string | null>> = {
  encrAlgNone: null,
  encrAlgDes64: 'DES-IV64',
  encrAlgDes: 'DES',
  encrAlg3Des: '3DES',
  encrAlgRc5: 'RC5',
  encrAlgIdea: 'IDEA',
  encrAlgCast: 'CAST',
  encrAlgBlowfish: 'BLOWFISH',
  encrAlg3Idea: '3IDEA',
  encrAlgDes32: 'DES-IV32',
  encrAlgRc4: 'RC4',
  encrAlgNull: 'NULL',
  encrAlgAesCbc: 'AES',
  encrAlgAesCtr: 'AES-CTR',
  encrAlgAesCcm8: 'AES-CCM-8',
  encrAlgAesCcm12: 'AES-CCM-12',
  encrAlgAesCcm16: 'AES-CCM-16',
  encrAlgAesGcm8: 'AES-GCM-8',
  encrAlgAesGcm12: 'AES-GCM-12',
  encrAlgAesGcm16: 'AES-GCM-16',
  encrAlgNullAuthAesGmac: 'AES-GMAC',
  encrAlgCamelliaCbc: 'CAMELLIA',
  encrAlgCamelliaCtr: 'CAMELLIA-CTR',
  encrAlgCamelliaCcm8: 'CAMELLIA-CCM-8',
  encrAlgCamelliaCcm12: 'CAMELLIA-CCM-12',
  // the MIB's label is cut off: the value is that of the 16-octet ICV
  encrAlgCamelliaCcm1: 'CAMELLIA-CCM-16',
  encrAlgSeedCbc: 'SEED',
};

const SIGNATURE_HASH: Readonly<Record<LabelOf<typeof GDOI_ENUMS.CgmGdoiPseudoRandomFunction>, string | null>> = {
  prfNone: null,
  prfMd5Hmac: 'HMAC_AUTH_MD5',
  prfSha1Hmac: 'HMAC_AUTH_SHA',
  prfTigerHmac: 'HMAC_AUTH_TIGER',
  prfAes128Xcbc: 'AES_XCBC',
  prfSha2Hmac256: 'HMAC_AUTH_SHA256',
  prfSha2Hmac384: 'HMAC_AUTH_SHA384',
  prfSha2Hmac512: 'HMAC_AUTH_SHA512',
  prfAes128Cmac: 'AES_CMAC',
};

export function encryptionName(value: number): string | null {
  const labels: Readonly<Record<number, keyof typeof ENCRYPTION>> = GDOI_ENUMS.CgmGdoiEncryptionAlgorithm;
  const label = labels[value];
  return label === undefined ? String(value) : ENCRYPTION[label];
}

export function signatureHashName(value: number): string | null {
  const labels: Readonly<Record<number, keyof typeof SIGNATURE_HASH>> = GDOI_ENUMS.CgmGdoiPseudoRandomFunction;
  const label = labels[value];
  return label === undefined ? String(value) : SIGNATURE_HASH[label];
}
