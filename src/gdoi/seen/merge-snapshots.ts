/**
 * One snapshot of a group from the answers of several commands.
 *
 * Each command shows a part; what a later part shows replaces what an earlier one showed, and `null` replaces nothing.
 * Keys (KEK, TEK) are merged field by field for a KS, since `show crypto gdoi` shows lifetimes and `ks policy` the
 * SPIs.
 */
import type { GmSnapshot, GroupSnapshot, KsKey, KsSnapshot } from './snapshot.ts';

/** Later values win; null and undefined never do. */
function overlay<T extends object>(base: T, patch: T): T {
  const merged = { ...base };
  for (const key in patch) {
    const value = patch[key];
    if (value !== null && value !== undefined) merged[key] = value;
  }
  return merged;
}

function overlayOrNull<T extends object>(base: T | null, patch: T | null): T | null {
  if (base === null || patch === null) return patch ?? base;
  return overlay(base, patch);
}

/** Parts of one GM group, oldest first. The parts must be of the same group. */
export function mergeGm(base: GmSnapshot, patch: GmSnapshot): GmSnapshot {
  return {
    ...overlay(base, patch),
    registrations: overlay(base.registrations, patch.registrations),
    rekeys: overlay(base.rekeys, patch.rekeys),
    kek: overlayOrNull(base.kek, patch.kek),
  };
}

/** Parts of one KS group, oldest first. The parts must be of the same group. */
export function mergeKs(base: KsSnapshot, patch: KsSnapshot): KsSnapshot {
  const { membersUnread, peersUnread, ...before } = base;
  return {
    ...overlay<KsSnapshot>(before, patch),
    // Each belongs to the list that is kept.
    ...(patch.memberDetails === null && membersUnread === true ? { membersUnread } : {}),
    ...(patch.peers === null && peersUnread === true ? { peersUnread } : {}),
    kek: mergeKey(base.kek, patch.kek),
    retransmit: overlay(base.retransmit, patch.retransmit),
  };
}

/** A key with another SPI is another key: nothing of the old one is kept. */
function mergeKey(base: KsKey | null, patch: KsKey | null): KsKey | null {
  if (base?.spi && patch?.spi && base.spi !== patch.spi) return patch;
  return overlayOrNull(base, patch);
}

/** All parts of one role of a group; null when there is none. */
export function mergeParts(role: 'gm', parts: readonly GroupSnapshot[]): GmSnapshot | null;
export function mergeParts(role: 'ks', parts: readonly GroupSnapshot[]): KsSnapshot | null;
export function mergeParts(role: 'gm' | 'ks', parts: readonly GroupSnapshot[]): GroupSnapshot | null {
  let gm: GmSnapshot | null = null;
  let ks: KsSnapshot | null = null;
  for (const part of parts) {
    if (part.role === 'gm') gm = gm === null ? part : mergeGm(gm, part);
    else ks = ks === null ? part : mergeKs(ks, part);
  }
  return role === 'gm' ? gm : ks;
}
