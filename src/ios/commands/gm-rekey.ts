/**
 * `show crypto gdoi gm rekey` and `gm rekey detail`: rekey counters of each group and, with detail, the rekey (KEK)
 * SAs.
 *
 * The transport in the heading stays unread: a `kek` with nothing but a transport would look like a KEK that was shown.
 */
import { BoundedList } from '../../gdoi/seen/bounded-list.ts';
import { MOST_REKEY_SAS } from '../../gdoi/seen/row-bounds.ts';
import { emptyGmSnapshot, type GmSnapshot, type RekeySa } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { columns, isAddress } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';
import { countOnce, findRule, type LabelRule, labelTable } from '../text/label-table.ts';

interface RekeySketch {
  readonly group: string;
  received: number | null;
  sinceRegistration: number | null;
  acksSent: number | null;
  multicast: boolean;
  sas: BoundedList<RekeySa> | null;
  tableEnded: boolean;
}

// Group WAN (Unicast)
const GROUP_HEADING = /^Group (\S{1,128}) \((Unicast|Multicast)\)$/i;
// Rekey (KEK) SA information :
const TABLE_TITLE = /^Rekey \(KEK\) SA information ?:$/i;
// dst             src             conn-id  my-cookie  his-cookie
const TABLE_HEADING = /^dst src conn-id my-cookie his-cookie$/i;
/** A row without an SA: three dashes in every column. */
const ABSENT = '---';

function saRow(state: RekeySa['state']): LabelRule<RekeySketch> {
  return (sketch, value) => {
    if (sketch.sas === null) return false;
    sketch.tableEnded = state === 'previous';
    const [destination = '', source = '', , mine = '', his = '', ...rest] = columns(value);
    if (destination === ABSENT) return columns(value).every((cell) => cell === ABSENT);
    if (!isAddress(destination) || !isAddress(source) || his === '' || rest.length > 0) return false;
    return sketch.sas.add({ state, destination, source, cookies: `${mine}/${his}` });
  };
}

const LABELS = labelTable<RekeySketch>([
  ['Number of Rekeys received (cumulative)', countOnce('received')],
  ['Number of Rekeys received after registration', countOnce('sinceRegistration')],
  ['Number of Rekey Acks sent', countOnce('acksSent')],
  ['New', saRow('new')],
  ['Current', saRow('current')],
  ['Previous', saRow('previous')],
]);

function readRekeys(answer: Answer, command: string): Reading {
  const { groups, read } = readByGroup(answer, {
    headingBegins: 'Group ',
    heading: GROUP_HEADING,
    newSketch: (name, transport) => newSketch(name, transport?.toLowerCase() === 'multicast'),
    take: readLine,
    unnamed: () => newSketch(UNNAMED, false),
  });
  return {
    snapshots: groups.map(rekeySnapshot),
    ...read,
    recognised: read.known > 0,
    missing: answer.ending === 'prompt' ? null : missingIn(groups, command.endsWith(' detail')),
  };
}

function readLine(sketch: RekeySketch, line: string): boolean | "another's" {
  if (TABLE_TITLE.test(line)) {
    if (sketch.sas !== null) return "another's";
    sketch.sas = new BoundedList(MOST_REKEY_SAS);
    return true;
  }
  if (TABLE_HEADING.test(line)) return sketch.sas !== null;
  const colon = line.indexOf(':');
  if (colon < 0) return false;
  return findRule(LABELS, line.slice(0, colon).trimEnd())?.(sketch, line.slice(colon + 1).trimStart()) ?? false;
}

function newSketch(group: string, multicast: boolean): RekeySketch {
  return {
    group,
    received: null,
    sinceRegistration: null,
    acksSent: null,
    multicast,
    sas: null,
    tableEnded: false,
  };
}

function missingIn(groups: readonly RekeySketch[], detail: boolean): string | null {
  const last = groups.at(-1);
  if (last === undefined) return 'the groups';
  if (last.received === null || last.sinceRegistration === null) return `the rekey counters of ${last.group}`;
  if (last.acksSent === null && !last.multicast) return `the acknowledgements of ${last.group}`;
  const tableDue = detail || groups.some((group) => group.sas !== null);
  return tableDue && !last.tableEnded ? `the rekey SAs of ${last.group}` : null;
}

function rekeySnapshot(sketch: RekeySketch): GmSnapshot {
  const empty = emptyGmSnapshot(sketch.group);
  return {
    ...empty,
    rekeys: {
      ...empty.rekeys,
      received: sketch.received,
      sinceRegistration: sketch.sinceRegistration,
      acksSent: sketch.acksSent,
    },
    ...(sketch.sas === null ? {} : { rekeySas: sketch.sas.rows }),
  };
}

export const gmRekey: CommandGrammar = {
  names: ['show crypto gdoi gm rekey', 'show crypto gdoi gm rekey detail'],
  recognisedBy: [/^Number of Rekeys received /i, TABLE_TITLE],
  closedLines: [
    // Previous: ---             ---               ---    ---        ---
    /^Previous *: *--- +--- +--- +--- +---$/,
    // Previous: 198.51.100.7    192.0.2.12       40218   7D19E2B4   30F8A65C
    /^Previous *: *\S{1,45} +\S{1,45} +\d{1,10} +[0-9A-F]{8} +[0-9A-F]{8}$/i,
    // Number of Rekey Acks sent                    : 0: a number that starts with 0 ends there
    /^Number of Rekey Acks sent *: *0$/i,
  ],
  read: readRekeys,
};
