/** What can go wrong with a store in operation. Nothing of the failed call was stored. */

/**
 * `full`: no space left; `locked`: another process writes; `corrupt`: damaged; `io`: everything else below the store;
 * `unexpected`: an unknown error, perhaps a bug of ours. The same call may succeed later, except on a damaged store,
 * which stays so until somebody repairs it.
 */
export type StoreErrorKind = 'full' | 'locked' | 'corrupt' | 'io' | 'unexpected';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
  }
}

/** It happens in operation. Any other error counts as a bug of ours. */
export function isStoreFailure(error: unknown): error is StoreError {
  return error instanceof StoreError && error.kind !== 'unexpected';
}
