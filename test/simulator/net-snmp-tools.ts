/** Debian's SNMP command-line tools against a port of loopback: another implementation than the simulator's. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { PATIENCE } from '../builders/patience.ts';

export const COMMUNITY = 'community-of-the-fleet';
export const V3_USER = {
  name: 'monitor',
  auth: { protocol: 'sha256', password: 'auth-of-the-fleet' },
  privacy: { protocol: 'aes128', password: 'privacy-of-the-fleet' },
} as const;
export const V2C = ['-v2c', '-c', COMMUNITY];
export const V3 = [
  '-v3',
  '-l',
  'authPriv',
  '-u',
  V3_USER.name,
  '-a',
  'SHA-256',
  '-A',
  V3_USER.auth.password,
  '-x',
  'AES',
  '-X',
  V3_USER.privacy.password,
];

interface ToolResult {
  readonly status: number;
  /** One line for each object: `.1.3.6... = TYPE: value`, long values joined. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** `snmpget`, `snmpbulkwalk` ...: OIDs as numbers, octets in hex, no MIB loaded, one try of a minute unless told. */
export function netSnmp(
  tool: string,
  credential: readonly string[],
  port: number,
  args: readonly string[],
  host = '127.0.0.1',
): Promise<ToolResult> {
  const command = ['-m', '', '-On', '-Ox', '-t', '60', '-r', '0', ...credential, `${host}:${port}`, ...args];
  return new Promise((resolve) => {
    execFile(
      tool,
      command,
      { env: { ...process.env, SNMP_PERSISTENT_DIR: tmpdir() }, timeout: PATIENCE.timeout },
      (error, stdout, stderr) => {
        const text = stdout.replace(/\n(?!\.|$)/gu, '');
        resolve({ status: Number(error?.code ?? 0), lines: text.split('\n').filter((line) => line !== ''), stderr });
      },
    );
  });
}

/** Value by OID, the type cut off; octets as upper-case hex without blanks. */
export function valuesOf(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line) => {
      const [oid = '', value = ''] = line.split(' = ');
      return [oid.slice(1), value.replace(/^[\w-]+: /u, '').replaceAll(' ', '')];
    }),
  );
}
