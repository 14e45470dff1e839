/**
 * Which grammar reads which command's answer, by the command's name or, where that is not shown, by the answer's lines.
 */
import { gmAcl, ksAcl } from './commands/access-lists.ts';
import { feature } from './commands/feature.ts';
import { ikeV1Sas, ikeV2Sas } from './commands/ike-sas.ts';
import { ipsecSas } from './commands/ipsec-sas.ts';
import { ntpStatus } from './commands/ntp-status.ts';
import { gmDataplane } from './commands/gm-dataplane.ts';
import { gmRekey } from './commands/gm-rekey.ts';
import { gmReplay } from './commands/gm-replay.ts';
import { ksCoop } from './commands/ks-coop.ts';
import { ksMembersSummary } from './commands/ks-members-summary.ts';
import { ksMembers } from './commands/ks-members.ts';
import { ksPolicy } from './commands/ks-policy.ts';
import { ksRekey } from './commands/ks-rekey.ts';
import { ksReplay } from './commands/ks-replay.ts';
import { otherGdoiCommands } from './commands/other-gdoi.ts';
import { pkiCertificates } from './commands/pki-certificates.ts';
import { processesCpu } from './commands/processes-cpu.ts';
import { showClock } from './commands/show-clock.ts';
import { showCryptoGdoi } from './commands/show-crypto-gdoi.ts';
import { showLogging } from './commands/show-logging.ts';
import { showVersion } from './commands/show-version.ts';
import type { Answer, CommandGrammar } from './text/answer.ts';
import { grammarName } from './text/command-name.ts';
import { collapseBlanks } from './text/device-values.ts';

/** The first grammar that knows a line takes the text, so `show logging`, whose lines can be anything, is the last. */
const GRAMMARS: readonly CommandGrammar[] = [
  showCryptoGdoi,
  ksPolicy,
  ksMembersSummary,
  ksMembers,
  ksCoop,
  gmRekey,
  ksReplay,
  gmReplay,
  gmDataplane,
  ksRekey,
  ksAcl,
  gmAcl,
  feature,
  ...otherGdoiCommands,
  ikeV1Sas,
  ikeV2Sas,
  ipsecSas,
  ntpStatus,
  pkiCertificates,
  processesCpu,
  showVersion,
  showClock,
  showLogging,
];

const BY_NAME: ReadonlyMap<string, CommandGrammar> = new Map(
  GRAMMARS.flatMap((grammar) => grammar.names.map((name) => [name, grammar] as const)),
);

/** By its canonical name; undefined: no command of ours. */
export function grammarFor(canonical: string): CommandGrammar | undefined {
  return BY_NAME.get(canonical) ?? BY_NAME.get(grammarName(canonical));
}

// BR1 uptime is 4 weeks / 483328K bytes of memory. / Configuration register is 0x2102: the banner of a restart has none
const ONLY_OF_VERSION = /^\S{1,64} uptime is |\bbytes of |^Configuration register\b|^System image file\b|^ROM: /;

/**
 * The grammar that an answer without a command is of; null: none. A log is the last thing to think of, since its lines
 * can be anything; but the banner of a restart (`Cisco IOS Software, ... Version ...`) between messages makes no
 * version.
 */
export function recognise(answer: Answer): CommandGrammar | null {
  const found = answer.lines.map(grammarOf).filter((grammar) => grammar !== null);
  const grammar = found.find((known) => known !== showLogging) ?? found[0] ?? null;
  const { logMessages, lines } = answer;
  if (grammar === showVersion && logMessages.length > 0 && !lines.some((line) => ONLY_OF_VERSION.test(line))) {
    return showLogging;
  }
  if (grammar !== null) return refined(grammar, answer);
  return logMessages.length > 0 ? showLogging : null;
}

function grammarOf(line: string): CommandGrammar | null {
  const text = collapseBlanks(line);
  return GRAMMARS.find((known) => known.recognisedBy.some((pattern) => pattern.test(text))) ?? null;
}

// Remaining sync time      : 2417 secs
const ONLY_OF_KS_REPLAY = /^Remaining sync time\b/i;

/** Both replay commands have one heading; a line that only a KS prints decides. */
function refined(grammar: CommandGrammar, answer: Answer): CommandGrammar {
  if (grammar !== gmReplay) return grammar;
  return answer.lines.some((line) => ONLY_OF_KS_REPLAY.test(line)) ? ksReplay : gmReplay;
}

/** A grammar's first name, but for blocks that only one of its commands starts with. */
export function nameFor(grammar: CommandGrammar, answer: Answer): string {
  const first = collapseBlanks(answer.lines[0] ?? '');
  if (grammar === showCryptoGdoi) {
    if (first.startsWith('Group Member Information For Group')) return 'show crypto gdoi gm';
    if (first.startsWith('Total group members') || first.startsWith('Key Server Information')) {
      return 'show crypto gdoi ks';
    }
  }
  return grammar.names[0] ?? '';
}
