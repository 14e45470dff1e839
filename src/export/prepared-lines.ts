/**
 * The Prometheus text (format 0.0.4) of the fleet, prepared for the devices that changed when Prometheus asks, and joined.
 *
 * One block per metric and device. A device that is polled several times between two scrapes is prepared once; those that
 * wait for it are bounded, so that a scrape of a large fleet finds most of its work done. The exposition keeps all samples of a metric together, as the format wants, is cut
 * into chunks, and never holds the event loop for longer than one chunk takes.
 */
import type { FleetView } from '../gdoi/fleet/fleet-view.ts';
import { type DeviceView, newestKekRead } from '../model/device-view.ts';
import { DEVICE_METRICS, type DeviceMetric, type Emit, type Labels } from './device-metrics.ts';

/** Characters per chunk of the exposition. */
const CHUNK_SIZE = 256 * 1024;

interface Family {
  readonly metric: DeviceMetric;
  readonly header: string;
  /** Device -> its lines of this metric; a device without samples is absent. */
  readonly blocks: Map<string, string>;
}

/** undefined: the group is not known. */
export type GroupViewOf = (group: string, cell: string | undefined) => FleetView | undefined;

/** What a site wants to see, and pay for. */
export interface LinesOptions {
  /** Labels of devices that all their series get; gdoi_device_info has every label in any case. */
  readonly labels: readonly string[];
  /** `gdoi_ks_member_*`: three series for each GM and KS. */
  readonly ksMembers: boolean;
}

/** Keeps a fault of our own to the device that it befalls. */
export type DeviceGuard = (device: string, work: () => void) => void;

/** Devices that may wait to be prepared: some 30 us each, so that a scrape takes a tenth of a second longer at most. */
const MOST_WAITING = 4000;
/** Devices prepared before whoever joins the lines may let others have their turn. */
const PREPARED_AT_ONCE = 50;

const UNGUARDED: DeviceGuard = (_device, work) => work();

const ALL_LINES: LinesOptions = { labels: [], ksMembers: true };
const INFO = 'gdoi_device_info';
const OF_KS_MEMBERS = /^gdoi_ks_member_/;

export class PreparedLines {
  readonly #families: readonly Family[];
  readonly #groupOf: GroupViewOf;
  readonly #labels: readonly string[];
  readonly #guard: DeviceGuard;
  /** What changed since it was prepared, the one that waits longest first. */
  readonly #waiting = new Map<string, DeviceView>();

  /** `groupOf`: where what a group says of its GMs is joined from. */
  constructor(groupOf: GroupViewOf, { labels, ksMembers }: LinesOptions = ALL_LINES, guard: DeviceGuard = UNGUARDED) {
    this.#groupOf = groupOf;
    this.#guard = guard;
    this.#labels = labels;
    const wanted = DEVICE_METRICS.filter(({ name }) => ksMembers || !OF_KS_MEMBERS.test(name));
    this.#families = wanted.map((metric) => ({ metric, header: familyHeader(metric), blocks: new Map() }));
  }

