/**
 * What ssh2 goes on holding of a finished key exchange, made small. Of each client it keeps the algorithms offered, the
 * same for nearly all, and a few octets here and there in blocks of 8 KiB that are freed only as a whole; and the
 * shared secret, which nobody reads again. That was 6 KB of the 25 of a session.
 *
 * Where a version of ssh2 keeps these things elsewhere nothing is touched: a test of what a session holds fails then.
 */

/** Offers by their octets: as many as there are profiles and orders of known key types. */
const OFFERS = new Map<string, object>();
const MOST_OFFERS = 64;

/** Longer ones have a block of their own, or are a packet under way. */
const FEW_OCTETS = 256;

/** Call when keys were exchanged, for the first time or anew. */
export function makeFinishedHandshakeSmall(protocol: object): void {
  shareOffer(protocol);
  moveOut(protocol, '_remoteIdentRaw');
  if ('_decipher' in protocol && isObject(protocol._decipher)) {
    for (const name of Object.keys(protocol._decipher)) moveOut(protocol._decipher, name);
  }
  if ('_kex' in protocol && isObject(protocol._kex)) forgetSecret(protocol._kex);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** ssh2 only reads it. */
function shareOffer(protocol: object): void {
  const offer: unknown = '_offer' in protocol ? protocol._offer : null;
  if (!isObject(offer) || !('lists' in offer) || !isObject(offer.lists) || !('all' in offer.lists)) return;
  const { all } = offer.lists;
  if (!Buffer.isBuffer(all)) return;
  const text = all.toString('latin1');
  const known = OFFERS.get(text);
  if (known !== undefined) Object.assign(protocol, { _offer: known });
  else if (OFFERS.size < MOST_OFFERS) OFFERS.set(text, offer);
}

/** Give a few octets that lie in a block with others memory of their own. */
function moveOut(owner: object, name: string): void {
  const octets: unknown = Reflect.get(owner, name);
  if (!Buffer.isBuffer(octets) || octets.length > FEW_OCTETS || octets.buffer.byteLength === octets.length) return;
  const own = Buffer.allocUnsafeSlow(octets.length);
  octets.copy(own);
  Reflect.set(owner, name, own);
}

/** The function that ended the exchange keeps all it had worked with; the one in its place ends nothing twice. */
function forgetSecret(exchange: object): void {
  if ('_finished' in exchange && exchange._finished === true) Reflect.deleteProperty(exchange, 'finish');
}
