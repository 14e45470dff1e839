/** `show crypto gdoi` and its relatives on a KS. */
import type { EpochMs } from '../../kernel/clock.ts';
import { COOP_WATCHDOG_MS, type KeyServer, type MemberRow } from '../world/key-server.ts';
import { type Tek, hex32 } from '../world/keys.ts';
import { kekFacts } from './render-gm.ts';
import { field, secondsLeft } from './render-text.ts';

const ROLE_WORD = { primary: 'Primary', secondary: 'Secondary', none: 'Unknown' } as const;
/** COOP: a primary announces itself this often. */
const COOP_REFRESH_MS = 20_000;

function isXe(ks: KeyServer): boolean {
  return ks.device.release.dialect === 'xe';
}

function isClassic(ks: KeyServer): boolean {
  return ks.device.release.dialect === 'classic';
}

function transportWord(ks: KeyServer): 'Unicast' | 'Multicast' {
  return ks.config.timers.transport === 'unicast' ? 'Unicast' : 'Multicast';
}

/** Time to the KEK rekey: never negative. */
function kekTimeToRekey(ks: KeyServer, nowMs: EpochMs): number {
  return ks.policy === null ? 0 : secondsLeft(ks.policy.kek.expiryMs - ks.kekLeadMs(), nowMs);
}

function tekTimeToRekey(ks: KeyServer, tek: Tek, nowMs: EpochMs): number {
  return secondsLeft(tek.expiryMs - ks.tekLeadMs(), nowMs);
}

/** `show crypto gdoi`. */
export function renderKsShowCryptoGdoi(groups: readonly KeyServer[], nowMs: EpochMs): string {
  return groups.map((ks) => `${groupBlock(ks, nowMs).join('\n')}\n`).join('\n');
}

function groupBlock(ks: KeyServer, nowMs: EpochMs): readonly string[] {
  const { config, device } = ks;
  const xe = isXe(ks);
  const classic = isClassic(ks);
  const lines = ['GROUP INFORMATION', '', field(4, 25, 'Group Name', `${config.name} (${transportWord(ks)})`)];
  if (xe) lines.push(field(4, 25, 'Re-auth on new CRL', 'Disabled'));
  lines.push(field(4, 25, 'Group Identity', config.identity));
  if (xe) lines.push(field(4, 25, 'Group Type', 'GDOI (ISAKMP)'));
  if (!classic) lines.push(field(4, 25, 'Crypto Path', 'ipv4'), field(4, 25, 'Key Management Path', 'ipv4'));
  lines.push(field(4, 25, 'Group Members', ks.rows.size), field(4, 25, 'IPSec SA Direction', 'Both'));
  if (xe) {
    lines.push(
      field(4, 25, 'IP D3P Window', 'Disabled'),
      field(4, 25, 'Split Resiliency Factor', 0),
      field(4, 25, 'CKM status', 'Disabled'),
    );
  }
  if (classic) lines.push(field(4, 25, 'Active Group Server', 'Local'));
  if (ks.redundancy) lines.push(...redundancyFields(ks));
  lines.push(field(4, 25, 'Group Rekey Lifetime', `${config.timers.kekLifetimeMs / 1000} secs`));
  const showsRemaining = ks.policy !== null && (!classic || ks.rows.size > 0);
  if (ks.policy !== null && showsRemaining) {
    lines.push(
      '    Group Rekey',
      field(8, 21, 'Remaining Lifetime', `${secondsLeft(ks.policy.kek.expiryMs, nowMs)} secs`),
    );
  }
  lines.push(
    field(4, 25, 'Rekey Retransmit Period', `${config.timers.retransmitPeriodMs / 1000} secs`),
    field(4, 25, 'Rekey Retransmit Attempts', config.timers.retransmitAttempts),
  );
  if (showsRemaining) lines.push('    Group Retransmit', field(8, 21, 'Remaining Lifetime', '0 secs'));
  lines.push(
    '',
    field(6, 23, 'IPSec SA Number', 1),
    field(6, 23, 'IPSec SA Rekey Lifetime', `${config.timers.tekLifetimeMs / 1000} secs`),
    field(6, 23, 'Profile Name', `${config.name}-profile`),
    field(6, 23, 'Replay method', config.antiReplay.kind === 'counter' ? 'Count Based' : 'Time Based'),
    field(6, 23, 'Replay Window Size', config.antiReplay.window),
  );
  if (xe) lines.push(field(6, 23, 'Tagging method', 'Disabled'));
  const tek = ks.policy?.teks[0];
  if (tek !== undefined && showsRemaining) {
    lines.push('      SA Rekey', field(9, 20, 'Remaining Lifetime', `${secondsLeft(tek.expiryMs, nowMs)} secs`));
  }
  lines.push(
    field(6, 23, 'ACL Configured', `access-list ${config.aclName}`),
    '',
    field(5, 24, 'Group Server list', 'Local'),
  );
  return device.release.dialect === 'vendor' ? lines.map((line) => line.trimStart()) : lines;
}

