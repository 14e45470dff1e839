/**
 * What a user can cause and mend: one line that says what, where and what is allowed. Only `cli` prints it. `code`
 * names the kind for scripts, and for code that has to decide: nothing reads the text. docs/errors.md explains each
 * code; a test holds the two equal.
 */

/** The exit status for each code: 2 for data and usage errors, 1 where the machine is in the way (docs/contract.md). */
export const USER_ERROR_EXIT = {
  usage_invalid: 2,
  config_invalid: 2,
  file_unreadable: 2,
  input_too_large: 2,
  input_not_understood: 2,
  secret_missing: 2,
  start_failed: 1,
  stop_failed: 1,
  reload_refused: 2,
  port_in_use: 1,
  port_forbidden: 1,
  address_not_local: 1,
  listen_failed: 1,
  agent_unreachable: 2,
  agent_refused: 2,
  agent_unsuitable: 2,
  token_refused: 2,
  device_unknown: 2,
  cursor_invalid: 2,
  record_inaccessible: 2,
  output_inaccessible: 2,
  store_foreign: 2,
  store_newer: 2,
  store_outdated: 2,
  store_damaged: 2,
  store_full: 2,
  store_locked: 2,
  store_inaccessible: 2,
  store_unsuitable: 2,
  store_unreachable: 2,
  store_refused: 2,
} as const satisfies Readonly<Record<string, 1 | 2>>;

export type UserErrorCode = keyof typeof USER_ERROR_EXIT;

export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: UserErrorCode;

  constructor(code: UserErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return USER_ERROR_EXIT[this.code];
  }
}
