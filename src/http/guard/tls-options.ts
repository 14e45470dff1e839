/** TLS options for Node's server. */
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import type { TlsSettings } from '../base/options.ts';

/** Options that can be replaced while the server runs. */
export function secureContextOptions(tls: TlsSettings): SecureContextOptions {
  return {
    cert: tls.cert,
    key: tls.key.reveal(),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    honorCipherOrder: tls.honorCipherOrder,
    ...(tls.clientCa === null ? {} : { ca: tls.clientCa }),
    ...(tls.ciphers === null ? {} : { ciphers: tls.ciphers }),
    ...(tls.ecdhCurve === null ? {} : { ecdhCurve: tls.ecdhCurve }),
  };
}

export function tlsOptions(tls: TlsSettings): TlsOptions {
  const asksForCertificate = tls.clientCa !== null;
  return {
    ...secureContextOptions(tls),
    requestCert: asksForCertificate,
    rejectUnauthorized: asksForCertificate,
  };
}
