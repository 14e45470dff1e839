/**
 * `show crypto gdoi feature X`: which KS and GM of a group supports a feature, with its GETVPN version.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_MEMBERS } from '../../gdoi/seen/row-bounds.ts';
import { emptyKsSnapshot, type FeatureSupport, type KsSnapshot } from '../../gdoi/seen/snapshot.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { isAddress } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';

interface FeatureSketch {
  readonly group: string;
  readonly shown: BoundedList<FeatureSupport>;
  role: 'gm' | 'ks' | null;
  /** A GM table was opened for this group: the second and last of the two. */
  gmTable: boolean;
}

// Group Name: WAN
const GROUP_HEADING = /^Group Name ?: ?(\S{1,128})$/;
// Key Server ID     Version   Feature Supported
const TABLE_HEADING = /^(Key Server|Group Member) ID Version Feature Supported$/i;
/** Perhaps a table's heading: the rows that follow are not of the table before. */
const MAY_HEAD_TABLE = /\b(?:ID|supported)\b/i;
// 192.0.2.21       1.0.26         Yes
const ROW = /^(\S{1,45}) (?:(\S{1,16}) )?(Yes|No)$/i;

function readFeatures(answer: Answer): Reading {
  const { groups, read } = readByGroup<FeatureSketch>(answer, {
    headingBegins: 'Group Name',
    heading: GROUP_HEADING,
    newSketch: (group) => ({ group, shown: new BoundedList(MOST_MEMBERS), role: null, gmTable: false }),
    take: readLine,
    unnamed: null,
  });
  const last = groups.at(-1);
  const whole = last !== undefined && last.gmTable && last.shown.rows.some((row) => row.role === 'gm');
  return {
    snapshots: groups.map(featureSnapshot),
    ...read,
    recognised: groups.some((group) => group.role !== null),
    missing: whole || answer.ending === 'prompt' ? null : 'the table of group members',
  };
}

function readLine(sketch: FeatureSketch, line: string): boolean {
  const table = TABLE_HEADING.exec(line)?.[1];
  if (table !== undefined) {
    sketch.role = table.toLowerCase() === 'key server' ? 'ks' : 'gm';
    sketch.gmTable ||= sketch.role === 'gm';
    return true;
  }
  const row = ROW.exec(line);
  if (MAY_HEAD_TABLE.test(line)) sketch.role = null;
  if (row?.[1] === undefined || sketch.role === null || !isAddress(row[1])) return false;
  return sketch.shown.add({
    role: sketch.role,
    address: row[1],
    version: row[2] ?? null,
    supported: row[3]?.toLowerCase() === 'yes',
  });
}

function featureSnapshot(sketch: FeatureSketch): KsSnapshot {
  return { ...emptyKsSnapshot(sketch.group), features: sketch.shown.rows };
}

export const feature: CommandGrammar = {
  names: ['show crypto gdoi feature'],
  recognisedBy: [TABLE_HEADING],
  closedLines: [
    // 192.0.2.21       1.0.26         Yes
    /^\S{1,45} +(?:\S{1,16} +)?(?:Yes|No)$/i,
  ],
  read: readFeatures,
};
