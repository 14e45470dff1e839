/** `show crypto gdoi` and its relatives on a GM, in the layouts of four families of releases. */
import type { EpochMs } from '../../kernel/clock.ts';
import { type GroupMember, type HeldTek, PSEUDOTIME_BEGAN_SECONDS } from '../world/group-member.ts';
import type { KsGroupConfig } from '../world/key-server.ts';
import { hex32 } from '../world/keys.ts';
import { field, hhmmss, secondsLeft } from './render-text.ts';

interface Layout {
  /** Fields of the group before the member in `GROUP INFORMATION`. */
  readonly groupFields: (gm: GroupMember) => readonly string[];
  readonly memberFields: (gm: GroupMember, nowMs: EpochMs) => readonly string[];
  readonly aclIndent: string;
  readonly aclWord: string;
  readonly kekLifetime: boolean;
  /** How a GM without a KEK shows it: no block, or a block with a lifetime of 0. */
  readonly missingKek: 'no-block' | 'zero';
  readonly tekDetails: boolean;
  readonly trailer: boolean;
}

const LAYOUTS: Readonly<Record<'classic' | 'ios15' | 'xe', Layout>> = {
  classic: {
    groupFields: (gm) => [
      field(4, 25, 'Group Name', gm.config.name),
      field(4, 25, 'Group Identity', gm.config.identity),
      field(4, 25, 'Rekeys received', gm.rekeysReceived),
      field(4, 25, 'IPSec SA Direction', 'Both'),
      field(4, 25, 'Active Group Server', gm.registeredWith?.address ?? '0.0.0.0'),
      ...serverList(gm, 4, 25),
      '',
    ],
    memberFields: (gm, nowMs) => lab15Member(gm, nowMs, { version: false }),
    aclIndent: '   ',
    aclWord: 'access-list  ',
    kekLifetime: false,
    missingKek: 'no-block',
    tekDetails: false,
    trailer: false,
  },
  ios15: {
    groupFields: (gm) => [
      field(4, 25, 'Group Name', gm.config.name),
      field(4, 25, 'Group Identity', gm.config.identity),
      field(4, 25, 'Rekeys received', gm.rekeysReceived),
      field(4, 25, 'IPSec SA Direction', 'Both'),
      '',
      ...serverList(gm, 5, 24),
      '',
    ],
    memberFields: (gm, nowMs) => lab15Member(gm, nowMs, { version: false }),
    aclIndent: '   ',
    aclWord: 'access-list  ',
    kekLifetime: true,
    missingKek: 'no-block',
    tekDetails: false,
    trailer: false,
  },
  xe: {
    groupFields: (gm) => [
      field(4, 25, 'Group Name', gm.config.name),
      field(4, 25, 'Group Identity', gm.config.identity),
      field(4, 25, 'Group Type', 'GDOI (ISAKMP)'),
      field(4, 25, 'Crypto Path', 'ipv4'),
      field(4, 25, 'Key Management Path', 'ipv4'),
      field(4, 25, 'Rekeys received', gm.rekeysReceived),
      field(4, 25, 'IPSec SA Direction', 'Both'),
      '',
      ...serverList(gm, 5, 24),
      '',
      ...xeMemberHead(gm),
    ],
    memberFields: xeMember,
    aclIndent: '   ',
    aclWord: 'access-list   ',
    kekLifetime: true,
    missingKek: 'no-block',
    tekDetails: true,
    trailer: true,
  },
};

/** `show crypto gdoi`: every group of the device. */
export function renderGmShowCryptoGdoi(members: readonly GroupMember[], nowMs: EpochMs): string {
  return members
    .map((gm) => {
      const { dialect } = gm.device.release;
      return dialect === 'vendor' ? flatten(render(gm, nowMs, VENDOR)) : render(gm, nowMs, LAYOUTS[dialect]);
    })
    .join('\n');
}

const VENDOR: Layout = {
  ...LAYOUTS.ios15,
  groupFields: (gm) => [
    field(4, 25, 'Group Name', gm.config.name),
    field(4, 25, 'Group Identity', gm.config.identity),
    field(4, 25, 'Crypto Path', 'ipv4'),
    field(4, 25, 'Key Management Path', 'ipv4'),
    field(4, 25, 'Rekeys received', gm.rekeysReceived),
    field(4, 25, 'IPSec SA Direction', 'Both'),
    ...serverList(gm, 5, 24),
  ],
  memberFields: (gm, nowMs) => lab15Member(gm, nowMs, { version: true }),
  missingKek: 'zero',
};

/** The vendor's document: no indent, single blanks, no blank lines, `Reregisters in` without a hyphen. */
function flatten(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().replace(/ {2,}/gu, ' ').replace('Re-registers in', 'Reregisters in'))
    .map((line) => `${line}\n`)
    .join('');
}

