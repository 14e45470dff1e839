/**
 * The Prometheus text (format 0.0.4) of the fleet: at a scrape, the samples of changed devices are taken and all lines
 * are written.
 *
 * Kept for each device are its labels and numbers; names and other repeated text are written at the scrape, because
 * ready lines took 5 KB a device (docs/sizing.md). A device that is polled several times between two scrapes is
 * prepared once; the number of those that wait is bounded, so that a scrape of a large fleet finds most of its work
 * done. The exposition keeps all samples of a metric together, as the format wants, is cut into chunks, and never
 * blocks the event loop for longer than one chunk takes.
 */
import type { GroupView } from '../gdoi/fleet/group-view.ts';
import type { GmSnapshot, KsSnapshot } from '../gdoi/seen/snapshot.ts';
import { type DeviceView, newestKekRead, type Read } from '../model/device-view.ts';
import { DEVICE_METRICS, type DeviceMetric, type Emit, type GmSeen } from './device-metrics.ts';
import { escapeLabel, inOnePiece, type Labels, labelText } from './label-text.ts';

/** Characters per chunk of the exposition: the texts that a longer one is put together from would outlive collections. */
const CHUNK_SIZE = 16 * 1024;

interface Family {
  readonly metric: DeviceMetric;
  readonly header: string;
  /** The beginning of its lines. */
  readonly start: string;
  /** By row: the value of the only sample; NaN: there is none, or several. */
  numbers: Float64Array;
  /** By row: the values of several samples. This and the next grow up to the last row that had some. */
  readonly values: (readonly number[] | null)[];
  /** By row: the labels of each sample besides the fixed ones, as they are written; null: the only sample has none. */
  readonly labels: (readonly string[] | null)[];
  /** Labels of the last prepared device: most have the same, and share them. */
  lastLabels: readonly string[];
}

/** The samples of one metric of a device, as its family keeps them in a row. */
interface Samples {
  number: number;
  values: readonly number[] | null;
  labels: readonly string[] | null;
}

/** Labels that all samples of a device have. */
interface FixedLabels {
  /** What they were made from. */
  readonly inventory: DeviceView['labels'];
  readonly cell: string | undefined;
  readonly ofGroup: string;
  /** Those of gdoi_device_info, of the device, and of its group if it has one. */
  readonly info: string;
  readonly device: string;
  readonly group: string;
}

/** Undefined: the group is unknown. */
export type ShownGroupOf = (group: string, cell: string | undefined) => GroupView | undefined;

/** Choices that cost series. */
export interface LinesOptions {
  /** Device labels that all series get; gdoi_device_info always has every label. */
  readonly labels: readonly string[];
  /** `gdoi_ks_member_*`: three series for each GM and KS. */
  readonly ksMembers: boolean;
}

/** A group of a device, as its metrics need it. */
interface GroupOfDevice {
  readonly labels: string;
  readonly gm: { readonly snapshot: GmSnapshot; readonly seen: GmSeen } | null;
  readonly ks: Read<KsSnapshot> | null;
}

/** Limits a bug of ours to the device that it hits. */
export type DeviceGuard = (device: string, work: () => void) => void;

/**
 * Most devices that may wait to be prepared. A fleet up to this size may wait as a whole, and is prepared once a scrape
 * however often it is polled. A larger one is prepared at its polls anyway; the fewer wait, the sooner a scrape is
 * written.
 */
const MOST_WAITING = { asAWhole: 4000, ofMore: 1000 } as const;
/** Devices prepared before others may have their turn. */
const PREPARED_AT_ONCE = 50;
/** For a small fleet; doubled when needed. */
const FIRST_ROWS = 64;

const UNGUARDED: DeviceGuard = (_device, work) => work();

const ALL_LINES: LinesOptions = { labels: [], ksMembers: true };
const INFO = 'gdoi_device_info';
const OF_KS_MEMBERS = /^gdoi_ks_member_/;

