/**
 * The most rows of one kind that are taken from a device, whichever way it is read. Each becomes series and rows of a
 * document; what a device lists beyond is counted as not understood.
 */

/** Groups of one answer, so that a heading again and again costs no memory. Of a device 32 are followed (`MAX_GROUPS`). */
export const MOST_GROUPS = 128;

/** GMs that one KS lists. 8,000 are the most that a group was measured with (docs/sizing.md). */
export const MOST_MEMBERS = 10_000;

/**
 * TEKs of a group. A GM holds one for each interface with its crypto map, two while one replaces the other: enough for 128
 * interfaces. A KS has a few, one for each IPsec SA of its policy.
 */
export const MOST_TEKS = 256;
