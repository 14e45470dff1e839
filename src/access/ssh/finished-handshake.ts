/**
 * Reduces what ssh2 keeps of a finished key exchange: for each client the algorithms offered, which are the same for
 * nearly all; a few octets here and there in blocks of 8 KiB that are freed only as a whole; and the shared secret,
 * which nobody reads again.
 *
 * If a version of ssh2 keeps these things elsewhere, nothing is changed, and a test of a session's memory fails.
 */

/** Offers by their octets: as many as there are profiles and orders of known key types. */
const OFFERS = new Map<string, object>();
const MOST_OFFERS = 64;

/** Longer ones have a block of their own, or are a packet under way. */
const FEW_OCTETS = 256;

/** Call after each key exchange, the first one and later ones. */
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

/** Copies a few octets that share a block with others into memory of their own. */
function moveOut(owner: object, name: string): void {
  const octets: unknown = Reflect.get(owner, name);
  if (!Buffer.isBuffer(octets) || octets.length > FEW_OCTETS || octets.buffer.byteLength === octets.length) return;
  const own = Buffer.allocUnsafeSlow(octets.length);
  octets.copy(own);
  Reflect.set(owner, name, own);
}

/** The function that ended the exchange references everything it worked with; the one that replaces it does nothing. */
function forgetSecret(exchange: object): void {
  if ('_finished' in exchange && exchange._finished === true) Reflect.deleteProperty(exchange, 'finish');
}