export class PreparedLines {
  readonly #families: readonly Family[];
  /** The row of each prepared device: the numbers of one metric are side by side, as they are written. */
  readonly #rows = new Map<string, number>();
  /** Rows of devices that are gone. */
  readonly #freeRows: number[] = [];
  readonly #fixed: (FixedLabels | null)[] = [];
  readonly #groupOf: ShownGroupOf;
  readonly #labels: readonly string[];
  readonly #guard: DeviceGuard;
  readonly #taking = new TakenSamples();
  /** By family, for the device that is being prepared; if that fails, the device keeps its previous ones. */
  readonly #taken: readonly Samples[];
  /** Devices that changed since they were prepared, the longest waiting first. */
  readonly #waiting = new Map<string, DeviceView>();

  /** `groupOf`: finds what a group knows about its GMs. */
  constructor(groupOf: ShownGroupOf, { labels, ksMembers }: LinesOptions = ALL_LINES, guard: DeviceGuard = UNGUARDED) {
    this.#groupOf = groupOf;
    this.#guard = guard;
    this.#labels = labels;
    const wanted = DEVICE_METRICS.filter(({ name }) => ksMembers || !OF_KS_MEMBERS.test(name));
    this.#families = wanted.map((metric) => ({
      metric,
      header: familyHeader(metric),
      start: `${metric.name}{`,
      numbers: new Float64Array(FIRST_ROWS).fill(Number.NaN),
      values: [],
      labels: [],
      lastLabels: [],
    }));
    this.#taken = this.#families.map(() => ({ number: Number.NaN, values: null, labels: null }));
  }

  /** Takes the view for the device's lines from now on; null: the device is gone, and its series end. */
  update(device: string, view: DeviceView | null): void {
    if (view === null) {
      this.#waiting.delete(device);
      this.#forget(device);
      return;
    }
    this.#waiting.set(device, view);
    const { asAWhole, ofMore } = MOST_WAITING;
    if (this.#waiting.size <= (this.#rows.size > asAWhole ? ofMore : asAWhole)) return;
    const [longest] = this.#waiting.keys();
    if (longest !== undefined) this.#prepareWaiting(longest);
  }

  #prepareWaiting(device: string): void {
    const view = this.#waiting.get(device);
    if (view === undefined) return;
    this.#waiting.delete(device);
    this.#guard(device, () => this.#prepare(device, view));
  }

  #prepare(device: string, view: DeviceView): void {
    const groups = this.#groupsOf(view);
    // With several groups, each sample names its own.
    const ofGroup = groups.length === 1 ? (groups[0]?.labels ?? '') : '';
    const row = this.#rows.get(device);
    this.#take(view, groups, row);
    const fixed = this.#fixedLabels(view, ofGroup, row === undefined ? null : (this.#fixed[row] ?? null));
    this.#write(row ?? this.#newRow(device), fixed);
  }

  #take(view: DeviceView, groups: readonly GroupOfDevice[], row: number | undefined): void {
    const taking = this.#taking;
    for (const [index, family] of this.#families.entries()) {
      taking.begin();
      const { metric } = family;
      if (metric.of === 'device') metric.samples(view, taking.emit);
      else {
        for (const { gm, ks, labels } of groups) {
          taking.of(groups.length === 1 ? '' : labels);
          if (metric.of === 'gm' && gm !== null) metric.samples(gm.snapshot, taking.emit, gm.seen);
          else if (metric.of === 'ks' && ks !== null) metric.samples(ks.snapshot, taking.emit, ks.at);
        }
      }
      const taken = this.#taken[index];
      if (taken !== undefined) taking.keep(family, row, taken);
    }
  }

  #write(row: number, fixed: FixedLabels): void {
    this.#fixed[row] = fixed;
    for (const [index, family] of this.#families.entries()) {
      const taken = this.#taken[index];
      if (taken === undefined) continue;
      if (row >= family.numbers.length) family.numbers = longer(family.numbers);
      family.numbers[row] = taken.number;
      setAt(family.values, row, taken.values);
      setAt(family.labels, row, taken.labels);
    }
  }

  #newRow(device: string): number {
    const row = this.#freeRows.pop() ?? this.#fixed.length;
    this.#rows.set(device, row);
    return row;
  }

  #forget(device: string): void {
    const row = this.#rows.get(device);
    if (row === undefined) return;
    this.#rows.delete(device);
    this.#freeRows.push(row);
    this.#fixed[row] = null;
    for (const { values, labels } of this.#families) {
      setAt(values, row, null);
      setAt(labels, row, null);
    }
  }

  #fixedLabels(view: DeviceView, ofGroup: string, before: FixedLabels | null): FixedLabels {
    const { device, cell, labels: inventory } = view;
    if (before?.inventory === inventory && before.cell === cell && before.ofGroup === ofGroup) return before;
    const ofCell = cell === undefined ? '' : `,cell="${escapeLabel(cell)}"`;
    const info = inOnePiece(['device="', escapeLabel(device), '"', ofCell]);
    const own = inOnePiece([info, this.#inventoryLabels(inventory)]);
    return { inventory, cell, ofGroup, info, device: own, group: inOnePiece([own, ofGroup]) };
  }

  #groupsOf(view: DeviceView): readonly GroupOfDevice[] {
    const inGroup = (name: string) => {
      const group = this.#groupOf(name, view.cell);
      return group === undefined ? null : (group.gmOf(view.device)?.gm ?? null);
    };
    return Array.from(view.groups.values(), (group) => ({
      labels: `,group="${escapeLabel(group.group)}"`,
      ks: group.ks,
      gm: group.gm && {
        snapshot: group.gm.snapshot,
        seen: {
          at: group.gm.at,
          tracking: view.tracking.get(group.group) ?? null,
          inGroup: inGroup(group.group),
          newestKek: newestKekRead(group),
        },
      },
    }));
  }

  #inventoryLabels(labels: DeviceView['labels']): string {
    const shown = this.#labels.filter((name) => (labels[name] ?? '') !== '');
    return shown.map((name) => `,${name}="${escapeLabel(labels[name] ?? '')}"`).join('');
  }

  /** The exposition of one device; empty if it is unknown. */
  of(device: string): string {
    this.#prepareWaiting(device);
    const row = this.#rows.get(device);
    const fixed = row === undefined ? null : (this.#fixed[row] ?? null);
    if (row === undefined || fixed === null) return '';
    const written = this.#families.map((family) => {
      const lines = linesOf(family, row, fixed);
      return lines === '' ? '' : family.header + lines;
    });
    return written.join('');
  }

  /**
   * The exposition in pieces of about `CHUNK_SIZE` characters, after some empty ones while waiting devices are
   * prepared.
   */
  *chunks(): Generator<string> {
    // Changes that come while others have their turn belong to the next scrape, or this one would never end.
    let prepared = 0;
    const waiting = Array.from(this.#waiting.keys());
    for (const device of waiting) {
      this.#prepareWaiting(device);
      prepared += 1;
      if (prepared % PREPARED_AT_ONCE === 0) yield '';
    }
    let chunk = '';
    for (const family of this.#families) {
      let { header } = family;
      for (let row = 0; row < this.#fixed.length; row += 1) {
        const fixed = this.#fixed[row] ?? null;
        const lines = fixed === null ? '' : linesOf(family, row, fixed);
        if (lines === '') continue;
        chunk += header + lines;
        header = '';
        if (chunk.length >= CHUNK_SIZE) {
          yield chunk;
          chunk = '';
        }
      }
    }
    if (chunk !== '') yield chunk;
  }
}

