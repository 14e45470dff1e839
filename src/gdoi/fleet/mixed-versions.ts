/**
 * Does a GM with a KEK timer meet a KS without one? Such a GM re-registers twice in every KEK cycle. The inventory
 * tells before the first cycle shows it. A KS or GM whose behaviour is not known proves nothing.
 */
import type { FleetGm, FleetKs } from './fleet-state.ts';

export interface MixedVersions {
  /** KSs to be upgraded. */
  readonly legacyKss: readonly FleetKs[];
  /** Of these, who sends the rekeys now, or may. Empty: they are secondary, and another KS sends them. */
  readonly sending: readonly FleetKs[];
  /** GMs with a KEK timer that can register with one of them, or get their rekeys from it. */
  readonly affectedGms: readonly FleetGm[];
}

/** null: no GM of the group can meet a KS of the other behaviour, as far as is known. */
export function mixedVersions(gms: readonly FleetGm[], kss: readonly FleetKs[]): MixedVersions | null {
  const legacy = kss.filter((ks) => ks.behavior === 'legacy');
  if (legacy.length === 0) return null;
  const met = new Set<FleetKs>();
  const affectedGms = gms.filter((gm) => {
    const reachable = legacyKssOf(gm, legacy);
    for (const ks of reachable) met.add(ks);
    return reachable.length > 0;
  });
  if (affectedGms.length === 0) return null;
  const legacyKss = [...met];
  return { legacyKss, sending: legacyKss.filter((ks) => maySend(ks, kss)), affectedGms };
}

/** A secondary sends no rekey, and neither does a primary that is silent since another one took over. */
function maySend(ks: FleetKs, kss: readonly FleetKs[]): boolean {
  if (ks.role === 'secondary') return false;
  return ks.reachable || !kss.some((other) => other !== ks && other.reachable && other.role === 'primary');
}

/** KSs without a KEK timer that a GM with one can register with, or gets its rekeys from. */
export function legacyKssOf(gm: FleetGm, kss: readonly FleetKs[]): readonly FleetKs[] {
  return gm.behavior === 'timer'
    ? kss.filter((ks) => ks.behavior === 'legacy' && (canRegister(gm, ks) || sendsRekeysTo(gm, ks)))
    : [];
}

/** The primary of a COOP set sends the rekeys of all its members, whoever of its peers registered them. */
function sendsRekeysTo(gm: FleetGm, { role, peers }: FleetKs): boolean {
  return role === 'primary' && (peers ?? []).some(({ address }) => serversOf(gm).includes(address));
}

function serversOf({ keyServer, keyServers }: FleetGm): readonly string[] {
  return keyServer === null ? keyServers : [...keyServers, keyServer];
}

/** By the GM's server list; a list that is not shown, or a KS of unknown address, leaves any KS of the group. */
function canRegister(gm: FleetGm, ks: FleetKs): boolean {
  const listed = serversOf(gm);
  return listed.length === 0 || ks.address === null || listed.includes(ks.address);
}
