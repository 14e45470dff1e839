/**
 * What one command (or one MIB walk) showed of one group on one device: plain values, as of one instant.
 *
 * `null` is "this output does not show it": there is then no sample of the metric either. 0 is the figure zero. In documents (`parse
 * --json`, the API) the same shapes appear with snake_case names. Countdowns are meaningless without the instant they
 * were read at: an `Observation` keeps both.
 */

/** How the KS sends rekeys. */
export type RekeyTransport = 'unicast' | 'multicast';

/** Do its rekeys come by multicast? An answer that does not show the transport leaves what was `known` before. */
export function isByMulticast(transport: RekeyTransport | null, known: boolean): boolean {
  return transport === null ? known : transport === 'multicast';
}

/** Does one of these show it? All of a group take their rekeys one way; who shows no transport says nothing of it. */
export function showsMulticast(members: readonly { readonly multicast?: boolean | undefined }[]): boolean {
  return members.some(({ multicast }) => multicast === true);
}

/** `gdoi` is `GDOI (ISAKMP)`, `gikev2` is `G-IKEv2 (IKEv2)`. */
export type GroupType = 'gdoi' | 'gikev2';

/** COOP role of a KS; `unknown` is what a device prints while it does not know. */
export type KsRole = 'primary' | 'secondary' | 'unknown';

export interface GmSnapshot {
  readonly role: 'gm';
  readonly group: string;
  /** Group number or address as printed, `3333`. */
  readonly identity: string | null;
  readonly groupType: GroupType | null;
  /** The member's own address (`Group member`). */
  readonly address: string | null;
  /** VRF name; `None` on the device is null here. */
  readonly vrf: string | null;
  /** GETVPN software version of the GM, not the IOS release. */
  readonly gmVersion: string | null;
  /** `Registration status` as printed. */
  readonly status: string | null;
  readonly registered: boolean | null;
  /** `Registered with`; null when none or 0.0.0.0. */
  readonly keyServer: string | null;
  readonly keyServers: readonly string[] | null;
  readonly reregistersInSeconds: number | null;
  readonly registrations: { readonly succeeded: number | null; readonly attempted: number | null };
  readonly rekeys: GmRekeys;
  readonly kek: GmKek | null;
  readonly teks: readonly GmTek[] | null;
  /** ACEs downloaded from the KS, each with single blanks and without the `access-list` word. */
  readonly acl: readonly string[] | null;
  /** `IPSec SA Direction : Inbound Only`: its SAs take in what is encrypted, and what it sends is in clear. */
  readonly receiveOnly?: true;
  /** Only over RESTCONF, which lists no TEKs beside it: the table of KEKs was read, and has none of this group. */
  readonly kekAbsent?: true;
  /** Only from `show crypto gdoi gm replay`. */
  readonly replay?: GmReplay;
  /** Only from `show crypto gdoi gm dataplane counters`. */
  readonly dataplane?: GmDataplane;
  /** Only from `show crypto gdoi gm rekey detail`: the rekey (KEK) SAs; compare CLI with CLI only. */
  readonly rekeySas?: readonly RekeySa[];
}

export interface GmRekeys {
  /** Rekeys received since the counters started (reload or clear). */
  readonly received: number | null;
  readonly sinceRegistration: number | null;
  readonly acksSent: number | null;
  /** KS of the last rekey; `0.0.0.0` on the device means none yet and is null here. */
  readonly lastFrom: string | null;
  readonly lastSequence: number | null;
  /** Seconds since the last rekey; `never` is null. */
  readonly lastAgeSeconds: number | null;
}

export interface GmKek {
  /** 0x and 32 hex digits, upper case: both cookies. Only SNMP shows it whole (`cgmGdoiGmKekSPI`). */
  readonly spi?: string;
  readonly transport: RekeyTransport | null;
  /** Null on releases before 15.2(1)T / XE 3.5S, which show no lifetime. */
  readonly remainingSeconds: number | null;
  readonly encryption: string | null;
  readonly keyBits: number | null;
  readonly signatureHash: string | null;
  readonly signatureKeyBits: number | null;
}

/** A KEK of which nothing is known. */
export const UNKNOWN_KEK: GmKek = {
  transport: null,
  remainingSeconds: null,
  encryption: null,
  keyBits: null,
  signatureHash: null,
  signatureKeyBits: null,
};

export interface GmTek {
  readonly interface: string | null;
  /** `0x4B21C09E`: 0x and eight upper-case hex digits. */
  readonly spi: string | null;
  readonly transform: string | null;
  readonly remainingSeconds: number | null;
  readonly antiReplay: 'time' | 'counter' | null;
}

/** Time-based anti-replay of one group (`gm replay`); all null when it is not enabled. */
export interface GmReplay {
  readonly enabled: boolean | null;
  readonly inputErrors: number | null;
  readonly outputErrors: number | null;
  readonly timeSyncErrors: number | null;
  readonly maxTimeDeltaSeconds: number | null;
}

