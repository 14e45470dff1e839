/**
 * Makes a device of a target: its address is host and port; labels that start with `__gdoi_` are settings; other labels
 * that start with `__` are dropped, as in Prometheus; the rest become the device's labels.
 *
 * The name is `__gdoi_name`, else the label `device`, else the host. What is wrong with a target costs only that
 * target; a label with a reserved name costs only the label, since the files are shared with Prometheus's own scrapes.
 */
import { isIP } from 'node:net';
import { hostAndPort } from '../address.ts';
import { didYouMean } from '../did-you-mean.ts';
import { quoted } from '../finding.ts';
import type { MakeDevice, ResolvedDevice } from '../resolved-config.ts';
import { RESERVED_LABELS } from '../schema.ts';
import type { Target } from './target-groups.ts';

const SETTING_OF_LABEL: ReadonlyMap<string, string> = new Map([
  ['__gdoi_name', 'name'],
  ['__gdoi_cell', 'cell'],
  ['__gdoi_role', 'role'],
  ['__gdoi_transport', 'transport'],
  ['__gdoi_credentials', 'credentials'],
  ['__gdoi_interval', 'interval'],
  ['__gdoi_timeout', 'timeout'],
  ['__gdoi_detail_interval', 'detail_interval'],
  ['__gdoi_algorithms', 'algorithms'],
  ['__gdoi_host_keys', 'host_keys'],
  ['__gdoi_session', 'session'],
]);

export interface TargetDevice {
  /** Null: the first problem says why. */
  readonly device: ResolvedDevice | null;
  /** Each one line. */
  readonly problems: readonly string[];
}

export function deviceOfTarget({ address, labels }: Target, makeDevice: MakeDevice): TargetDevice {
  const place = parseAddress(address);
  if (place === null) return { device: null, problems: ['is not HOST or HOST:PORT'] };
  const settings = new Map<string, unknown>(Object.entries({ name: labels['device'] || place.host, ...place }));
  const own: [label: string, value: string][] = [];
  const leftOut: string[] = [];
  for (const [label, value] of Object.entries(labels)) {
    // In Prometheus an empty label is a missing one.
    if (value === '' || label === 'device') continue;
    const setting = SETTING_OF_LABEL.get(label);
    if (setting !== undefined) settings.set(setting, setting === 'credentials' ? credentialsOf(value) : value);
    else if (label.startsWith('__gdoi_')) return { device: null, problems: [unknownLabel(label)] };
    else if (label.startsWith('__')) continue;
    else if (RESERVED_LABELS.includes(label)) leftOut.push(`label ${label} left out: gdoiwatch or Prometheus sets it`);
    else own.push([label, value]);
  }
  const { device, problems } = makeDevice({ ...Object.fromEntries(settings), labels: Object.fromEntries(own) });
  return device === null ? { device, problems } : { device, problems: [...leftOut, ...problems] };
}

function unknownLabel(label: string): string {
  const near = didYouMean(label, SETTING_OF_LABEL.keys());
  const hint = near === null ? `known are ${[...SETTING_OF_LABEL.keys()].join(', ')}` : `did you mean ${near}?`;
  return `unknown label ${quoted(label)}; ${hint}`;
}

/** `host`, `host:22`, `2001:db8::1`, `[2001:db8::1]:22`; the device's schema checks the host itself. */
function parseAddress(text: string): { readonly host: string; readonly port?: number } | null {
  if (isIP(text) === 6) return { host: text };
  const { host = '', port = null } = hostAndPort(text) ?? {};
  if (host === '') return null;
  return port === null ? { host } : { host, port };
}

/** `main`, or `ssh=main,snmp=v3`. */
function credentialsOf(value: string): unknown {
  return value.includes('=')
    ? Object.fromEntries(value.split(',').map((part) => part.split('=', 2).map((text) => text.trim())))
    : value;
}
