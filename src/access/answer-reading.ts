/**
 * What an answer says, if it was read in the thread with the session, so that a long or malicious answer delays nobody
 * else.
 */
import type { BesideFacts } from '../gdoi/seen/beside-facts.ts';
import type { DeviceCertificates } from '../gdoi/seen/certificate.ts';
import type { DeviceClock, DeviceFacts, DeviceLog, LogMessage } from '../gdoi/seen/device-facts.ts';
import type { GmSnapshot, KsSnapshot } from '../gdoi/seen/snapshot.ts';

export interface ReadAnswer {
  readonly kind: 'read';
  /** Canonical spelling of the command. */
  readonly command: string;
  readonly snapshots: ReadonlyArray<
    GmSnapshot | KsSnapshot | DeviceFacts | DeviceClock | DeviceLog | DeviceCertificates | BesideFacts
  >;
  /** Number of lines that no rule knew. */
  readonly unknownLines: number;
  /** Log messages inside the answer. */
  readonly logMessages: readonly LogMessage[];
}

export type AnswerReading =
  | ReadAnswer
  /** No whole answer can be made of it; one line says why. */
  | { readonly kind: 'unreadable'; readonly message: string };

/** Reads the text of an answer to a show command. Total: no text makes it throw. */
export type ReadAnswerText = (command: string, text: string) => AnswerReading;
