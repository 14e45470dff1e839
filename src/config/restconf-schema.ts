/** RESTCONF settings besides port and interval: the login, and which certificate is accepted. */
import { parseFingerprint } from '../kernel/certificate-fingerprint.ts';
import { envName, host, parsed, path, printing, section, userName } from './schema-terms.ts';

export const restconfCredential = section({
  username: userName.describe('User of HTTP basic auth').optional(),
  password_env: envName.describe('Variable that holds the password').optional(),
  password_file: path.describe('File that holds it').optional(),
  password_command: printing('it'),
  client_cert_file: path.describe('Certificate in PEM form that the device is shown').optional(),
  client_key_file: path.describe('Its private key').optional(),
  client_key_command: printing('the key'),
  client_key_passphrase_env: envName.describe('Variable that holds the passphrase of the key').optional(),
  client_key_passphrase_file: path.describe('File that holds it').optional(),
  client_key_passphrase_command: printing('it'),
}).describe('Username and password, a client certificate, or both');

export const tls = section({
  ca_file: path
    .describe('Certificates in PEM form whose holders vouch for devices; default: the public authorities of Node.js')
    .optional(),
  server_name: host.describe('The name that the certificate has to bear; default: the host').optional(),
  fingerprint: parsed('a SHA-256 fingerprint (64 hex digits, with or without colons)', parseFingerprint)
    .describe('This certificate and no other, whoever vouches for it')
    .optional(),
}).describe(
  'Which certificate a device may show over RESTCONF. Where nobody vouches for it, host_keys decides as for a host key: strict takes only one that restconf.known_certificates holds, accept-new remembers the first',
);
