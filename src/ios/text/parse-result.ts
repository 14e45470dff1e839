/** What every parser of CLI text returns: all its findings as a value; device text never makes one throw. */
import type { BesideFacts } from '../../gdoi/seen/beside-facts.ts';
import type { DeviceCertificates } from '../../gdoi/seen/certificate.ts';
import type { DeviceClock, DeviceFacts, DeviceLog, LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { GmSnapshot, KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { LineTally } from './line-tally.ts';

export type Snapshot =
  | GmSnapshot
  | KsSnapshot
  | DeviceFacts
  | DeviceClock
  | DeviceLog
  | DeviceCertificates
  | BesideFacts;

/** What a filtered answer holds of a group that it does not name. */
export type UnnamedSnapshot = (Omit<GmSnapshot, 'group'> | Omit<KsSnapshot, 'group'>) & { readonly group: null };

/** What an answer without a snapshot says. */
export type Nothing =
  /** The router says that nothing of the kind is configured, or answers with its prompt alone. */
  | 'nothing-configured'
  /** The command is known, and no snapshot is made of what it shows. */
  | 'no-snapshot'
  /** The filter let nothing through that goes into a snapshot. */
  | 'filtered-away'
  /** Its lines are there, and none of them holds what a snapshot needs. */
  | 'nothing-shown';

export interface Parsed {
  readonly kind: 'parsed';
  /** Canonical spelling, `show crypto gdoi ks policy` (`gkm` is spelled as it was sent). */
  readonly command: string;
  /** One per group, in the device's order; empty where `nothing` says why. */
  readonly snapshots: readonly Snapshot[];
  readonly unnamed: readonly UnnamedSnapshot[];
  readonly nothing: Nothing | null;
  /** The filter behind the command, `include Registration`: the answer is a part. Null: it is whole. */
  readonly partial: string | null;
  /** Lines no rule knew: counted, kept for diagnosis, never fatal. */
  readonly unknownLines: readonly string[];
  /** Log messages that landed inside the answer. */
  readonly logMessages: readonly LogMessage[];
  readonly lines: LineTally;
}

export interface Unparsed {
  readonly kind: 'failed';
  readonly command: string | null;
  /**
   * `rejected`: the device refused the command; `cut-off`: a half answer; `unrecognised`: no known command's output;
   * `not-ours`: the answer to a command that has nothing to do with GETVPN; `unreadable`: no text of a router can be
   * made of it; `too-large`.
   */
  readonly reason: 'rejected' | 'cut-off' | 'unrecognised' | 'not-ours' | 'unreadable' | 'too-large';
  /** One line for a person, with the offending device line where there is one. */
  readonly message: string;
  /** Lines no rule knew, where the answer was read to its end and found to be half. */
  readonly unknownLines: readonly string[];
  readonly lines: LineTally;
}

export type ParseResult = Parsed | Unparsed;

/** A result, and where in a captured text it stood. */
export type CapturedResult = ParseResult & {
  /** The router by its prompt; null: no prompt names one. */
  readonly device: string | null;
  /** Line of the text, from 1. */
  readonly line: number;
};
