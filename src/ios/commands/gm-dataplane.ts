/**
 * `show crypto gdoi gm dataplane counters`: packets and drops of each group, two counters per line.
 */
import { emptyGmSnapshot, type GmDataplane, type GmSnapshot } from '../../gdoi/seen/snapshot.ts';
import { type Answer, type CommandGrammar, type Reading, UNNAMED } from '../text/answer.ts';
import { parseCount } from '../text/device-values.ts';
import { readByGroup } from '../text/group-sketches.ts';
import { countOnce, type LabelRule, labelTable, pairsOf, takePairs, unused } from '../text/label-table.ts';

interface DataplaneSketch {
  readonly group: string;
  encrypted: number | null;
  decrypted: number | null;
  readonly errors: Record<string, number>;
}

// Data-plane statistics for group WAN:
const GROUP_HEADING = /^Data-plane statistics for group (\S{1,128}?) ?:$/i;

// #pkts encrypt            : 159831689#pkts decrypt            : 177110790
/** A counter of nine digits fills its column, and the next label begins right behind it. */
const FULL_COLUMN = /(\d)(?=#pkts )/g;

function error(kind: string): LabelRule<DataplaneSketch> {
  return (sketch, value) => {
    const shown = parseCount(value);
    if (shown === null || (sketch.errors[kind] ?? shown) !== shown) return false;
    sketch.errors[kind] = shown;
    return true;
  };
}

/** The last counter of a group. */
const LAST_KIND = 'internal_receive';

const LABELS = labelTable<DataplaneSketch>([
  ['#pkts encrypt', countOnce('encrypted')],
  ['#pkts decrypt', countOnce('decrypted')],
  [['#pkts tagged (send)', '#pkts untagged (rcv)'], unused],
  ['#pkts no sa (send)', error('no_sa')],
  ['#pkts invalid sa (rcv)', error('invalid_sa')],
  [['#pkts encaps fail (send)', '#pkts encap fail (send)'], error('encap_fail')],
  [['#pkts decap fail (rcv)', '#pkts decaps fail (rcv)'], error('decap_fail')],
  ['#pkts invalid prot (rcv)', error('invalid_prot')],
  ['#pkts verify fail (rcv)', error('verify_fail')],
  ['#pkts not tagged (send)', error('not_tagged')],
  ['#pkts not untagged (rcv)', error('not_untagged')],
  ['#pkts internal err (send)', error('internal_send')],
  ['#pkts internal err (rcv)', error(LAST_KIND)],
]);

function readCounters(answer: Answer): Reading {
  const { groups, read } = readByGroup(answer, {
    headingBegins: 'Data-plane ',
    heading: GROUP_HEADING,
    newSketch,
    take: readLine,
    unnamed: () => newSketch(UNNAMED),
  });
  const last = groups.at(-1);
  const whole = last !== undefined && last.errors[LAST_KIND] !== undefined;
  return {
    snapshots: groups.map(dataplaneSnapshot),
    ...read,
    recognised: read.known > 0,
    missing: whole || answer.ending === 'prompt' ? null : 'the last counters',
  };
}

function readLine(sketch: DataplaneSketch, line: string): boolean {
  return takePairs(LABELS, sketch, pairsOf(line.replace(FULL_COLUMN, '$1 ')));
}

function newSketch(group: string): DataplaneSketch {
  return { group, encrypted: null, decrypted: null, errors: {} };
}

function dataplaneSnapshot(sketch: DataplaneSketch): GmSnapshot {
  const dataplane: GmDataplane = {
    encrypted: sketch.encrypted,
    decrypted: sketch.decrypted,
    errors: sketch.errors,
  };
  return { ...emptyGmSnapshot(sketch.group), dataplane };
}

export const gmDataplane: CommandGrammar = {
  names: ['show crypto gdoi gm dataplane counters', 'show crypto gdoi gm dataplane'],
  recognisedBy: [/^Data-plane statistics for group /i],
  closedLines: [
    // #pkts internal err (send): 0        #pkts internal err (rcv) : 0: a number that starts with 0 ends there
    /^#pkts internal err \(send\) *: *\d{1,15} +#pkts internal err \(rcv\) *: *0$/,
  ],
  read: readCounters,
};
