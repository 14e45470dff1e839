/**
 * `match`: settings for all devices whose name, host and labels fit a pattern, from the file or from service discovery.
 * A device's own setting comes first; then, for each setting, the first rule that fits and sets it; then `defaults`.
 */
import { globMatches } from '../kernel/glob.ts';
import { addressRanges, parseAddressRange } from './address-range.ts';
import type { CheckedConfig } from './check.ts';
import { errorAt, type Problem, type SettingPath, warningAt } from './finding.ts';
import { isMapping } from './mapping.ts';
import { type DeviceEntry, MATCH_SETTINGS, type MatchRule } from './schema.ts';

/** A device with what rules set for it, and where each of its settings was written. */
interface MatchedEntry {
  readonly entry: DeviceEntry;
  /** For errors: the device's own place, or the rule's. */
  readonly pathOf: (setting: (typeof MATCH_SETTINGS)[number]) => SettingPath;
}

export interface Matching {
  apply(entry: DeviceEntry, path: SettingPath): MatchedEntry;
  /** Rules that fitted none of the devices so far. */
  unused(): readonly Problem[];
}

interface Rule {
  readonly index: number;
  readonly settings: MatchRule;
  readonly fits: (entry: DeviceEntry) => boolean;
  used: boolean;
}

export function createMatching({ match }: Pick<CheckedConfig, 'match'>): Matching {
  const rules = match.map((settings, index): Rule => ({ index, settings, fits: fitting(settings), used: false }));
  return {
    apply(entry, path) {
      const places = new Map<string, SettingPath>();
      const given = new Map<string, unknown>(Object.entries(entry));
      for (const rule of rules) {
        if (!rule.fits(entry)) continue;
        rule.used = true;
        for (const key of MATCH_SETTINGS) {
          const value = rule.settings[key];
          if (value === undefined || isGiven(given, key)) continue;
          places.set(key, ['match', rule.index, key]);
          if (key === 'jump') given.set('ssh', { ...entry.ssh, jump: value });
          else given.set(key, value);
        }
      }
      const own = (key: string): SettingPath => (key === 'jump' ? [...path, 'ssh', 'jump'] : [...path, key]);
      return {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- settings of the same names and schemas
        entry: places.size === 0 ? entry : (Object.fromEntries(given) as DeviceEntry),
        pathOf: (key) => places.get(key) ?? own(key),
      };
    },
    unused() {
      return rules
        .filter(({ used }) => !used)
        .map(({ index }) => warningAt(['match', index], 'matches none of the devices'));
    },
  };
}

function isGiven(given: ReadonlyMap<string, unknown>, key: (typeof MATCH_SETTINGS)[number]): boolean {
  if (key !== 'jump') return given.get(key) !== undefined;
  const ssh = given.get('ssh');
  return isMapping(ssh) && ssh['jump'] !== undefined;
}

/** What is wrong with a rule itself, beyond its schema. */
export function checkMatchRules(match: CheckedConfig['match']): readonly Problem[] {
  return match.flatMap((rule, index) => {
    const at = ['match', index];
    const problems: Problem[] = [];
    if (rule.name === undefined && rule.host === undefined && rule.label === undefined) {
      problems.push(errorAt(at, 'needs name, host or label; settings for every device belong in defaults'));
    }
    if (MATCH_SETTINGS.every((key) => rule[key] === undefined)) {
      problems.push(errorAt(at, `sets nothing; needs one of ${MATCH_SETTINGS.join(', ')}`));
    }
    return problems;
  });
}

function fitting({ name, host, label }: MatchRule): (entry: DeviceEntry) => boolean {
  const fitsHost = host === undefined ? null : hostMatcher(host);
  const labels = new Map(Object.entries(label ?? {}));
  return (entry) =>
    (name === undefined || name.some((pattern) => globMatches(pattern, entry.name))) &&
    (fitsHost === null || fitsHost(entry.host)) &&
    (labels.size === 0 || fitsLabels(labels, new Map(Object.entries(entry.labels ?? {}))));
}

function fitsLabels(wanted: ReadonlyMap<string, readonly string[]>, labels: ReadonlyMap<string, string>): boolean {
  // As in Prometheus, a missing label is empty.
  return [...wanted].every(([name, patterns]) =>
    patterns.some((pattern) => globMatches(pattern, labels.get(name) ?? '')),
  );
}

/** A prefix, an address or a name as in `targets.addresses`; otherwise a pattern for the host as it is written. */
function hostMatcher(patterns: readonly string[]): (host: string) => boolean {
  const ranges = addressRanges(patterns.filter((pattern) => parseAddressRange(pattern) !== null));
  const globs = patterns.filter((pattern) => parseAddressRange(pattern) === null).map((text) => text.toLowerCase());
  return (host) => ranges.includes(host) || globs.some((pattern) => globMatches(pattern, host.toLowerCase()));
}
