/**
 * Settings of a server of ssh2 that sends no keepalives, as IOS does not: it knows no way to leave them out, and sends
 * one every 15 s where nothing is said. This is the longest interval there is, 24 days.
 */
export const NO_KEEPALIVES = { keepaliveInterval: 2 ** 31 - 1 } as const;
