/**
 * How much a peer takes in one packet of a channel (RFC 4254, 5.1). ssh2 cuts what it sends into pieces of that size
 * and goes on until all is sent: a peer that takes nothing would hold up its thread for ever, and one that takes next
 * to nothing makes each line a flood of our own. Nothing may be written to such a channel.
 */

/** Of routers and jump hosts: 4,096 and more. */
const LEAST_PACKET = 64;

/** Where a version of ssh2 keeps it elsewhere any channel will do, and a test of hostile routers fails. */
export function takesTooLittle(channel: object): boolean {
  if (!('outgoing' in channel) || typeof channel.outgoing !== 'object' || channel.outgoing === null) return false;
  const { outgoing } = channel;
  return 'packetSize' in outgoing && typeof outgoing.packetSize === 'number' && outgoing.packetSize < LEAST_PACKET;
}
