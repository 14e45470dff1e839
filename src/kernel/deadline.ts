/** The reason of a signal that a deadline aborted. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`no end within ${Math.round(timeoutMs)} ms`);
    this.timeoutMs = timeoutMs;
  }
}