function linesOf({ metric, start, numbers, values, labels }: Family, row: number, fixed: FixedLabels): string {
  const number = numbers[row] ?? Number.NaN;
  const several = Number.isNaN(number) ? (values[row] ?? null) : null;
  if (Number.isNaN(number) && several === null) return '';
  const ofAll = metric.name === INFO ? fixed.info : metric.of === 'device' ? fixed.device : fixed.group;
  const ofEach = labels[row] ?? null;
  if (several === null) return `${start}${ofAll}${ofEach?.[0] ?? ''}} ${number}\n`;
  let text = '';
  for (let at = 0; at < several.length; at += 1) text += `${start}${ofAll}${ofEach?.[at] ?? ''}} ${several[at]}\n`;
  return text;
}

/** Null where there was nothing needs no setting. */
function setAt<T>(column: (T | null)[], row: number, of: T | null): void {
  if (of !== null) while (column.length <= row) column.push(null);
  if (row < column.length) column[row] = of;
}

function longer(numbers: Float64Array): Float64Array {
  const twice = new Float64Array(numbers.length * 2).fill(Number.NaN);
  twice.set(numbers);
  return twice;
}

/** The samples of a device, one metric after the other, in the order of the table. */
class TakenSamples {
  /** Entries beyond the count are of an earlier metric: an array that is emptied would give its memory back. */
  readonly #labels: string[] = [];
  readonly #values: number[] = [];
  #count = 0;
  #ofGroup = '';

