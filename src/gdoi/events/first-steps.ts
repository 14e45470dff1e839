/** First steps of the on-call catalogue that several checks share; every one is read-only. */
export const CHECK_REKEY_PATH =
  'On the KS, show crypto gdoi ks members: compare Rekey Acks missed and the sequence number of this GM; check the path KS to GM for UDP 848 (filter, MTU, QoS)';

/** Multicast rekeys are not acknowledged, and take the way of the multicast tree. */
const CHECK_MULTICAST_PATH =
  'show crypto gdoi on this GM and show crypto gdoi ks rekey on the KS: does its rekey counter follow? Then the multicast path from KS to GM: show ip mroute for the rekey address, RPF, filters for UDP 848, MTU';

/** Where a re-registration was not explained, by either transport. */
export const COMPARE_ACKS =
  'Compare Rekey Acks missed on the KS (show crypto gdoi ks members) and the logs of GM and KS at that time';
const COMPARE_COUNTERS =
  'Compare the rekey counter of this GM (show crypto gdoi) with the rekeys that the KS sent (show crypto gdoi ks rekey), and the logs of GM and KS at that time';

/** The GM has the keys: what is lost is on its way back to the KS. */
export const CHECK_ACK_PATH =
  'Compare Rekey Acks missed on the KS (show crypto gdoi ks members) with Rekey ACKs sent on this GM (show crypto gdoi); then the path back, GM to KS, for UDP 848 (filter, NAT, control-plane policing at the KS)';

/** A KS dropped it for acknowledgements that did not come. */
export const CHECK_DROPPED =
  'Rekey ACKs sent on this GM (show crypto gdoi) and Rekey Acks missed on the KS (show crypto gdoi ks members): do rekeys not arrive, or their acknowledgements? Then UDP 848 between the two, both ways. Only a new registration puts it on the list again';

/** A GM is on no list: it was dropped, or the list was lost. */
export const CHECK_LIST =
  'show crypto gdoi ks members and show version on the KS: did it restart, or were its members cleared? If not, it dropped this GM: check the path KS to GM for UDP 848 (filter, MTU, QoS)';

/** A GM without a KEK timer works with a KEK that its KS has replaced. */
export const CHECK_OLD_KEK =
  'show crypto gdoi ks members on the KS: does this GM acknowledge? Then the path for UDP 848 from KS to GM';

/** By multicast there are no acknowledgements, and nobody is dropped for missing ones. */
const CHECK_LIST_ONLY =
  'show crypto gdoi ks members and show version on the KS: did it restart, or were its members cleared? Does the rekey counter of this GM (show crypto gdoi) still rise?';

export const CHECK_REGISTRATION =
  'Check reachability of the KS on UDP 848 (500/4500), the IKE SA (show crypto isakmp sa; G-IKEv2: show crypto ikev2 sa), group identity and authorization';

/** A GM shows no such group any more. */
export const CHECK_VANISHED =
  'show crypto map and show running-config | section crypto on the GM: are the group and its crypto map still there, and on the interface? Then show version and show logging: did it boot without them, or who removed them?';

/** A KS refuses what a GM asks for, or how it asks: by its own log. */
export const CHECK_VERSION =
  'show crypto gdoi feature, and the version in show crypto gdoi of the GM: upgrade the GM, or leave out the feature it lacks';
export const CHECK_GROUP_IDENTITY =
  'show crypto gdoi ks: is the identity of the group there the one that the GM has (show crypto gdoi)?';
export const CHECK_REGISTERED_INTERFACE =
  'show crypto gdoi ks: on which interface do registrations arrive, and is its address the one that the GM has as its server?';

export const CHECK_HOST_KEY =
  'Was the device replaced or its key made anew? Confirm the new fingerprint out of band before accepting it';

/** A device refuses the agent's login. */
export const CHECK_CREDENTIAL = 'Was the password changed? Compare with AAA; do not try it by hand again and again';

/** It is there, and refuses the login or the command. */
export const CHECK_ADMITTED =
  'May the agent log in there, and run show crypto gdoi? gdoiwatch check of one of them says which of the two is refused';

/** SAs that are inbound only. */
export const CHECK_DIRECTION =
  'Is the group being brought up receive-only on purpose? Otherwise show running-config on the KS (sa receive-only in the group) and on the GM (its own direction): who set it, and is every GM ready for both directions?';

/** It accepts the login and ends the session: its own configuration decides that, and no path. */
export const CHECK_EXEC =
  'On the device: may the login of the agent start an exec session (aaa authorization exec, and what the AAA server logs for it), and is a vty line free (show users; session-limit, exec-timeout)?';

/** It answers, and nothing of its groups can be read. */
export const CHECK_SHOWN =
  'show crypto gdoi on the device: may the login of the agent run it? Over SNMP: has its image CISCO-GDOI-MIB, and does the view show it?';

export const CHECK_COOP =
  'show crypto gdoi ks coop on every KS: is there exactly one primary? Then the path between the KSs (UDP 848), IKE authentication and certificates, DPD, KS CPU';

/** A COOP peer is dead, and IKE with it is not there. */
const CHECK_COOP_IKE =
  'show crypto isakmp sa (G-IKEv2: show crypto ikev2 sa) on both KSs, as IKE between them is not established: UDP 848 (500/4500) between them, pre-shared key or certificates, DPD. Then show crypto gdoi ks coop on every KS: is there exactly one primary?';
/** A COOP peer is dead, and IKE with it stands. */
const CHECK_ANNOUNCEMENTS =
  'show crypto gdoi ks coop on every KS, as IKE between them is established: do Ann msgs recv rise, or Packet Recv drops, and is there exactly one primary? Then the path between the KSs for large packets of UDP 848 (fragments, MTU), and KS CPU';