  /** The device's lines are those of this view from now on; null when it is gone: its series end. */
  update(device: string, view: DeviceView | null): void {
    if (view === null) {
      this.#waiting.delete(device);
      for (const { blocks } of this.#families) blocks.delete(device);
      return;
    }
    this.#waiting.set(device, view);
    if (this.#waiting.size <= MOST_WAITING) return;
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
    const cell = view.cell === undefined ? '' : `,cell="${escapeLabel(view.cell)}"`;
    const bare = `device="${escapeLabel(device)}"${cell}`;
    const own = bare + this.#inventoryLabels(view);
    const inGroup = (name: string) => {
      const group = this.#groupOf(name, view.cell);
      return group === undefined ? null : (group.gmOf(device)?.gm ?? null);
    };
    const groups = Array.from(view.groups.values(), (group) => ({
      labels: `${own},group="${escapeLabel(group.group)}"`,
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
    const lines = new Lines();
    for (const { metric, blocks } of this.#families) {
      lines.begin(metric.name, metric.name === INFO ? bare : own);
      if (metric.of === 'device') metric.samples(view, lines.emit);
      else {
        for (const { gm, ks, labels } of groups) {
          lines.begin(metric.name, labels);
          if (metric.of === 'gm' && gm !== null) metric.samples(gm.snapshot, lines.emit, gm.seen);
          else if (metric.of === 'ks' && ks !== null) metric.samples(ks.snapshot, lines.emit, ks.at);
        }
      }
      const text = lines.end();
      if (text === '') blocks.delete(device);
      // Most say what they said: the text that is there is old, and costs the next collections nothing.
      else if (blocks.get(device) !== text) blocks.set(device, text);
    }
  }

  #inventoryLabels({ labels }: DeviceView): string {
    const shown = this.#labels.filter((name) => (labels[name] ?? '') !== '');
    return shown.map((name) => `,${name}="${escapeLabel(labels[name] ?? '')}"`).join('');
  }

  /** The exposition of one device; empty when it is not known. */
  of(device: string): string {
    this.#prepareWaiting(device);
    return this.#families.map(({ header, blocks }) => (blocks.has(device) ? header + blocks.get(device) : '')).join('');
  }

  /** The exposition in pieces of about `CHUNK_SIZE` characters, after some empty ones while what waits is prepared. */
  *chunks(): Generator<string> {
    // What comes while others have their turn is the next scrape's, or this one would have no end.
    let prepared = 0;
    const waiting = Array.from(this.#waiting.keys());
    for (const device of waiting) {
      this.#prepareWaiting(device);
      prepared += 1;
      if (prepared % PREPARED_AT_ONCE === 0) yield '';
    }
    let chunk = '';
    for (const family of this.#families) {
      if (family.blocks.size === 0) continue;
      chunk += family.header;
      for (const block of family.blocks.values()) {
        chunk += block;
        if (chunk.length >= CHUNK_SIZE) {
          yield chunk;
          chunk = '';
        }
      }
    }
    if (chunk !== '') yield chunk;
  }
}

/** The lines of one metric after the other; one for all of a device's, since they are made at every poll. */
class Lines {
  // Joined at the end: a string grown by += stays a tree of pieces and costs several times the memory.
  #parts: string[] = [];
  #name = '';
  #fixedLabels = '';

  /** What is emitted from now on is of this metric, with these labels. */
  begin(name: string, fixedLabels: string): void {
    this.#name = name;
    this.#fixedLabels = fixedLabels;
  }

  readonly emit: Emit = (labels, value) => {
    const number = typeof value === 'boolean' ? Number(value) : value;
    if (number === null || number === undefined || Number.isNaN(number)) return;
    const parts = this.#parts;
    parts.push(this.#name, '{', this.#fixedLabels);
    for (const name in labels) parts.push(',', name, '="', escapeLabel(labels[name] ?? ''), '"');
    parts.push('} ', String(number), '\n');
  };

  end(): string {
    if (this.#parts.length === 0) return '';
    const text = this.#parts.join('');
    this.#parts = [];
    return text;
  }
}

const NEEDS_ESCAPE = /[\\"\n]/;

/** Samples of one metric that no device has, as text. */
export function renderFamily(
  metric: { readonly name: string; readonly type: 'gauge' | 'counter'; readonly help: string },
  samples: Iterable<readonly [labels: Labels, value: number]>,
): string {
  let text = '';
  for (const [labels, value] of samples) {
    const pairs = Object.entries(labels).map(([name, label]) => `${name}="${escapeLabel(label)}"`);
    text += `${metric.name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  }
  return text === '' ? '' : familyHeader(metric) + text;
}

function familyHeader(metric: { readonly name: string; readonly type: string; readonly help: string }): string {
  return `# HELP ${metric.name} ${escapeHelp(metric.help)}\n# TYPE ${metric.name} ${metric.type}\n`;
}

/** Prometheus text format: backslash, double quote and line feed are escaped in label values. */
function escapeLabel(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
