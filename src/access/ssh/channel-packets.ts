/**
 * How much a peer accepts in one packet of a channel (RFC 4254, 5.1). ssh2 cuts what it sends into pieces of that size
 * until everything is sent: a peer that accepts nothing would block its thread for ever, and one that accepts next to
 * nothing makes each line a flood of our own. Nothing may be written to such a channel.
 */

/** Routers and jump hosts have 4,096 and more. */
const LEAST_PACKET = 64;

/** If a version of ssh2 keeps it elsewhere, every channel passes, and a test of hostile routers fails. */
export function takesTooLittle(channel: object): boolean {
  if (!('outgoing' in channel) || typeof channel.outgoing !== 'object' || channel.outgoing === null) return false;
  const { outgoing } = channel;
  return 'packetSize' in outgoing && typeof outgoing.packetSize === 'number' && outgoing.packetSize < LEAST_PACKET;
}
