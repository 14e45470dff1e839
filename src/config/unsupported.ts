/**
 * Settings of the contract that this version takes but does not act on yet. The release that implements one deletes its
 * row.
 */
import type { CheckedConfig } from './check.ts';
import { errorAt, type Problem, pathText, type SettingPath, warningAt } from './finding.ts';

interface Unsupported {
  readonly severity: Problem['severity'];
  readonly message: string;
  /** Where it is used. */
  readonly at: (config: CheckedConfig) => readonly SettingPath[];
}

const section = (key: 'targets' | 'syslog' | 'traps' | 'alertmanager'): Unsupported => ({
  severity: 'warning',
  message: 'not supported by this version, ignored',
  at: (config) => (config[key] === undefined ? [] : [[key]]),
});

/** Refused, not ignored: whoever asks for TLS or users must not get an open page instead. */
const web = (key: 'config_file' | 'tokens_file'): Unsupported => ({
  severity: 'error',
  message: 'not supported by this version; take it out, and keep listen on a loopback address',
  at: (config) => (config.web[key] === undefined ? [] : [['web', key]]),
});

const UNSUPPORTED: readonly Unsupported[] = [
  {
    severity: 'error',
    message: 'not supported by this version; use sqlite',
    at: (config) => (config.store.postgres === undefined ? [] : [['store', 'postgres']]),
  },
  section('targets'),
  section('syslog'),
  section('traps'),
  section('alertmanager'),
  web('config_file'),
  web('tokens_file'),
  {
    severity: 'error',
    message: '"snmp" is not supported by this version, such a device would never be polled; use ssh',
    at: (config) => transportPaths(config, 'snmp'),
  },
  {
    severity: 'warning',
    message: '"ssh+snmp" is not supported by this version: polled by ssh only',
    at: (config) => transportPaths(config, 'ssh+snmp'),
  },
];

/** What the configuration asks for and this version does not do; one finding per setting, however often it is used. */
export function unsupportedSettings(config: CheckedConfig): readonly Problem[] {
  return UNSUPPORTED.flatMap(({ severity, message, at }) => {
    const [first, ...more] = at(config);
    if (first === undefined) return [];
    const text = more.length === 0 ? message : `${message} (also ${alsoAt(more)})`;
    return [severity === 'error' ? errorAt(first, text) : warningAt(first, text)];
  });
}

function alsoAt(paths: readonly SettingPath[]): string {
  const named = paths.slice(0, 3).map(pathText).join(', ');
  return paths.length > 3 ? `${named} and ${paths.length - 3} more` : named;
}

function transportPaths(config: CheckedConfig, transport: string): readonly SettingPath[] {
  const paths: SettingPath[] = [];
  let byDefault = false;
  config.devices?.forEach((device, index) => {
    if (device === null) return;
    if (device.transport === transport) paths.push(['devices', index, 'transport']);
    byDefault ||= device.transport === undefined && config.defaults.transport === transport;
  });
  return byDefault ? [['defaults', 'transport'], ...paths] : paths;
}
