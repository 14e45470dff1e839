/**
 * What parsing costs, as ratios that mean the same on every machine.
 *
 * - a `show crypto gdoi` of 3.7 KB against splitting the same text into lines;
 * - one member of a `ks members` with 8,000 against one of 800: 1 is linear;
 * - a kilobyte of a pasted text made to be slow, 200 KB against 50 KB of it, of the form that grows most: 1 is linear.
 *
 * Both sides of a ratio are measured in the same rounds, in turn, so that a busy machine slows both.
 */
import { parseCommandOutput } from '../../src/ios/parse.ts';
import type { BenchRow } from './bench-row.ts';
import { worstGrowth } from './hostile-pastes.ts';

const SPLIT_BUDGET = 10;
const LINEARITY_BUDGET = 1.5;
/** Four times the text: quadratic were 4. */
const HOSTILE_BUDGET = 2;

/** A GM in the layout of IOS XE 17 with two TEKs and 22 ACEs, some 3.7 KB. */
function gmAnswer(): string {
  const aces = Array.from(
    { length: 22 },
    (_, i) => `   access-list   deny udp host 10.20.${i}.1 any port = ${3000 + i}`,
  );
  const tek = (spi: string, seconds: number) => [
    '    IPsec SA:',
    `        spi: 0x${spi}(${Number.parseInt(spi, 16)})`,
    '        transform: esp-256-aes esp-sha256-hmac',
    `        sa timing:remaining key lifetime (sec): (${seconds})`,
    '        Anti-Replay(Counter Based) : 64',
    '        tag method : disabled',
    '        alg key size: 32 (bytes)',
    '        sig key size: 32 (bytes)',
    '        encaps: ENCAPS_TUNNEL',
    '',
  ];
  return [
    'GROUP INFORMATION',
    '',
    '    Group Name               : branch-west',
    '    Group Identity           : 6128',
    '    Group Type               : GDOI (ISAKMP)',
    '    Crypto Path              : ipv4',
    '    Key Management Path      : ipv4',
    '    Rekeys received          : 12',
    '    IPSec SA Direction       : Both',
    '',
    '     Group Server list       : 192.0.2.1',
    '                               192.0.2.2',
    '',
    'Group Member Information For Group branch-west:',
    '    IPSec SA Direction       : Both',
    '    ACL Received From KS     : gdoi_group_branch-west_temp_acl',
    '',
    '    Group member             : 198.51.100.7    vrf: None',
    '       Local addr/port       : 198.51.100.7/848',
    '       Remote addr/port      : 192.0.2.1/848',
    '       fvrf/ivrf             : None/None',
    '       Version               : 1.0.26',
    '       Registration status   : Registered',
    '       Registered with       : 192.0.2.1',
    '       Re-registers in       : 417 sec',
    '       Succeeded registration: 1',
    '       Attempted registration: 1',
    '       Last rekey from       : 192.0.2.1',
    '       Last rekey seq num    : 3',
    '       Unicast rekey received: 12',
    '       Rekey ACKs sent       : 12',
    '       Rekey Rcvd(hh:mm:ss)  : 00:02:09',
    '       PFS Rekey received    : 0',
    '       DP Error Monitoring   : OFF',
    '       IPSEC init reg executed    : 0',
    '       IPSEC init reg postponed   : 0',
    '       Active TEK Number     : 2',
    '       SA Track (OID/status) : disabled',
    '       Fail-Close Revert : Disabled',
    '',
    '       allowable rekey cipher: any',
    '       allowable rekey hash  : any',
    '       allowable transformtag: any ESP',
    '',
    '    Rekeys cumulative',
    '       Total received        : 12',
    '       After latest register : 12',
    '       Rekey Acks sents      : 12',
    '',
    ' ACL Downloaded From KS 192.0.2.1:',
    ...aces,
    '',
    'KEK POLICY:',
    '    Rekey Transport Type     : Unicast',
    '    Lifetime (secs)          : 861',
    '    Encrypt Algorithm        : AES',
    '    Key Size                 : 256',
    '    Sig Hash Algorithm       : HMAC_AUTH_SHA',
    '    Sig Key Length (bits)    : 2352',
    '',
    'TEK POLICY for the current KS-Policy ACEs Downloaded:',
    '  GigabitEthernet0/0/1:',
    ...tek('6B3CD27A', 393),
    ...tek('F553AC4C', 35),
    '',
    'KGS POLICY:',
    '  REG_GM: local_addr 198.51.100.7',
    '',
    'P2P POLICY:',
    '  REG_GM: local_addr 198.51.100.7',
    '',
  ].join('\n');
}