  /** The next metric. */
  begin(): void {
    this.#count = 0;
    this.#ofGroup = '';
  }

  /** What is emitted from now on has these labels, as they are written, before its own. */
  of(labels: string): void {
    this.#ofGroup = labels;
  }

  readonly emit: Emit = (labels, value) => {
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (number === null || number === undefined || Number.isNaN(number)) return;
    const own = labelText(labels);
    this.#labels[this.#count] = this.#ofGroup === '' ? own : inOnePiece([this.#ofGroup, own]);
    this.#values[this.#count] = number;
    this.#count += 1;
  };

  /**
   * Puts the samples of this metric into `kept`. `row`: of the device, with the samples before; undefined: it is new.
   * Unchanged values and labels stay the same object: it is old, and costs the next collections nothing.
   */
  keep(family: Family, row: number | undefined, kept: Samples): void {
    const [first = Number.NaN] = this.#values;
    kept.number = this.#count === 1 ? first : Number.NaN;
    const valuesBefore = row === undefined ? null : (family.values[row] ?? null);
    kept.values = this.#count < 2 ? null : this.#asBefore(this.#values, valuesBefore, null);
    if (this.#count === 0 || (this.#count === 1 && this.#labels[0] === '')) {
      kept.labels = null;
      return;
    }
    const labelsBefore = row === undefined ? null : (family.labels[row] ?? null);
    const labels = this.#asBefore(this.#labels, labelsBefore, family.lastLabels);
    family.lastLabels = labels;
    kept.labels = labels;
  }

  /** What was taken, as one of these objects if it is equal to it. */
  #asBefore<T>(taken: readonly T[], before: readonly T[] | null, last: readonly T[] | null): readonly T[] {
    if (before !== null && this.#are(taken, before)) return before;
    return last !== null && this.#are(taken, last) ? last : taken.slice(0, this.#count);
  }

  #are<T>(taken: readonly T[], others: readonly T[]): boolean {
    if (others.length !== this.#count) return false;
    for (let at = 0; at < this.#count; at += 1) if (taken[at] !== others[at]) return false;
    return true;
  }
}

/** Text of the samples of one metric that belong to no device. */
export function renderFamily(
  metric: { readonly name: string; readonly type: 'gauge' | 'counter'; readonly help: string },
  samples: Iterable<readonly [labels: Labels, value: number]>,
): string {
  let text = '';
  for (const [labels, value] of samples) {
    const pairs = labelText(labels).slice(1);
    text += `${metric.name}${pairs === '' ? '' : `{${pairs}}`} ${value}\n`;
  }
  return text === '' ? '' : familyHeader(metric) + text;
}

function familyHeader(metric: { readonly name: string; readonly type: string; readonly help: string }): string {
  return `# HELP ${metric.name} ${escapeHelp(metric.help)}\n# TYPE ${metric.name} ${metric.type}\n`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