function redundancyFields(ks: KeyServer): readonly string[] {
  const lines = [
    field(4, 25, 'Redundancy', 'Configured'),
    field(8, 21, 'Local Address', ks.address),
    field(8, 21, 'Local Priority', ks.priority),
    field(8, 21, 'Local KS Status', 'Alive'),
    field(8, 21, 'Local KS Role', ROLE_WORD[ks.role]),
  ];
  if (isXe(ks)) {
    lines.push(
      field(8, 21, 'Local KS Version', ks.device.release.ksVersion),
      field(8, 21, 'Local COOP Version', '1.0.8 '),
    );
  }
  return lines;
}

/** `show crypto gdoi ks`. */
export function renderKs(groups: readonly KeyServer[]): string {
  const total = groups.reduce((sum, ks) => sum + ks.rows.size, 0);
  const blocks = groups.map((ks) => {
    const { config } = ks;
    const xe = isXe(ks);
    const lines = [`Key Server Information For Group ${config.name}:`, field(4, 25, 'Group Name', config.name)];
    if (xe) lines.push(field(4, 25, 'Re-auth on new CRL', 'Disabled'));
    lines.push(field(4, 25, 'Group Identity', config.identity));
    if (xe) lines.push(field(4, 25, 'Group Type', 'GDOI (ISAKMP)'));
    lines.push(field(4, 25, 'Group Members', ks.rows.size));
    if (xe) lines.push(field(4, 25, 'Rekey Acknowledgement Cfg', 'Cisco'));
    lines.push(field(4, 25, 'IPSec SA Direction', 'Both'));
    if (xe) {
      lines.push(
        field(4, 25, 'IP D3P Window', 'Disabled'),
        field(4, 25, 'Split Resiliency Factor', 0),
        field(4, 25, 'CKM status', 'Disabled'),
      );
    }
    lines.push('    ACL Configured:', `        access-list ${config.aclName}`);
    if (ks.redundancy) lines.push(...redundancyFields(ks));
    return `${lines.join('\n')}\n`;
  });
  return `Total group members registered to this box: ${total}\n\n${blocks.join('\n')}`;
}

/** `show crypto gdoi ks policy`. */
export function renderKsPolicy(groups: readonly KeyServer[], nowMs: EpochMs): string {
  return `Key Server Policy:\n${groups.map((ks, index) => policyBlock(ks, index, nowMs)).join('\n')}`;
}

function policyBlock(ks: KeyServer, index: number, nowMs: EpochMs): string {
  const { policy, config } = ks;
  const classic = isClassic(ks);
  const handle = classic ? String(2_147_483_650 + index) : `0x${hex32(0x4000_0002 + index)}`;
  const head = `For group ${config.name} (handle: ${handle}) server ${ks.address} (handle: ${handle}):\n\n`;
  if (policy === null) return `${head}  # of teks : 0  Seq num : 0\n`;
  const { keyBits, signatureBits } = kekFacts(config);
  const lines = [
    `  # of teks : ${policy.teks.length}  Seq num : ${policy.sequence}`,
    `  KEK POLICY (transport type : ${transportWord(ks)})`,
    `    spi : 0x${policy.kek.spi}`,
    pair('management alg     ', 'disabled', 'encrypt alg           ', config.kekCipher),
    pair('crypto iv length   ', config.kekCipher === 'AES' ? 16 : 8, 'key size              ', keyBits / 8),
    pair(
      classic ? 'orig life(sec)' : 'orig life(sec)     ',
      config.timers.kekLifetimeMs / 1000,
      'remaining life(sec)   ',
      secondsLeft(policy.kek.expiryMs, nowMs),
    ),
  ];
  if (!classic) lines.push(`    time to rekey (sec): ${kekTimeToRekey(ks, nowMs)}`);
  lines.push(
    pair('sig hash algorithm ', 'enabled', 'sig key length        ', signatureBits / 8 + 38),
    `    sig size           : ${signatureBits / 8}`,
    '    sig key name       : REKEYRSA',
  );
  if (isXe(ks)) lines.push('    acknowledgement    : Cisco');
  lines.push('');
  for (const [position, tek] of policy.teks.entries()) lines.push(...tekLines(ks, tek, position === 0, nowMs), '', '');
  return `${head}${lines.join('\n')}`;
}

