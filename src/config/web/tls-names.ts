/** TLS settings as the exporter-toolkit (and Go's crypto/tls) spells them, translated to Node and OpenSSL. */

/** TLS 1.0 and 1.1 were retired by RFC 8996; OpenSSL 3 does not offer them at its default level either. */
export const TLS_VERSIONS = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

/** In Go the ciphers of TLS 1.3 cannot be chosen, and are always on. */
const TLS13_CIPHERS = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** The names of Go's `tls.CipherSuites()` for TLS 1.2: key exchange by ECDHE only. */
const TLS12_CIPHERS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
    TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
    TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  }),
);

export const CIPHER_NAMES: readonly string[] = [...TLS13_CIPHERS, ...TLS12_CIPHERS.keys()];

/** OpenSSL's list; null, which is Node's default, for an empty one. */
export function opensslCiphers(names: readonly string[]): string | null {
  const tls12 = names.flatMap((name) => TLS12_CIPHERS.get(name) ?? []);
  return tls12.length === 0 ? null : [...TLS13_CIPHERS, ...tls12].join(':');
}

const CURVES = { X25519: 'X25519', CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521' } as const;
export const CURVE_NAMES = ['X25519', 'CurveP256', 'CurveP384', 'CurveP521'] as const;

/** OpenSSL's list; null, which is Node's default, for an empty one. */
export function opensslCurves(names: readonly (keyof typeof CURVES)[]): string | null {
  return names.length === 0 ? null : names.map((name) => CURVES[name]).join(':');
}
