/** Several groups have one name: all that is said under this name concerns one of them. */
import { type Asked, type Candidate, sorted } from './candidate.ts';
import type { Explanation } from './explanation.ts';
import type { OtherGroups, SeparateKs } from './group-facts.ts';
import { nameList, verb } from './said.ts';

export function nameShared({ facts, before }: Asked): Candidate | null {
  const { ofOtherGroup, group, nowMs } = facts;
  if (ofOtherGroup === null || ofOtherGroup.members.length === 0) return null;
  const { members } = ofOtherGroup;
  const names = sorted(members.map(({ device }) => device));
  const { why, whose, ask } =
    ofOtherGroup.kss.length > 0 ? byKeyServers(ofOtherGroup) : byIdentity(ofOtherGroup, group);
  return {
    phase: 'present',
    status: 'warning',
    sinceMs: before?.sinceMs ?? nowMs,
    summary: `${why}; all else that is said here concerns ${whose} alone`,
    consequence: {
      what: `keys and rekeys of ${nameList(names)} are compared with nothing: nobody learns what is lost there`,
      unless: null,
    },
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: `${ask}, give ${verb(names.length, 'that device', 'those devices')} a cell of ${verb(names.length, 'its', 'their')} own in the configuration of the agent`,
    scope: names,
    evidence: [
      ...ofOtherGroup.kss.map(shownBy),
      ...members.flatMap(({ device, identity }) => (identity === null ? [] : [`${device}${IDENTITY}${identity}`])),
    ],
    claims: [],
  };
}

const IDENTITY = ': Group Identity ';

interface Words {
  readonly why: string;
  readonly whose: string;
  readonly ask: string;
}

function byIdentity({ identity, members }: OtherGroups, group: string): Words {
  const names = sorted(members.map(({ device }) => device));
  const others = [...new Set(members.flatMap((member) => member.identity ?? []))].toSorted();
  const shown = `${nameList(names)} ${verb(names.length, 'shows', 'show')} ${group} with group identity ${nameList(others)}`;
  return {
    why: `${shown}, the others with ${identity}: several groups of one name, or a wrong identity on a router`,
    whose: String(identity),
    ask: `show crypto gdoi on ${nameList(names)}: is the group identity the right one? If it is`,
  };
}

/** Names the first KS of each group. */
function byKeyServers({ kss, members }: OtherGroups): Words {
  const firsts = kss.flatMap(({ device, ofGroup }, index) => (kss[index - 1]?.ofGroup === ofGroup ? [] : [device]));
  const ofIdentity = sorted(members.flatMap(({ device, identity }) => (identity === null ? [] : [device])));
  const alsoShow =
    ofIdentity.length === 0
      ? ''
      : `; ${nameList(ofIdentity)} ${verb(ofIdentity.length, 'shows', 'show')} another group identity`;
  return {
    why: `KSs ${nameList(firsts)} share no peer, no KEK and no member, as each showed last: several groups of one name, or KSs that do not list each other as peers${alsoShow}`,
    whose: `the group of ${firsts[0] ?? ''}`,
    ask: `show crypto gdoi ks coop on ${nameList(firsts)}: are they to be of one group? If they are not`,
  };
}

function shownBy({ device, kekSpi, peers, members }: SeparateKs): string {
  const listed = members === null ? 'members not shown' : `${members} members listed`;
  return `${device}: KEK SPI ${kekSpi ?? 'not shown'}, COOP peers ${peers.length === 0 ? 'none' : nameList(peers)}, ${listed}`;
}

/** Was it said of KSs that have nothing in common? */
export function isOfSeparateKss({ evidence }: Pick<Explanation, 'evidence'>): boolean {
  return evidence.length > 0 && !evidence.every((line) => line.includes(IDENTITY));
}