function render(gm: GroupMember, nowMs: EpochMs, layout: Layout): string {
  const lines = [
    'GROUP INFORMATION',
    '',
    ...layout.groupFields(gm),
    ...layout.memberFields(gm, nowMs),
    '',
    ...cumulative(gm, nowMs),
    '',
    ...downloadedAcl(gm, layout),
    '',
    ...kekPolicy(gm, nowMs, layout),
    ...tekPolicy(gm, nowMs, layout),
  ];
  if (layout.trailer) {
    lines.push(
      '',
      'KGS POLICY:',
      `  REG_GM: local_addr ${gm.address}`,
      '',
      'P2P POLICY:',
      `  REG_GM: local_addr ${gm.address}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function serverList(gm: GroupMember, indent: number, width: number): readonly string[] {
  const [first, ...rest] = gm.config.keyServers.map((keyServer) => keyServer.address);
  return [
    field(indent, width, 'Group Server list', first ?? '0.0.0.0'),
    ...rest.map((address) => `${' '.repeat(indent + width + 2)}${address}`),
  ];
}

/** How its key server sends rekeys. */
export function isMulticast(gm: GroupMember): boolean {
  const source = gm.policySource ?? gm.config.keyServers[0];
  return source?.config.timers.transport === 'multicast';
}

function registrationFields(gm: GroupMember, nowMs: EpochMs): readonly string[] {
  const reregistersAtMs = gm.reregistersAtMs();
  const status = gm.shownStatus();
  const lines = [field(7, 22, 'Registration status', status)];
  if (status === 'Registered') lines.push(field(7, 22, 'Registered with', gm.registeredWith?.address ?? '0.0.0.0'));
  else if (gm.registeringTo !== null) lines.push(field(7, 22, 'Registering to', gm.registeringTo.address));
  if (reregistersAtMs !== null) {
    lines.push(field(7, 22, 'Re-registers in', `${secondsLeft(reregistersAtMs, nowMs)} sec`));
  }
  lines.push(
    field(7, 22, 'Succeeded registration', gm.succeeded),
    field(7, 22, 'Attempted registration', gm.attempted),
    field(7, 22, 'Last rekey from', gm.lastRekeyFrom ?? '0.0.0.0'),
    field(7, 22, 'Last rekey seq num', gm.lastRekeySequence),
  );
  return lines;
}

function memberLine(gm: GroupMember): string {
  return `${field(4, 25, 'Group member', gm.address.padEnd(15))} vrf: None`;
}

function allowable(): readonly string[] {
  return [
    field(7, 22, 'allowable rekey cipher', 'any'),
    field(7, 22, 'allowable rekey hash', 'any'),
    field(7, 22, 'allowable transformtag', 'any ESP'),
  ];
}

function lastRekeyAge(gm: GroupMember, nowMs: EpochMs): string {
  return gm.lastRekeyAtMs === null
    ? field(7, 22, 'Rekey Received', 'never')
    : field(7, 22, 'Rekey Rcvd(hh:mm:ss)', hhmmss(nowMs - gm.lastRekeyAtMs));
}

/** [W], [T] and [C]: with multicast the age of the last rekey is under `Rekeys cumulative`. */
function lab15Member(gm: GroupMember, nowMs: EpochMs, options: { readonly version: boolean }): readonly string[] {
  const lines = [memberLine(gm)];
  if (options.version && gm.device.release.gmVersion !== null)
    lines.push(field(7, 22, 'Version', gm.device.release.gmVersion));
  lines.push(...registrationFields(gm, nowMs));
  if (isMulticast(gm)) {
    lines.push(field(7, 22, 'Multicast rekey rcvd', gm.rekeysReceived));
  } else {
    lines.push(
      field(7, 22, 'Unicast rekey received', gm.rekeysReceived),
      field(7, 22, 'Rekey ACKs sent', gm.acksSent),
      lastRekeyAge(gm, nowMs),
    );
  }
  lines.push(...allowable());
  return lines;
}

function xeMemberHead(gm: GroupMember): readonly string[] {
  return [
    `Group Member Information For Group ${gm.config.name}:`,
    field(4, 25, 'IPSec SA Direction', 'Both'),
    field(4, 25, 'ACL Received From KS', `gdoi_group_${gm.config.name}_temp_acl`),
    '',
  ];
}

function xeMember(gm: GroupMember, nowMs: EpochMs): readonly string[] {
  const gmVersion = gm.device.release.gmVersion ?? '1.0.22';
  const lines = [
    memberLine(gm),
    field(7, 22, 'Local addr/port', `${gm.address}/848`),
    field(7, 22, 'Remote addr/port', `${(gm.registeredWith ?? gm.registeringTo)?.address ?? '0.0.0.0'}/848`),
    field(7, 22, 'fvrf/ivrf', 'None/None'),
    field(7, 22, 'Version', gmVersion),
    ...registrationFields(gm, nowMs),
  ];
  if (isMulticast(gm)) {
    lines.push(field(7, 22, 'Multicast rekey rcvd', gm.rekeysReceived));
  } else {
    lines.push(field(7, 22, 'Unicast rekey received', gm.rekeysReceived), field(7, 22, 'Rekey ACKs sent', gm.acksSent));
  }
  lines.push(lastRekeyAge(gm, nowMs));
  const newest = gmVersion === '1.0.26';
  if (newest) lines.push(field(7, 22, 'PFS Rekey received', 0));
  lines.push(
    field(7, 22, 'DP Error Monitoring', 'OFF'),
    '       IPSEC init reg executed    : 0',
    '       IPSEC init reg postponed   : 0',
    field(7, 22, 'Active TEK Number', gm.teks().length),
    '       SA Track (OID/status) : disabled',
  );
  if (newest) lines.push('       Fail-Close Revert : Disabled');
  lines.push('', ...allowable());
  return lines;
}

function cumulative(gm: GroupMember, nowMs: EpochMs): readonly string[] {
  const lines = [
    '    Rekeys cumulative',
    field(7, 22, 'Total received', gm.rekeysReceived),
    field(7, 22, 'After latest register', gm.rekeysSinceRegistration),
  ];
  if (isMulticast(gm)) {
    if (gm.device.release.dialect !== 'xe') lines.push(lastRekeyAge(gm, nowMs));
  } else {
    lines.push(field(7, 22, 'Rekey Acks sents', gm.acksSent));
  }
  return lines;
}

function downloadedAcl(gm: GroupMember, layout: Layout): readonly string[] {
  const source = gm.policySource;
  if (source === null) return [' ACL Downloaded From KS UNKNOWN:'];
  return [
    ` ACL Downloaded From KS ${source.address}:`,
    ...source.config.acl.map((entry) => `${layout.aclIndent}${layout.aclWord}${entry}`),
  ];
}

/** KEK and signature sizes by cipher: bits on the GM, bytes on the KS. */
export function kekFacts(config: KsGroupConfig): { readonly keyBits: number; readonly signatureBits: number } {
  return config.kekCipher === 'AES' ? { keyBits: 256, signatureBits: 2048 } : { keyBits: 192, signatureBits: 1024 };
}

function kekPolicy(gm: GroupMember, nowMs: EpochMs, layout: Layout): readonly string[] {
  const config = (gm.policySource ?? gm.config.keyServers[0])?.config;
  if (config === undefined || (gm.kek === null && (layout.missingKek === 'no-block' || gm.policySource === null))) {
    return [];
  }
  const { keyBits, signatureBits } = kekFacts(config);
  const lines = ['KEK POLICY:', field(4, 25, 'Rekey Transport Type', isMulticast(gm) ? 'Multicast' : 'Unicast')];
  if (layout.kekLifetime) {
    lines.push(field(4, 25, 'Lifetime (secs)', gm.kek === null ? 0 : secondsLeft(gm.kek.expiryMs, nowMs)));
  }
  const trailingBlanks = layout.trailer ? '' : '     ';
  lines.push(
    field(4, 25, 'Encrypt Algorithm', config.kekCipher),
    field(4, 25, 'Key Size', `${keyBits}${trailingBlanks}`),
    field(4, 25, 'Sig Hash Algorithm', 'HMAC_AUTH_SHA'),
    field(4, 25, 'Sig Key Length (bits)', `${signatureBits}${trailingBlanks}`),
    '',
  );
  return lines;
}

function tekPolicy(gm: GroupMember, nowMs: EpochMs, layout: Layout): readonly string[] {
  const lines = ['TEK POLICY for the current KS-Policy ACEs Downloaded:'];
  const config = gm.policySource?.config;
  const teks = gm.teks();
  if (config === undefined || teks.length === 0) return lines;
  lines.push(`  ${gm.config.interface}:`);
  for (const tek of teks) lines.push(...tekBlock(tek, config, nowMs, layout), '');
  return lines;
}

function tekBlock(tek: HeldTek, config: KsGroupConfig, nowMs: EpochMs, layout: Layout): readonly string[] {
  const { kind, window } = config.antiReplay;
  const lines = [
    '    IPsec SA:',
    `        spi: 0x${hex32(tek.spi)}(${tek.spi})`,
    `        transform: ${config.transform}${layout.trailer ? '' : ' '}`,
    `        sa timing:remaining key lifetime (sec): (${secondsLeft(tek.expiryMs, nowMs)})`,
    kind === 'counter'
      ? `        Anti-Replay(Counter Based) : ${window}`
      : `        Anti-Replay(Time Based) : ${window} sec interval`,
  ];
  if (layout.tekDetails) {
    lines.push(
      '        tag method : disabled',
      '        alg key size: 32 (bytes)',
      '        sig key size: 32 (bytes)',
      '        encaps: ENCAPS_TUNNEL',
    );
  }
  return lines;
}

/**
 * `show crypto gdoi gm rekey detail`. The KEK's SPI is both cookies joined; of each the first four octets are printed.
 */
export function renderGmRekeyDetail(members: readonly GroupMember[]): string {
  return members
    .map((gm) => {
      const transport = isMulticast(gm) ? 'Multicast' : 'Unicast';
      const lines = [
        `Group ${gm.config.name} (${transport})`,
        `    Number of Rekeys received (cumulative)       : ${gm.rekeysReceived}`,
        `    Number of Rekeys received after registration : ${gm.rekeysSinceRegistration}`,
      ];
      if (!isMulticast(gm)) lines.push(`    Number of Rekey Acks sent                    : ${gm.acksSent}`);
      lines.push(
        '',
        'Rekey (KEK) SA information :',
        '          dst             src             conn-id  my-cookie  his-cookie',
        sa('New     ', gm, gm.kek?.spi ?? null),
        sa('Current ', gm, null),
        sa('Previous', gm, null),
        '',
        '',
      );
      return lines.join('\n');
    })
    .join('\n');
}

function sa(label: string, gm: GroupMember, spi: string | null): string {
  if (spi === null) return `${label}: ---             ---               ---    ---        ---`;
  const source = gm.policySource;
  const destination = isMulticast(gm) ? (source?.config.multicastAddress ?? gm.address) : gm.address;
  const connection = 1000 + (Number.parseInt(spi.slice(24, 28), 16) % 9000);
  return `${label}: ${destination.padEnd(16)}${(source?.address ?? '0.0.0.0').padEnd(16)}${String(connection).padEnd(8)}${spi.slice(0, 8)}   ${spi.slice(16, 24)}`;
}

/** `show crypto gdoi gm replay`. */
export function renderGmReplay(members: readonly GroupMember[], nowMs: EpochMs): string {
  return members
    .map((gm) => {
      const head = `Anti-replay Information For Group ${gm.config.name}:\nTimebased Replay:\n`;
      const antiReplay = gm.policySource?.config.antiReplay;
      if (antiReplay?.kind !== 'time') return `${head}         is not enabled\n \n`;
      const { received, sent } = trafficOf(gm, nowMs);
      return `${head}Replay Value : ${(nowMs / 1000 - PSEUDOTIME_BEGAN_SECONDS).toFixed(2)} secs
Input Packets : ${received} Output Packets : ${sent}
Input Error Packets : ${gm.replayErrors} Output Error Packets : 0
Time Sync Error : 0 Max time delta : ${(gm.replayErrors === 0 ? 0 : antiReplay.window + 3).toFixed(2)} secs
 
 
TBAR Error History (sampled at 10pak/min):
    No TBAR errors detected
 
`;
    })
    .join('');
}

/** Packets through the crypto map since the counters started. */
export function trafficOf(gm: GroupMember, nowMs: EpochMs): { readonly received: number; readonly sent: number } {
  const seconds = Math.max(0, nowMs - gm.trafficSinceMs) / 1000;
  return { received: Math.floor(seconds * 41), sent: Math.floor(seconds * 37) };
}

/** `show crypto gdoi gm dataplane counters`. */
export function renderGmDataplane(members: readonly GroupMember[], nowMs: EpochMs): string {
  return members
    .map((gm) => {
      const { received, sent } = trafficOf(gm, nowMs);
      return `
Data-plane statistics for group ${gm.config.name}:
${[
  pair('#pkts encrypt', sent, '#pkts decrypt', received),
  pair('#pkts tagged (send)', 0, '#pkts untagged (rcv)', 0),
  pair('#pkts no sa (send)', 0, '#pkts invalid sa (rcv)', 0),
  pair('#pkts encaps fail (send)', 0, '#pkts decap fail (rcv)', 0),
  pair('#pkts invalid prot (rcv)', 0, '#pkts verify fail (rcv)', 0),
  pair('#pkts not tagged (send)', 0, '#pkts not untagged (rcv)', 0),
  pair('#pkts internal err (send)', 0, '#pkts internal err (rcv)', 0),
].join('\n')}
`;
    })
    .join('');
}

function pair(left: string, a: number, right: string, b: number): string {
  return `    ${left.padEnd(25)}: ${String(a).padEnd(9)}${right.padEnd(25)}: ${b}`;
}
