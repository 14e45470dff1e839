/** What can go wrong with a store in operation. Nothing of the failed call was kept. */

/**
 * `full`: no space left; `locked`: another process writes; `corrupt`: damaged; `io`: everything else below the store;
 * `unexpected`: an answer that we have no case for, perhaps a fault of ours. The same call may succeed later, but for a
 * damaged store: that stays so until someone mends it.
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

/** It happens in operation. Anything else is a fault of ours, as far as anybody can tell, and to be counted as one. */
export function isStoreFailure(error: unknown): error is StoreError {
  return error instanceof StoreError && error.kind !== 'unexpected';
}