function pair(left: string, a: string | number, right: string, b: string | number): string {
  return `${leftOf(left, a)}${right}: ${b}`;
}

function leftOf(label: string, value: string | number): string {
  return `    ${label}: ${String(value).padEnd(14)}`;
}

function tekLines(ks: KeyServer, tek: Tek, newest: boolean, nowMs: EpochMs): readonly string[] {
  const { config } = ks;
  const classic = isClassic(ks);
  const life = tek.lifetimeMs / 1000;
  const lines = [
    '  TEK POLICY (encaps : ENCAPS_TUNNEL)',
    `    spi                : 0x${hex32(tek.spi)}`,
    `    access-list        : ${config.aclName}`,
    `    transform          : ${config.transform}`,
    `${leftOf('alg key size       ', config.kekCipher === 'AES' ? 32 : 24)}sig key size          : ${config.kekCipher === 'AES' ? 32 : 20}`,
    `${leftOf(classic ? 'orig life(sec)' : 'orig life(sec)     ', life)}remaining life(sec)   : ${secondsLeft(tek.expiryMs, nowMs)}`,
    `${leftOf('tek life(sec)      ', life)}elapsed time(sec)     : ${Math.max(0, Math.floor((nowMs - tek.createdAtMs) / 1000))}`,
    `${leftOf(classic ? 'override life (sec)' : 'override life(sec) ', 0)}antireplay window size: ${config.antiReplay.window}`,
  ];
  if (!classic) lines.push(`    time to rekey (sec): ${newest ? tekTimeToRekey(ks, tek, nowMs) : 'n/a'}`);
  return lines;
}

/** `show crypto gdoi ks members`. */
export function renderKsMembers(groups: readonly KeyServer[]): string {
  const blocks = groups.map((ks) => {
    const { name } = ks.config;
    const classic = isClassic(ks);
    const lines: string[] = [];
    if (isXe(ks)) {
      lines.push(
        `Number of rekeys sent for group ${name} : ${ks.rekeysSent}`,
        `Number of retransmits during the last rekey for group ${name} : ${ks.lastRekeyRetransmits}`,
        `Duration of the last rekey for group ${name} : ${ks.lastRekeyDurationMs} msec`,
        '',
      );
    } else {
      lines.push('Group Member Information : ', '');
      if (!classic) lines.push(`Number of rekeys sent for group ${name} : ${ks.rekeysSent}`, '');
    }
    for (const row of ks.rows.values()) lines.push(...memberLines(ks, row), '', '');
    return lines.join('\n');
  });
  return `\n${blocks.join('\n')}\n`;
}

function memberLines(ks: KeyServer, row: MemberRow): readonly string[] {
  const { config } = ks;
  const xe = isXe(ks);
  const lines = [
    xe ? `Group Member ID    : ${row.gm.address}  GM Version: ${row.version}` : `Group Member ID   : ${row.gm.address}`,
    ` Group ID          : ${config.identity}`,
    ` Group Name        : ${config.name}`,
  ];
  if (xe) lines.push(' Group Type        : GDOI (ISAKMP)', ' GM State          : Registered');
  lines.push(` Key Server ID     : ${row.keyServer.address}`);
  if (isClassic(ks)) return lines;
  if (ks.config.timers.transport === 'unicast') {
    lines.push(
      ` Rekeys sent       : ${row.rekeysSent}`,
      ` Rekeys retries    : ${row.rekeyRetries}`,
      ` Rekey Acks Rcvd   : ${row.acksReceived}`,
      ` Rekey Acks missed : ${row.acksMissed}`,
      '',
      ` Sent seq num : ${row.sent.map((n) => String(n).padEnd(xe ? 6 : 8)).join('')}`,
      `${xe ? ' ' : ''}Rcvd seq num : ${row.received.map((n) => String(n).padEnd(xe ? 6 : 8)).join('')}`,
    );
  }
  return lines;
}

