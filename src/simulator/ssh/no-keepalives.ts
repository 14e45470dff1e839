/**
 * Settings of an ssh2 server that sends no keepalives, like IOS. ssh2 cannot switch them off, and by default sends one
 * every 15 s; this is the longest possible interval, 24 days.
 */
export const NO_KEEPALIVES = { keepaliveInterval: 2 ** 31 - 1 } as const;
