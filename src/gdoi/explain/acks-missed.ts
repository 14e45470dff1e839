/** How bad it is that a KS lacks the acknowledgement of rekeys, in a row. One is a warning. */

/** On-call catalogue, row 4: the next one that is missed is the last. */
export const ACKS_MISSED_CRITICAL = 2;
/** Row 6, command reference: the KS drops a GM after three consecutive rekeys without acknowledgement. */
export const EJECTED_AT_MISSED = 3;

/**
 * Nobody lists it for so long: by then a GM that lives has registered anew, and it is one GM less. Default lifetime of
 * a KEK.
 */
export const UNLISTED_KEPT_MS = 86_400_000;
