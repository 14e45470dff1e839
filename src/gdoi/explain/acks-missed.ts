/** How bad it is that a KS lacks the acknowledgement of rekeys, in a row. One is a warning. */

/** On-call catalogue, row 4: the next one that is missed is the last. */
export const ACKS_MISSED_CRITICAL = 2;
/** Row 6, command reference: the KS drops a GM after three consecutive rekeys without acknowledgement. */
export const EJECTED_AT_MISSED = 3;
