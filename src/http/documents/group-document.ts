/** Groups as documents of the API. Only names and times change form here; nothing is judged. */
import type { FleetReadModel } from '../../model/read-model.ts';
import { toDocument } from '../../gdoi/events/document.ts';
import { naturalOrder } from '../../gdoi/events/name-list.ts';
import { isoInstant } from '../../gdoi/events/event-document.ts';
import { DEFAULT_CELL, inCell } from '../../gdoi/seen/cell.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import { sharedKekText, sharersOfKek } from '../../gdoi/fleet/misplaced-cells.ts';
import { separateKeyServersText } from '../../gdoi/fleet/separate-key-servers.ts';
import { checkDocuments, explanationDocument, isoOrNull, nextDocument } from '../../gdoi/health/health-document.ts';
import type { GroupHealth } from '../../gdoi/health/health-group.ts';
import { membership } from './device-document.ts';
import type { HealthBoard } from '../../model/health-board.ts';
import type { MembershipDocument } from '../schemas/device-schema.ts';
import type { GroupDocument, GroupSummary } from '../schemas/group-schema.ts';

/** GMs in one answer; the others are in the device list, with `?group=`. */
const MAX_GMS = 1000;

export function groupSummary(view: GroupView, health: GroupHealth): GroupSummary {
  return {
    ...identity(view, health),
    members: view.members,
    gms: view.gms.length,
    kss: view.kss.length,
    primaries: [...view.primaries],
    divergent_members: view.divergentMembers.length,
    mixed_versions: view.mixedVersions !== null,
    next: nextDocument(health.next),
  };
}

/** The fields that the list and the group's own document share. */
function identity(
  { group, cell }: GroupView,
  { status, summary, statement, action }: GroupHealth,
): Pick<GroupSummary, 'group' | 'cell' | 'status' | 'summary' | 'statement' | 'action'> {
  return { group, ...inCell(cell), status, summary, statement, action };
}

export function groupDocument(
  view: GroupView,
  board: Pick<HealthBoard, 'group' | 'of'>,
  fleet: Pick<FleetReadModel, 'device' | 'groups'>,
): GroupDocument {
  const deviceOf = (device: string) => fleet.device(device);
  const sharers = sharersOfKek(view, fleet.groups());
  const health = board.group(view);
  const part = (device: string): MembershipDocument | null => {
    const known = deviceOf(device);
    const group = known?.groups.get(view.group);
    if (known === undefined || group === undefined) return null;
    return membership(known, group, board.of(known), () => view);
  };
  const overdue = (device: string) => deviceOf(device)?.tracking.get(view.group)?.kekRekeyOverdue === true;
  const endangered = new Set(health.atRisk.map(({ gm }) => gm));
  const gms = view.gms
    .toSorted((a, b) => Number(endangered.has(b.device)) - Number(endangered.has(a.device)) || byName(a, b))
    .slice(0, MAX_GMS);
  return {
    ...identity(view, health),
    at: isoInstant(view.atMs),
    explanations: health.explanations.map(explanationDocument),
    checks: checkDocuments(health.checks),
    next_kek_rekey: nextDocument(health.nextKekRekey),
    next_tek_rekey: nextDocument(health.nextTekRekey),
    at_risk: health.atRisk.map(({ gm, status, reason, reregistersAtMs }) => ({
      gm,
      status,
      reason,
      reregisters_at: isoOrNull(reregistersAtMs),
    })),
    missed_last_rekey: { ...toDocument(view.rekeyLoss), where: whereLost(view) },
    lead: toDocument(view.lead),
    kek_lifetime_seconds: view.kekLifetimeSeconds,
    tek_lifetime_seconds: view.tekLifetimeSeconds,
    members: view.members,
    gms: gms.map((gm) => gmDocument(gm, { membership: part(gm.device), overdue: overdue(gm.device) })),
    gms_left_out: view.gms.length - gms.length,
    kss: view.kss.map((ks) => ksDocument(ks, part(ks.device))),
    primaries: [...view.primaries],
    coop_split: view.coopSplit && {
      primaries: [...view.coopSplit.primaries],
      since: isoInstant(Math.round(view.coopSplit.sinceMs)),
    },
    separate_groups: view.separateKeyServers && {
      kss: view.separateKeyServers.map((part) => [...part]),
      summary: separateKeyServersText(view.separateKeyServers),
    },
    other_cells: sharers.length === 0 ? null : { cells: cellsOf(sharers), summary: sharedKekText(sharers) },
    coop_peers: view.coopPeers.map(({ address, device, lost }) => ({ address, device, lost })),
    mixed_versions: view.mixedVersions && toDocument(view.mixedVersions),
    divergent_members: [...view.divergentMembers],
    group_teks: view.groupTeks && toDocument(view.groupTeks),
    unacknowledged: view.unacknowledged.map(({ address, device, acksMissed, ejected }) => ({
      address,
      device,
      acks_missed: acksMissed,
      ejected,
    })),
    not_polled: [...view.notPolled],
    not_listed: [...view.notListed],
  };
}

/** Whom nothing else explains is judged by numbers alone; else the explanations say where, or leave it open. */
function whereLost({ rekeyLoss: { where }, explanations }: GroupView): GroupDocument['missed_last_rekey']['where'] {
  if (where === 'none' || explanations.length === 0) return where;
  const isDecided = explanations.some(
    ({ cause, phase }) => (cause === 'path_loss' || cause === 'ks_rekeys_lost') && phase !== 'unclear',
  );
  return isDecided ? where : null;
}

function gmDocument(
  gm: GroupView['gms'][number],
  own: { readonly membership: MembershipDocument | null; readonly overdue: boolean },
): GroupDocument['gms'][number] {
  return {
    device: gm.device,
    reachable: gm.reachable,
    kek_behavior: gm.behavior,
    kek_matches_ks: gm.kekMatchesKs,
    tek_matches_ks: gm.tekMatchesKs,
    divergent: gm.divergent,
    kek_expired_in_use: gm.kekExpiredInUse,
    kek_rekey_overdue: own.overdue,
    acks_missed: gm.acksMissed,
    membership: own.membership,
  };
}

function ksDocument(
  { device, address, reachable, role, behavior, version, members }: GroupView['kss'][number],
  own: MembershipDocument | null,
): GroupDocument['kss'][number] {
  return { device, address, reachable, role, kek_behavior: behavior, version, members, membership: own };
}

function byName(a: { readonly device: string }, b: { readonly device: string }): number {
  return naturalOrder(a.device, b.device);
}

/** In all cells unless one is named: two customers may have a group of the same name. */
export function groupsOfName(fleet: FleetReadModel, name: string, cell: string | undefined): readonly GroupView[] {
  if (cell !== undefined) return [fleet.group(name, cell) ?? []].flat();
  const inDefault = fleet.group(name);
  const found = [...fleet.groups()].filter(({ group }) => group === name);
  return found.length === 0 && inDefault !== undefined ? [inDefault] : found;
}

function cellsOf(places: readonly { readonly cell?: string }[]): string[] {
  return [...new Set(places.map(({ cell }) => cell ?? DEFAULT_CELL))].toSorted(naturalOrder);
}
