/**
 * The Prometheus text (format 0.0.4) of the fleet, prepared when a device changes and only joined when Prometheus asks.
 *
 * One block per metric and device. The exposition keeps all samples of a metric together, as the format wants, is cut
 * into chunks, and never holds the event loop for longer than one chunk takes.
 */
import type { DeviceView } from '../agent/device-view.ts';
import type { Labels } from './device-metrics.ts';
import { DEVICE_METRICS } from './device-metrics.ts';

/** Characters per chunk of the exposition. */
const CHUNK_SIZE = 256 * 1024;

interface Family {
  readonly header: string;
  /** Device -> its lines of this metric; a device without samples is absent. */
  readonly blocks: Map<string, string>;
}

export class PreparedLines {
  readonly #families: readonly Family[] = DEVICE_METRICS.map((metric) => ({
    header: `# HELP ${metric.name} ${escapeHelp(metric.help)}\n# TYPE ${metric.name} ${metric.type}\n`,
    blocks: new Map(),
  }));

  /** Prepare the lines of a device; null when it is gone: its series end. */
  update(device: string, view: DeviceView | null): void {
    for (const [index, metric] of DEVICE_METRICS.entries()) {
      const blocks = this.#families[index]?.blocks;
      if (blocks === undefined) continue;
      let block = '';
      if (view !== null) {
        metric.samples(view, (labels, value) => {
          const number = typeof value === 'boolean' ? Number(value) : value;
          if (number === null || number === undefined || Number.isNaN(number)) return;
          block += `${metric.name}{device="${escapeLabel(device)}"${renderLabels(labels)}} ${number}\n`;
        });
      }
      if (block === '') blocks.delete(device);
      else blocks.set(device, block);
    }
  }

  /** The exposition in pieces of about `CHUNK_SIZE` characters. */
  *chunks(): Generator<string> {
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

function renderLabels(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `,${name}="${escapeLabel(labels[name] ?? '')}"`;
  return text;
}

const NEEDS_ESCAPE = /[\\"\n]/;

/** Prometheus text format: backslash, double quote and line feed are escaped in label values. */
function escapeLabel(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
