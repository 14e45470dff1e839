/** What can go wrong with a store in operation. Nothing of the failed call was kept. */

/**
 * `full`: no space left; `locked`: another process writes; `corrupt`: damaged; `io`: everything else below the store. The same call
 * may succeed later, but for a damaged store: that stays so until someone mends it.
 */
export type StoreErrorKind = 'full' | 'locked' | 'corrupt' | 'io';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
  }
}
