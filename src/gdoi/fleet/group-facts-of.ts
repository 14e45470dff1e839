/**
 * The facts that explanations are made from, out of a group's state and what was found of it. Nothing is judged here.
 */
import { type GroupFacts, isGroupByMulticast, isHidden } from '../explain/group-facts.ts';
import { naturalOrder } from '../events/name-list.ts';
import type { FleetAssessment } from './assessment.ts';
import { unacknowledgedRekeys } from './fleet-rekey-loss.ts';
import type { FleetSettings } from './fleet-settings.ts';
import type { FleetKs, FleetState } from './fleet-state.ts';
import { leadOfGroup } from './kss-together.ts';
import { ksFacts } from './member-facts.ts';
import { DEFAULT_TEK_LIFETIME_SECONDS } from '../keys/kek-window.ts';
import type { EpochMs } from '../seen/instant.ts';

export function factsOf(
  state: FleetState,
  assessment: FleetAssessment,
  nowMs: EpochMs,
  { pollIntervalMs, detailIntervalMs }: FleetSettings,
): GroupFacts {
  const { yardstick, roster, members, mixed, peers, split, ofOtherGroup } = assessment;
  const { keys } = yardstick;
  const kss = [...state.kss.values()];
  const gmsOf = members.map(({ facts }) => facts);
  const kssOf = kss.map(ksFacts);
  // By multicast no list shows who has a rekey: a 0 in it is no acknowledgement.
  const acknowledges = !isGroupByMulticast({ gms: gmsOf, kss: kssOf });
  const tekLifetime = keys.kss.find((ks) => ks.tekLifetimeSeconds !== null)?.tekLifetimeSeconds;
  return {
    group: state.group,
    nowMs,
    pollIntervalMs,
    listAgeMs: detailIntervalMs,
    rekeyTakesMs: keys.rekeyTakesMs,
    leadMs: leadOfGroup(state).seconds * 1000,
    tekLifetimeMs: (tekLifetime ?? DEFAULT_TEK_LIFETIME_SECONDS) * 1000,
    gms: gmsOf,
    kss: kssOf,
    members: members.length + roster.notPolled,
    ofOtherGroup,
    split: split && {
      primaries: split.primaries.map(({ device }) => device),
      sinceMs: split.sinceMs,
      forMs: split.forMs,
    },
    primaryMissing: primaryMissing(assessment, kss),
    otherServers: otherServers(assessment, kss),
    peers: peers.map(({ address, device, lost, readMs, ike, deadFor, aliveFor }) => ({
      address,
      device,
      lost,
      readMs,
      ike,
      ...(deadFor.length === 0 ? {} : { deadFor: deadFor.map((ks) => ks.device) }),
      ...(aliveFor.length === 0 ? {} : { aliveFor: aliveFor.map((ks) => ks.device) }),
    })),
    mixed: mixed && {
      legacyKss: mixed.legacyKss.map(({ device, version }) => ({ device, version })),
      sending: mixed.sending.map(({ device }) => device),
      affectedGms: mixed.affectedGms.map(({ device }) => device),
    },
    listed: yardstick.members.listed,
    acknowledging: acknowledges ? roster.acknowledging : 0,
    unacknowledged: unacknowledgedRekeys(yardstick.members, roster),
  };
}

/** Row 14. A primary may be a KS that is not polled: then one of its peers is alive. */
function primaryMissing({ peers }: FleetAssessment, kss: readonly FleetKs[]): boolean {
  const answering = kss.filter(({ reachable }) => reachable);
  // A KS that is there and shows nothing of the group may be the primary, too, whatever it was when it was seen last.
  const elsewhere =
    peers.some(({ lost, device }) => lost === false && device === null) ||
    kss.some(({ context, peersUnread }) => isHidden(context) || peersUnread === true);
  return answering.length > 0 && answering.every(({ role }) => role === 'secondary') && !elsewhere;
}

/** Asked only where no KS answers, which could say it itself. */
function otherServers(
  { members, roster, peers }: FleetAssessment,
  kss: readonly FleetKs[],
): GroupFacts['otherServers'] {
  if (kss.length === 0 || kss.some(({ reachable }) => reachable)) return [];
  const polled = new Set(kss.map(({ address }) => address));
  const all = new Set([...peers.map(({ address }) => address), ...roster.serversNamed]);
  const others = [...all].filter((address) => !polled.has(address)).toSorted(naturalOrder);
  if (others.length === 0 && kss.some(({ peersUnread }) => peersUnread === true)) return null;
  const isShown =
    members.some(({ record }) => record.keyServers.length > 0) || kss.some(({ unread }) => unread !== true);
  return others.length > 0 || isShown ? others : null;
}
