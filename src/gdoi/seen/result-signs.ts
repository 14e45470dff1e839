/**
 * What each result of a poll says of the device: whether it is there, and lets the agent in. Every result that a poll
 * can have is here, or the table of results (`model/poll-result.ts`) does not compile.
 */

/**
 * `answers`: it shows its groups. `mute`: no MIB, no such command, no shell or prompt after a login that it accepted, or
 * an answer that cannot be read: it is there all the same. `refusing`: it is there and does not let the agent in. `silent`: nothing
 * shows that it is there.
 */
type Sign = 'answers' | 'mute' | 'refusing' | 'silent';

export const RESULT_SIGNS = {
  ok: 'answers',
  timeout: 'silent',
  refused: 'silent',
  no_shell: 'mute',
  unreachable: 'silent',
  auth: 'refusing',
  quarantined: 'refusing',
  host_key: 'refusing',
  handshake: 'silent',
  closed: 'silent',
  too_large: 'mute',
  prompt: 'mute',
  backoff: 'silent',
  protocol: 'silent',
  command: 'mute',
  parse: 'mute',
  internal: 'mute',
} as const satisfies Readonly<Record<string, Sign>>;

/** A result may come from a recording, or from a state that another version stored. */
const SIGNS: ReadonlyMap<string, Sign> = new Map<string, Sign>(Object.entries(RESULT_SIGNS));

export function isMuteResult(result: string): boolean {
  return SIGNS.get(result) === 'mute';
}

/** It accepts the login, and gives no shell or ends it before a prompt. */
export function isNoShellResult(result: string): boolean {
  return result === ('no_shell' satisfies keyof typeof RESULT_SIGNS);
}

export function isRefusalResult(result: string): boolean {
  return SIGNS.get(result) === 'refusing';
}
