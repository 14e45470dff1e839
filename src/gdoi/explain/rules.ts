/** The rule of each cause. They are asked in the order of `EXPLANATION_CAUSES`. */
import { coopMismatch } from './coop-mismatch-causes.ts';
import { coopSplit } from './coop-split-causes.ts';
import { ejected } from './ejection-causes.ts';
import { ksDown } from './ks-down-causes.ts';
import { ksOutOfSight, loginRefused } from './ks-sight-causes.ts';
import { ksRekeysLost, pathLoss } from './lost-rekey-causes.ts';
import { oldKekInUse } from './old-kek-causes.ts';
import { noPrimary, redundancyLost } from './redundancy-causes.ts';
import { rekeysRefused } from './refused-rekey-causes.ts';
import { clockWrong, interfaceFlap, replayErrors, withoutTek } from './gm-causes.ts';
import type { CauseRule } from './candidate.ts';
import type { ExplanationCause } from './explanation.ts';
import { ksMembersLost } from './ks-members-lost.ts';
import { nameShared } from './name-shared.ts';
import { gmsReloaded, gmsUnreachable } from './member-causes.ts';
import { roleFlapping } from './role-flapping.ts';
import { ksForced, operatorClear } from './operator-causes.ts';
import { registrationRefused, unauthorized } from './refused-registration-causes.ts';
import { legacyKs } from './release-causes.ts';
import {
  coopPeerLost,
  keysDiffer,
  ksFailover,
  memberCountsDiffer,
  notRegistered,
  reregistered,
  withoutKek,
} from './bare-symptoms.ts';

export const RULES: Readonly<Record<ExplanationCause, CauseRule>> = {
  login_refused: loginRefused,
  name_shared: nameShared,
  coop_split: coopSplit,
  ks_members_lost: ksMembersLost,
  ks_down: ksDown,
  no_primary: noPrimary,
  redundancy_lost: redundancyLost,
  role_flapping: roleFlapping,
  ks_out_of_sight: ksOutOfSight,
  coop_mismatch: coopMismatch,
  legacy_ks: legacyKs,
  ks_forced: ksForced,
  clock: clockWrong,
  unauthorized,
  registration_refused: registrationRefused,
  gms_reloaded: gmsReloaded,
  gms_unreachable: gmsUnreachable,
  operator_clear: operatorClear,
  interface_flap: interfaceFlap,
  without_tek: withoutTek,
  rekeys_refused: rekeysRefused,
  old_kek_in_use: oldKekInUse,
  ejected,
  ks_rekeys_lost: ksRekeysLost,
  path_loss: pathLoss,
  ks_failover: ksFailover,
  not_registered: notRegistered,
  without_kek: withoutKek,
  keys_differ: keysDiffer,
  coop_peer_lost: coopPeerLost,
  member_counts_differ: memberCountsDiffer,
  replay_errors: replayErrors,
  reregistered,
};
