/** What every parser of CLI text returns: all its findings as a value; device text never makes one throw. */
import type { DeviceCertificates } from '../../gdoi/seen/certificate.ts';
import type { DeviceClock, DeviceFacts, DeviceLog, LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { GmSnapshot, KsSnapshot } from '../../gdoi/seen/snapshot.ts';

export type Snapshot = GmSnapshot | KsSnapshot | DeviceFacts | DeviceClock | DeviceLog | DeviceCertificates;

export type ParseResult =
  | {
      readonly kind: 'parsed';
      /** Canonical spelling, `show crypto gdoi ks policy` (`gkm` is spelled as it was sent). */
      readonly command: string;
      /** One per group, in the device's order; empty where the answer says that nothing is configured. */
      readonly snapshots: readonly Snapshot[];
      /** Lines no rule knew: counted, kept for diagnosis, never fatal. */
      readonly unknownLines: readonly string[];
      /** Log messages that landed inside the answer. */
      readonly logMessages: readonly LogMessage[];
    }
  | {
      readonly kind: 'failed';
      readonly command: string | null;
      /** `rejected`: the device refused the command; `cut-off`: a half answer; `unrecognised`: no known command's output; `too-large`. */
      readonly reason: 'rejected' | 'cut-off' | 'unrecognised' | 'too-large';
      /** One line for a person, with the offending device line where there is one. */
      readonly message: string;
    };
