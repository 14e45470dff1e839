/**
 * The most rows of one kind that are taken from a device, whichever way it is read. Each becomes series and rows of a
 * document; what a device lists beyond is counted as not understood.
 */

/**
 * Groups of one answer, so that a heading or a row repeated without end costs no memory. 32 groups of a device are
 * followed (`MAX_GROUPS`).
 */
export const MOST_GROUPS = 128;

/** GMs that one KS lists. 8,000 are the most that a group was measured with (docs/sizing.md). */
export const MOST_MEMBERS = 10_000;

/**
 * TEKs of a group. A GM holds one for each interface with its crypto map, two while one replaces the other: enough for
 * 128 interfaces. A KS has a few, one for each IPsec SA of its policy.
 */
export const MOST_TEKS = 256;

/** Peers of a KS. A COOP set has up to eight KSs. */
export const MOST_PEERS = 32;

/** Key servers that a GM lists: those of its group's COOP set. */
export const MOST_KEY_SERVERS = 32;

/** ACEs of a list: far more than a KS gives its GMs, since each costs every one of them SAs. */
export const MOST_ACES = 1_000;

/** Rekey SAs of a GM's group: new, current and previous. */
export const MOST_REKEY_SAS = 16;

/** IKE SAs of a router: for each GM of a KS one, and one more while it is replaced. */
export const MOST_IKE_SAS = 2 * MOST_MEMBERS;

/** Pairs of idents: one for each ACE of each interface with a crypto map. */
export const MOST_IPSEC_FLOWS = 10_000;

/** Messages of a router's log, only the newest: these decide, and a longer buffer costs no more. */
export const MOST_LOG_MESSAGES = 2_000;