/** `show crypto gdoi ks members summary`. */
export function renderKsMembersSummary(groups: readonly KeyServer[]): string {
  const lines = ['Group Member Information : ', ''];
  for (const ks of groups) {
    lines.push(`Group Name: ${ks.config.name}, ID: ${ks.config.identity}, Group Members: ${ks.rows.size}`);
    for (const owner of [ks, ...ks.peers]) {
      const rows = [...ks.rows.values()].filter((row) => row.keyServer === owner);
      const state = owner === ks ? 'LOCAL' : 'REDUNDANT';
      lines.push(
        `Key Server ID: ${owner.address}, GMDB state: ${state}, Group Members: ${rows.length}`,
        '  Member ID     Version      Rekey sent     Rekey Ack missed',
        ...rows.map(
          (row) =>
            `  ${row.gm.address.padEnd(13)}${row.version.padEnd(15)}${String(row.rekeysSent).padEnd(16)}${row.acksMissed}`,
        ),
        '',
      );
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

/** `show crypto gdoi ks coop`. */
export function renderKsCoop(groups: readonly KeyServer[], nowMs: EpochMs): string {
  return groups.map((ks, index) => coopBlock(ks, index, nowMs)).join('\n');
}

function coopBlock(ks: KeyServer, index: number, nowMs: EpochMs): string {
  const handle = 1_073_741_871 + index * 8;
  const head = [
    `Crypto Gdoi Group Name :${ks.config.name} `,
    `        Group handle: ${handle}, Local Key Server handle: ${handle + 48}`,
  ];
  if (!ks.redundancy) return `${[...head, '        *NO* redundancy configured for this group'].join('\n')}\n`;
  const xe = isXe(ks);
  const inRoleMs = Math.max(0, nowMs - ks.roleSinceMs);
  const announcements = Math.floor(inRoleMs / COOP_REFRESH_MS) + 1;
  const primary = ks.role === 'primary';
  const lines = [
    ...head,
    '',
    `        Local Address: ${ks.address} `,
    `        Local Priority: ${String(ks.priority).padEnd(8)} `,
    `        Local KS Role: ${ROLE_WORD[ks.role].padEnd(10)}, Local KS Status: Alive     `,
  ];
  if (xe) {
    lines.push(`        Local KS version: ${ks.device.release.ksVersion}`, '        Local COOP version: 1.0.8 ');
  }
  if (primary) {
    lines.push(
      '        Primary Timers: ',
      `                Primary Refresh Policy Time: ${COOP_REFRESH_MS / 1000} `,
      `                Remaining Time: ${Math.floor((COOP_REFRESH_MS - (inRoleMs % COOP_REFRESH_MS)) / 1000)}`,
    );
    if (xe) lines.push('                Per-user timer remaining time: 0');
  } else {
    lines.push(
      '        Secondary Timers: ',
      `                Sec Primary Periodic Time: ${COOP_WATCHDOG_MS / 1000} `,
      `                Remaining Time: ${Math.floor((COOP_WATCHDOG_MS - (inRoleMs % COOP_REFRESH_MS)) / 1000)}, Retries: 0`,
      '                Invalid ANN PST recvd: 0',
      '                New GM Temporary Blocking Enforced?: No',
    );
    if (xe) lines.push('                Per-user timer remaining time: 0');
  }
  lines.push(`                Antireplay Sequence Number: ${announcements + 2}`, '        Peer Sessions:');
  for (const [position, peer] of ks.peers.entries()) {
    lines.push(...peerSession(ks, peer, { position, serverHandle: handle + 46 - position, announcements }));
  }
  return `${lines.join('\n')}\n`;
}

function peerSession(
  ks: KeyServer,
  peer: KeyServer,
  shown: { readonly position: number; readonly serverHandle: number; readonly announcements: number },
): readonly string[] {
  const heard = ks.hears(peer);
  const versions = [
    `                Peer Version: ${peer.device.release.ksVersion}`,
    '                Peer COOP version: 1.0.8',
    '                COOP Protocol: base',
  ];
  return [
    `        Session ${shown.position + 1}:`,
    `                Server handle: ${shown.serverHandle}`,
    `                Peer Address: ${peer.address}`,
    ...(isXe(ks) ? versions : []),
    `                Peer Priority: ${String(peer.priority).padEnd(16)}`,
    `                Peer KS Role: ${(heard ? ROLE_WORD[peer.role] : 'Unknown').padEnd(10)}, Peer KS Status: ${heard ? 'Alive     ' : 'Dead      '}`,
    '                Antireplay Sequence Number: 5',
    '',
    `                IKE status: ${heard ? 'Established' : 'Failed'}`,
    '                Counters:',
    `                    Ann msgs sent: ${shown.announcements}`,
    '                    Ann msgs sent with reply request: 1',
    '                    Ann msgs recv: 4 ',
    '                    Ann msgs recv with reply request: 1',
    `                    Packet sent drops: ${heard ? 1 : 7} `,
    '                    Packet Recv drops: 0 ',
    `                    Total bytes sent: ${shown.announcements * 856} `,
    '                    Total bytes recv: 9412',
  ];
}
