/** How a simulated device behaves on the wire: like real IOS, and what goes wrong. Everything has a default. */

export interface Manners {
  /** Sent before authentication. */
  readonly banner: string | null;
  /** Sent in the shell before the first prompt. */
  readonly motd: string | null;
  /** False: the prompt ends in `>` and `show crypto` wants `enable`. */
  readonly privileged: boolean;
  /** What is echoed of typed characters: one write each, one write per chunk, nothing. */
  readonly echo: 'char' | 'line' | 'none';
  /** `terminal length` fails (command authorization), so that answers are paged. */
  readonly refusesTerminalLength: boolean;
  /** A log line appears in each answer: between two lines, or inside one. */
  readonly logInOutput: 'none' | 'between-lines' | 'inside-line';
  /** After this many commands of a session the hostname changes. */
  readonly rename: { readonly afterCommands: number; readonly hostname: string } | null;
  /** Answers leave at this pace. */
  readonly dripBytesPerSecond: number | null;
  /** Before each answer. */
  readonly answerDelayMs: number;
  /** What goes wrong with a `show` command, after `faultAfter` of them went well. */
  readonly fault: 'none' | 'hang' | 'hang-mid-answer' | 'babble' | 'garbage' | 'drop' | 'drop-mid-answer';
  readonly faultAfter: number;
  /** Authentication methods offered. */
  readonly auth: readonly ('password' | 'keyboard-interactive' | 'publickey')[];
  /** Asks `Username:` and `Password:` again in the shell. */
  readonly asksAgainInShell: boolean;
  /** `legacy`: group14/group1-sha1, aes128-cbc, hmac-sha1 and ssh-rsa only. */
  readonly algorithms: 'modern' | 'legacy';
  /** `changed`: another host key than before. */
  readonly hostKey: 'first' | 'changed';
  /** Sessions at once; one more is refused. */
  readonly vtyLines: number;
  /** Commands with such a beginning get `Command authorization failed.` */
  readonly unauthorizedCommands: readonly string[];
  /** `once`: one exec per connection, like IOS; `refused`: none. */
  readonly exec: 'once' | 'refused';
  /** `silent`: accepts the TCP connection and sends nothing. */
  readonly connect: 'normal' | 'silent';
}

export const DEFAULT_MANNERS: Manners = {
  banner: null,
  motd: null,
  privileged: true,
  echo: 'char',
  refusesTerminalLength: false,
  logInOutput: 'none',
  rename: null,
  dripBytesPerSecond: null,
  answerDelayMs: 0,
  fault: 'none',
  faultAfter: 0,
  auth: ['password', 'keyboard-interactive'],
  asksAgainInShell: false,
  algorithms: 'modern',
  hostKey: 'first',
  vtyLines: 5,
  unauthorizedCommands: [],
  exec: 'once',
  connect: 'normal',
};

/** A banner that would fool a prompt matcher that is not anchored. */
export const HOSTILE_BANNER = `
#################################################################
#  Authorized access only!  > Disconnect IMMEDIATELY <          #
#  GM1# is monitored, so is GM1>                                #
#################################################################
router#
router>
`;