/** `ike`: how IKE with the peer stands for each KS that calls it dead; `otherwise`: where they do not show it. */
export function checkPeer(ike: readonly (string | null)[], otherwise: string): string {
  const shown = ike.flatMap((each) => (each === null ? [] : [each.toLowerCase()]));
  if (shown.length === 0) return otherwise;
  return shown.every((each) => each === 'established') ? CHECK_ANNOUNCEMENTS : CHECK_COOP_IKE;
}

/** The role of primary keeps moving. */
export const CHECK_ROLES =
  'show crypto gdoi ks coop on every KS: priorities, and is a peer dead now and then? Then the CPU of the KSs (show processes cpu), and the path between them for UDP 848: IKE keepalives, fragmented announcements';

export const CHECK_SPLIT = 'Check the WAN between the KSs (UDP 848, IKE); edit no policy while they are split';

export const CHECK_REPLAY =
  'show crypto gdoi gm replay on this GM and on the sender: compare Max time delta and pseudotimes with the window; then show ntp status, CPU and queueing delay, and the pseudotime of the KS (show crypto gdoi ks replay)';

export const CHECK_DATAPLANE =
  'show crypto gdoi gm dataplane counters: which kind rises? Then compare TEK SPIs on both sides (show crypto gdoi)';

/** Which counters rise is not told. */
export const CHECK_DROPS =
  'show crypto gdoi gm replay and show crypto gdoi gm dataplane counters on this GM: which errors rise? Those of anti-replay: compare pseudotimes and clocks on both ends; no sa, invalid sa, verify fail: compare TEK SPIs on both ends (show crypto gdoi)';

/** The message names where the packet came from. */
export const CHECK_IN_CLEAR =
  'The message names the source: which GM stands before it, and is that one registered (show crypto gdoi), or does it fail open? Then compare the ACLs of both (show crypto gdoi gm acl)';

/** A KS made GMs register. */
export const CHECK_ORDER = 'show crypto gdoi ks on the KS and its log: who removed members or replaced the policy?';

/** What a GM says of its own configuration. */
export const CHECK_CRYPTO_MAP =
  'show logging and show crypto map on the GM: who took the group or its crypto map from an interface, or put it there?';

/** Its counters restarted, and nothing says why. */
export const CHECK_RESTART =
  'show version, show redundancy and show logging on the GM: did another control processor take over, or was it cleared?';

export const CHECK_INTERFACE = 'show interfaces and the log of the GM: why did the interface go down?';

export const CHECK_INSTALL =
  'show crypto gdoi and the log of the GM: is the downloaded policy installed? Compare the size of the ACL with what the platform holds';

/** What a GM accepts of a rekey. */
export const CHECK_ALLOWED =
  'show crypto gdoi on the GM: allowable rekey cipher, hash and transform; compare with the KS’s policy (show crypto gdoi ks policy)';

export const COMPARE_SEQUENCE =
  'Compare Last rekey seq num of the GM (show crypto gdoi) with the KS’s (show crypto gdoi ks rekey): did another KS become primary, or was a rekey sent twice?';

/** A KS can hold no more members. */
export const CHECK_FULL =
  'show crypto gdoi ks coop and show crypto gdoi ks members summary on every KS: versions and number of members';

/** SNMP shows no registration. */
export const CHECK_TEKLESS =
  'show crypto gdoi on the GM: is it registered? If so, its log tells whether the downloaded policy is installed; if not, check the path to the KS for UDP 848';

export const CHECK_CERTIFICATE =
  'show crypto pki certificates and show clock on both ends: is the certificate valid now, and can the CRL be fetched?';

export const COMPARE_KS = `Which KS did this GM register with (show crypto gdoi)? ${CHECK_COOP}`;

/** Of a whole group: who misses rekeys. */
export const CHECK_REKEYS =
  'show crypto gdoi ks members on the KS: which GMs do not acknowledge? Then the path KS to GM for UDP 848, and the KS’s rekey log';
const CHECK_MULTICAST_REKEYS =
  'show crypto gdoi on these GMs and show crypto gdoi ks rekey on the KS: whose rekey counter follows? Then the multicast path to the others: show ip mroute for the rekey address, RPF, filters for UDP 848';

/** What rekeys pass on `way`, such as `KS to GM`. */
export function pathOfRekeys(multicast: boolean, way: string): string {
  return multicast
    ? `the multicast path from ${way}: show ip mroute for the rekey address, RPF, filters for UDP 848`
    : `the path for UDP 848 from ${way}`;
}

/** Nothing of a group answers. */
export const CHECK_OWN_NETWORK =
  'On the host of the agent: its own network (route, management VRF, firewall, DNS), then ping to one of these devices. If that is well: what do all of them share, a site, its power or WAN?';

/** A KS that gives no answer. */
export const CHECK_KS =
  'Is the KS up (console, its site’s power and WAN)? Then UDP 848 and SSH or SNMP on the path to it';

/** Steps that speak of unicast rekeys, each with the one that takes its place where rekeys come by multicast. */
const BY_MULTICAST: readonly (readonly [unicast: string, multicast: string])[] = [
  [CHECK_REKEY_PATH, CHECK_MULTICAST_PATH],
  [CHECK_REKEYS, CHECK_MULTICAST_REKEYS],
  [CHECK_OLD_KEK, CHECK_MULTICAST_PATH],
  [COMPARE_ACKS, COMPARE_COUNTERS],
  [CHECK_DROPPED, CHECK_LIST_ONLY],
  [CHECK_LIST, CHECK_LIST_ONLY],
];

/** The step for the way in which the rekeys come. */
export function firstStepBy(multicast: boolean, step: string): string {
  if (!multicast) return step;
  return BY_MULTICAST.reduce((said, [unicast, other]) => said.replace(unicast, other), step);
}
