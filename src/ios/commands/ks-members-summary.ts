/**
 * `show crypto gdoi ks members summary`: one row per GM, under the KS it is registered with.
 *
 * Each heading says how many rows follow, so a missing tail is always noticed.
 */
import { MOST_MEMBERS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type KsMember, type KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { columns, isAddress, parseCount } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';

// Group Name: WAN, ID: 8127, Group Members: 5
const GROUP_HEADING = /^Group Name ?: ?(\S{1,128}?), ?ID ?: ?(\S{1,45}?), ?Group Members ?: ?(\d{1,7})$/;
// Key Server ID: 192.0.2.12, GMDB state: LOCAL, Group Members: 1
const SERVER_HEADING = /^Key Server ID ?: ?(\S{1,45}?), ?GMDB state ?: ?\S{1,20}?, ?Group Members ?: ?(\d{1,7})$/;
// Member ID     Version      Rekey sent     Rekey Ack missed
const TABLE_HEADING = /^Member ID Version Rekey sent Rekey Ack missed$/i;
// Group Member Information :
const TITLE = /^Group Member Information ?:$/;

interface SummarySketch {
  readonly group: string;
  readonly identity: string;
  readonly announced: number;
  keyServer: string | null;
  readonly members: KsMember[];
}

function readSummary(answer: Answer): Reading {
  let rows = 0;
  const { groups, read } = readByGroup<SummarySketch>(answer, {
    headingBegins: 'Group Name',
    title: TITLE,
    heading: GROUP_HEADING,
    newSketch: (group, identity = '', announced = '') => ({
      group,
      identity,
      announced: Number(announced),
      keyServer: null,
      members: [],
    }),
    take: (group, line) => {
      const known = readHeading(group, line);
      if (known !== null) return known;
      if (rows >= MOST_MEMBERS || !readRow(group, line)) return false;
      rows += 1;
      return true;
    },
    unnamed: null,
  });
  const short = groups.find((group) => group.members.length < group.announced);
  const left = short === undefined ? 0 : short.announced - short.members.length;
  const missing = short === undefined ? null : `${left} ${left === 1 ? 'member' : 'members'} of ${short.group}`;
  return {
    snapshots: groups.map(summarySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: answer.ending === 'prompt' ? null : (missing ?? (groups.length === 0 ? 'the groups' : null)),
  };
}

/** Null: it is none. */
function readHeading(group: SummarySketch, line: string): boolean | null {
  if (TABLE_HEADING.test(line)) return true;
  const server = SERVER_HEADING.exec(line)?.[1];
  if (server === undefined) return null;
  group.keyServer = isAddress(server) ? server : null;
  return group.keyServer !== null;
}

/** `198.51.100.7   1.0.25         0               0`; a GM of an old release has no version. */
function readRow(group: SummarySketch, line: string): boolean {
  const cells = columns(line);
  const address = cells[0];
  const numbers = cells.slice(-2).map(parseCount);
  const [rekeysSent, acksMissed] = numbers;
  if (address === undefined || !isAddress(address) || cells.length < 3 || cells.length > 4) return false;
  if (rekeysSent === undefined || rekeysSent === null || acksMissed === undefined || acksMissed === null) return false;
  group.members.push({
    address,
    version: cells.length === 4 ? (cells[1] ?? null) : null,
    state: null,
    keyServer: group.keyServer,
    rekeysSent,
    rekeyRetries: null,
    acksReceived: null,
    acksMissed,
  });
  return true;
}

function summarySnapshot(sketch: SummarySketch): KsSnapshot {
  return {
    ...emptyKsSnapshot(sketch.group),
    identity: sketch.identity,
    members: sketch.announced,
    memberDetails: sketch.members,
    ...(sketch.members.length === sketch.announced ? {} : { membersUnread: true as const }),
  };
}

export const ksMembersSummary: CommandGrammar = {
  names: ['show crypto gdoi ks members summary'],
  recognisedBy: [GROUP_HEADING, SERVER_HEADING],
  closedLines: [
    // 198.51.100.7   1.0.25         0               0: a number that starts with 0 ends there
    /^\S{1,45} +(?:\S{1,16} +)?\d{1,10} +0$/,
  ],
  read: readSummary,
};