/** `ks members` in the layout of IOS XE 17. */
export function membersAnswer(count: number): string {
  const lines = [
    'Number of rekeys sent for group branch-west : 7',
    'Number of retransmits during the last rekey for group branch-west : 0',
    'Duration of the last rekey for group branch-west : 10000 msec',
    '',
  ];
  for (let i = 0; i < count; i++) {
    lines.push(
      `Group Member ID    : 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}  GM Version: 1.0.25`,
      ' Group ID          : 6128',
      ' Group Name        : branch-west',
      ' Group Type        : GDOI (ISAKMP)',
      ' GM State          : Registered',
      ' Key Server ID     : 192.0.2.1',
      ' Rekeys sent       : 7',
      ' Rekeys retries    : 0',
      ' Rekey Acks Rcvd   : 7',
      ' Rekey Acks missed : 0',
      '',
      ' Sent seq num : 2     3     4     1     ',
      ' Rcvd seq num : 2     3     4     1     ',
      '',
      '',
    );
  }
  return `${lines.join('\n')}\n`;
}

export async function benchParse(): Promise<BenchRow[]> {
  const gm = gmAnswer();
  const few = membersAnswer(800);
  const many = membersAnswer(8000);
  const split = await compare(
    () => repeat(200, () => parseCommandOutput('show crypto gdoi', gm).kind === 'parsed'),
    () => repeat(200, () => gm.split('\n').length > 1),
    200,
  );
  const linear = await compare(
    () => repeat(1, () => parseCommandOutput('show crypto gdoi ks members', many).kind === 'parsed'),
    () => repeat(10, () => parseCommandOutput('show crypto gdoi ks members', few).kind === 'parsed'),
    12,
  );
  const hostile = worstGrowth();
  return [
    ratio(
      'parse show crypto gdoi (3.7 KB) / split into lines',
      'us',
      split.measured / 200,
      split.bare / 200,
      SPLIT_BUDGET,
    ),
    ratio('ks members, per member: 8000 / 800', 'us', linear.measured / 8000, linear.bare / 8000, LINEARITY_BUDGET),
    ratio(`hostile paste, per KB: 200 KB / 50 KB (${hostile.form})`, 'us', hostile.long, hostile.short, HOSTILE_BUDGET),
  ];
}

function ratio(name: string, unit: string, measured: number, bare: number, budget: number): BenchRow {
  return { name, measured, bare, unit, ratio: measured / bare, budget };
}

/**
 * The best of both sides' rounds in microseconds of CPU, after a warm-up of half as many: what else runs on the machine
 * can only slow a round down, and slows long rounds more often than short ones.
 */
async function compare(
  left: () => void,
  right: () => void,
  rounds: number,
): Promise<{ measured: number; bare: number }> {
  let measured = Number.POSITIVE_INFINITY;
  let bare = Number.POSITIVE_INFINITY;
  const warmUp = Math.ceil(rounds / 2);
  for (let round = 0; round < rounds + warmUp; round++) {
    const leftMicros = microseconds(left);
    const rightMicros = microseconds(right);
    if (round >= warmUp) {
      measured = Math.min(measured, leftMicros);
      bare = Math.min(bare, rightMicros);
    }
    await Promise.resolve();
  }
  return { measured, bare };
}

function microseconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function repeat(times: number, work: () => boolean): void {
  for (let i = 0; i < times; i++) if (!work()) throw new Error('the benchmark measures an answer that does not parse');
}
