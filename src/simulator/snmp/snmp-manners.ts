/** How a simulated SNMP agent behaves: like IOS by default, and what goes wrong. */
import type { MibRevision } from '../snmp-wire/mib-objects.ts';
import { PACKET_OCTETS } from '../snmp-wire/message.ts';
import type { Oid } from '../snmp-wire/oid.ts';

export interface SnmpManners {
  /**
   * What happens to an answer: `truncated` is cut in half, `garbage` is not BER, `wrong-request-id` is one off,
   * `other-port` leaves from another port, `empty` has no varbinds, `error` is genErr.
   */
  readonly answer:
    | 'normal'
    | 'silent'
    | 'garbage'
    | 'truncated'
    | 'wrong-request-id'
    | 'other-port'
    | 'empty'
    | 'error';
  readonly delayMs: number;
  /** Every n-th request is lost; 0: none. */
  readonly dropEvery: number;
  /**
   * How GetNext and GetBulk continue: `endless` invents another object after each one, `backward` repeats the first
   * object of all, `stuck` the one that was asked for.
   */
  readonly walk: 'normal' | 'endless' | 'backward' | 'stuck';
  /** The revision of CISCO-GDOI-MIB; `release`: that of the device's release. */
  readonly objects: 'release' | MibRevision;
  /** Columns or objects whose numbers come as text and whose text comes as a number. */
  readonly wrongType: readonly Oid[];
  /** Every lifetime is 0. */
  readonly zeroedLifetimes: boolean;
  /**
   * `boots-frozen`: boots do not rise with a reload, so that time goes back; `restless`: they rise with every answer.
   */
  readonly engine: 'normal' | 'boots-frozen' | 'restless';
  /** Longest answer: a GetBulk is cut to it, a longer Get is tooBig. */
  readonly packetOctets: number;
}

export const DEFAULT_SNMP_MANNERS: SnmpManners = {
  answer: 'normal',
  delayMs: 0,
  dropEvery: 0,
  walk: 'normal',
  objects: 'release',
  wrongType: [],
  zeroedLifetimes: false,
  engine: 'normal',
  packetOctets: PACKET_OCTETS,
};
