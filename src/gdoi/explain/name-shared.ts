/** Several groups have one name: all that is said under this name concerns one of them. */
import { type Asked, type Candidate, sorted } from './candidate.ts';
import { nameList, verb } from './said.ts';

export function nameShared({ facts, before }: Asked): Candidate | null {
  const { ofOtherGroup, group, nowMs } = facts;
  if (ofOtherGroup === null || ofOtherGroup.members.length === 0) return null;
  const { identity, members } = ofOtherGroup;
  const names = sorted(members.map(({ device }) => device));
  const others = [...new Set(members.map((member) => member.identity))].toSorted();
  return {
    phase: 'present',
    status: 'warning',
    sinceMs: before?.sinceMs ?? nowMs,
    summary: `${nameList(names)} ${verb(names.length, 'shows', 'show')} ${group} with group identity ${nameList(others)}, the others with ${identity}: several groups of one name, or a wrong identity on a router; all else that is said here concerns ${identity} alone`,
    consequence: {
      what: `keys and rekeys of ${nameList(names)} are compared with nothing: nobody learns what is lost there`,
      unless: null,
    },
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: `show crypto gdoi on ${nameList(names)}: is the group identity the right one? If it is, give ${verb(names.length, 'that device', 'those devices')} a cell of ${verb(names.length, 'its', 'their')} own in the configuration of the agent`,
    scope: names,
    evidence: members.map(({ device, identity: shown }) => `${device}: Group Identity ${shown}`),
    claims: [],
  };
}