/** Data-plane counters of one group; the error kinds only, each named in snake_case (`no_sa`, `invalid_sa`, ...). */
export interface GmDataplane {
  readonly encrypted: number | null;
  readonly decrypted: number | null;
  /**
   * Kind -> packets: no_sa, invalid_sa, encap_fail, decap_fail, invalid_prot, verify_fail, not_tagged, not_untagged,
   * internal_send, internal_receive.
   */
  readonly errors: Readonly<Record<string, number>>;
}

/** One row of the rekey SA table: 4 of the 8 octets of each cookie. */
export interface RekeySa {
  readonly state: 'new' | 'current' | 'previous';
  readonly destination: string;
  readonly source: string;
  readonly cookies: string;
}

export interface KsSnapshot {
  readonly role: 'ks';
  readonly group: string;
  readonly identity: string | null;
  readonly transport: RekeyTransport | null;
  /** Registered GMs of the group as this KS counts them. */
  readonly members: number | null;
  /** COOP configured. */
  readonly redundancy: boolean | null;
  readonly localAddress: string | null;
  readonly localPriority: number | null;
  readonly localRole: KsRole | null;
  readonly localStatus: string | null;
  readonly kek: KsKey | null;
  readonly retransmit: { readonly periodSeconds: number | null; readonly attempts: number | null };
  readonly teks: readonly KsKey[] | null;
  readonly peers: readonly KsPeer[] | null;
  readonly memberDetails: readonly KsMember[] | null;
  /** Only where lines of the list were not understood: who is not in `memberDetails` may be listed all the same. */
  readonly membersUnread?: true;
  /** A peer of the list could not be read: `peers` are some of them. */
  readonly peersUnread?: true;
  /** As for a GM: it gives its GMs SAs of this direction. */
  readonly receiveOnly?: true;
  /** Rekeys sent for the group (`ks members`, `ks rekey`); only where shown. */
  readonly rekeysSent?: number;
  /** Retransmits of the last rekey; only where shown. */
  readonly lastRekeyRetransmits?: number;
  /** Duration of the last rekey; only where shown. */
  readonly lastRekeyDurationMs?: number;
  /** ACEs of the configured policy (`ks acl`); only where shown. */
  readonly acl?: readonly string[];
  /** GETVPN version of the local KS (`ks` with redundancy, `ks coop`); only where shown. */
  readonly ksVersion?: string;
  /** Feature matrix rows (`feature`); only where shown. */
  readonly features?: readonly FeatureSupport[];
  /** Only from `show crypto gdoi ks replay`. */
  readonly replay?: KsReplay;
}

/** Time-based anti-replay as a KS gives it to its group (`ks replay`). */
export interface KsReplay {
  readonly enabled: boolean | null;
  /** The group's pseudotime. */
  readonly pseudotimeSeconds: number | null;
  /** Until the KS sends it anew. */
  readonly syncRemainingSeconds: number | null;
}

/** KEK or TEK in a KS's policy. `timeToRekeySeconds` null: not shown or `n/a` (an old key). */
export interface KsKey {
  /** KEK: 0x and 32 hex digits; TEK: 0x and 8; upper case. */
  readonly spi: string | null;
  readonly lifetimeSeconds: number | null;
  readonly remainingSeconds: number | null;
  readonly timeToRekeySeconds: number | null;
}

export interface KsPeer {
  readonly address: string;
  readonly role: KsRole | null;
  readonly status: string | null;
  /** IKE between the two, `Established`, `Failed`; absent: not shown. */
  readonly ike?: string;
}

/** A GM as its KS knows it. */
export interface KsMember {
  readonly address: string;
  readonly version: string | null;
  readonly state: string | null;
  readonly keyServer: string | null;
  readonly rekeysSent: number | null;
  readonly rekeyRetries: number | null;
  readonly acksReceived: number | null;
  /** Rekeys in a row without acknowledgement; the KS drops the GM at 3. */
  readonly acksMissed: number | null;
}

export interface FeatureSupport {
  readonly role: 'gm' | 'ks';
  readonly address: string;
  readonly version: string | null;
  readonly supported: boolean;
}

export type GroupSnapshot = GmSnapshot | KsSnapshot;

/** A GM snapshot that shows nothing but its group: what parsers and tests start from. */
export function emptyGmSnapshot(group: string): GmSnapshot {
  return {
    role: 'gm',
    group,
    identity: null,
    groupType: null,
    address: null,
    vrf: null,
    gmVersion: null,
    status: null,
    registered: null,
    keyServer: null,
    keyServers: null,
    reregistersInSeconds: null,
    registrations: { succeeded: null, attempted: null },
    rekeys: {
      received: null,
      sinceRegistration: null,
      acksSent: null,
      lastFrom: null,
      lastSequence: null,
      lastAgeSeconds: null,
    },
    kek: null,
    teks: null,
    acl: null,
  };
}

/** A KS snapshot that shows nothing but its group. */
export function emptyKsSnapshot(group: string): KsSnapshot {
  return {
    role: 'ks',
    group,
    identity: null,
    transport: null,
    members: null,
    redundancy: null,
    localAddress: null,
    localPriority: null,
    localRole: null,
    localStatus: null,
    kek: null,
    retransmit: { periodSeconds: null, attempts: null },
    teks: null,
    peers: null,
    memberDetails: null,
  };
}
