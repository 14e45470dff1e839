/** RESTCONF settings besides port and interval: the login, and which certificate is accepted. */
import { parseFingerprint } from '../kernel/certificate-fingerprint.ts';
import { envName, host, parsed, path, printing, section, userName } from './schema-terms.ts';

export const restconfCredential = section({
  username: userName.describe('User of HTTP basic auth').optional(),
  password_env: envName.describe('Environment variable with the password').optional(),
  password_file: path.describe('File with it').optional(),
  password_command: printing('it'),
  client_cert_file: path.describe('Certificate in PEM format to show to the device').optional(),
  client_key_file: path.describe('Its private key').optional(),
  client_key_command: printing('the key'),
  client_key_passphrase_env: envName.describe('Environment variable with the passphrase of the key').optional(),
  client_key_passphrase_file: path.describe('File with it').optional(),
  client_key_passphrase_command: printing('it'),
}).describe('Username and password, a client certificate, or both');

export const tls = section({
  ca_file: path
    .describe('CA certificates in PEM format, for the certificates of devices. Default: the public CAs of Node.js')
    .optional(),
  server_name: host.describe('Name that the certificate must have. Default: the host').optional(),
  fingerprint: parsed('a SHA-256 fingerprint (64 hex digits, with or without colons)', parseFingerprint)
    .describe('Accept this certificate and no other, whoever signed it')
    .optional(),
}).describe(
  'Which certificate of a device is accepted over RESTCONF. If no trusted CA signed it, host_keys decides as for a host key: strict accepts only one in restconf.known_certificates, accept-new also the first one, and remembers it',
);
