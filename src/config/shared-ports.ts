/** Two receivers of this agent on one port: the second could not listen, and the agent would not start. */
import { errorAt, type Problem, type SettingPath } from './finding.ts';
import type { CheckedConfig } from './check.ts';
import type { ListenerAddress } from './resolved-config.ts';

type Sections = Pick<CheckedConfig, 'listen' | 'syslog' | 'traps'>;

/** `nameOf`: a setting as people write it. */
export function sharedPorts(
  { listen, syslog, traps }: Sections,
  nameOf: (path: SettingPath) => string,
): readonly Problem[] {
  const ofSyslog = syslog?.listen ?? [];
  const all: readonly (readonly [SettingPath, ListenerAddress])[] = [
    [['listen'], { protocol: 'tcp', ...listen }],
    ...ofSyslog.map(
      (address, index) =>
        [ofSyslog.length === 1 ? ['syslog', 'listen'] : ['syslog', 'listen', index], address] as const,
    ),
    ...(traps === undefined ? [] : [[['traps', 'listen'], traps.listen] as const]),
  ];
  return all.flatMap(([path, address], index) => {
    const [first] = all.slice(0, index).find(([, other]) => collide(address, other)) ?? [];
    return first === undefined
      ? []
      : [errorAt(path, `${address.protocol} port ${address.port} is that of ${nameOf(first)} already`)];
  });
}

const EVERY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Port 0 is any free one. */
function collide(a: ListenerAddress, b: ListenerAddress): boolean {
  if (a.port === 0 || a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.host === b.host || EVERY.has(a.host) || EVERY.has(b.host);
}
