/** How bad it is that a KS lacks the acknowledgement of rekeys, in a row. One is a warning. */

/** On-call catalogue, row 4: the next one that is missed is the last. */
export const ACKS_MISSED_CRITICAL = 2;
/** Row 6, command reference: the KS drops a GM after three consecutive rekeys without acknowledgement. */
export const EJECTED_AT_MISSED = 3;

/**
 * A GM that no KS has listed for this long is forgotten: by then one that lives has registered again. Default lifetime
 * of a KEK.
 */
export const UNLISTED_KEPT_MS = 86_400_000;
