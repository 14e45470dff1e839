/**
 * Bounds what a device may choose in a Diffie-Hellman group exchange (RFC 4419). The library asks for up to 8,192 bits
 * and takes any: OpenSSL tests each prime that it does not know, twice as many bits for more than ten times as long,
 * and meanwhile the thread serves none of its sessions. So 2,048 are asked for, as strong as the group 14 that
 * is offered before, and a group beyond what was asked for is refused untested.
 *
 * Where a version of ssh2 keeps its key exchange elsewhere nothing is bounded: a test of a login fails then.
 */

const PREFERRED_BITS = 2048;
/** A device may be told to take no smaller ones (`ip ssh dh min size 4096`). */
const MOST_BITS = 4096;

/** The device's group is beyond what it was asked for. */
export class GroupTooLarge extends Error {
  override readonly name = 'GroupTooLarge';

  constructor(bits: number) {
    super(`the device chose a Diffie-Hellman group of ${bits} bits; at most ${MOST_BITS} were asked for`);
  }
}

/** What ssh2 makes for a group exchange. */
interface GroupExchange {
  readonly type: 'groupex';
  setDHParams(prime: Buffer, generator: Buffer): void;
}

/** `protocol`: ssh2's, of a client that has not exchanged keys yet; each exchange after that is bounded as well. */
export function boundGroupExchanges(protocol: object): void {
  let current: unknown = Reflect.get(protocol, '_kex');
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (exchange: unknown) => {
      if (isGroupExchange(exchange)) bound(exchange);
      current = exchange;
    },
  });
}

function isGroupExchange(exchange: unknown): exchange is GroupExchange {
  return typeof exchange === 'object' && exchange !== null && 'type' in exchange && exchange.type === 'groupex';
}

function bound(exchange: GroupExchange): void {
  const setParameters = exchange.setDHParams.bind(exchange);
  Object.assign(exchange, { _prefBits: PREFERRED_BITS, _maxBits: MOST_BITS });
  exchange.setDHParams = (prime, generator) => {
    const bits = bitsOf(prime);
    if (bits > MOST_BITS) throw new GroupTooLarge(bits);
    setParameters(prime, generator);
  };
}

/** Of an unsigned number, most significant octet first. */
function bitsOf(number: Buffer): number {
  const first = number.findIndex((octet) => octet !== 0);
  return first === -1 ? 0 : 8 * (number.length - first) - Math.clz32(number[first] ?? 0) + 24;
}
