/**
 * What a user can cause and mend: one line that says what, where and what is allowed. Only `cli` prints it, with
 * `exitCode` as the exit status (2 for data and usage errors, by the contract).
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: number;

  constructor(message: string, options: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.exitCode = options.exitCode ?? 2;
  }
}
