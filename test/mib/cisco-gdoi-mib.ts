/**
 * CISCO-GDOI-MIB as Cisco's own files define it, read by net-snmp's parser. The files are not in the repository: they
 * lie beside it (`../shared/mibs`), or where GDOIWATCH_MIBS points.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import snmp from 'net-snmp';

const MIBS = process.env['GDOIWATCH_MIBS'] ?? fileURLToPath(new URL('../../../shared/mibs', import.meta.url));
/** In the order in which they import each other. */
const FILES = ['CISCO-SMI.my', 'CISCO-TC.my', 'CISCO-GDOI-MIB.my'] as const;

/** If the files are absent, the comparison is skipped, except in CI, which has them. */
export const mibAbsent = !existsSync(MIBS) && process.env['CI'] === undefined;

/** What net-snmp's parser keeps of one definition; its own types say `any`. */
interface Definition {
  readonly ObjectName: string;
  readonly OID?: string;
  readonly SYNTAX?: unknown;
  readonly 'MAX-ACCESS'?: string;
  readonly 'LAST-UPDATED'?: string;
  readonly INDEX?: readonly string[];
}

/** Names and OIDs below the root, in the order of the OIDs. */
type Objects = Readonly<Record<string, string>>;

export interface GdoiMib {
  readonly root: string;
  readonly revision: string;
  readonly tables: Readonly<Record<string, { entry: string; identities: number; numbers: number }>>;
  /** Objects that can be read, or come with notifications, below these arcs. */
  readable(...below: readonly string[]): Objects;
  /** Names of the notifications by number. */
  readonly notifications: readonly string[];
  /** Textual convention or type of an object; undefined: another form. */
  syntax(object: string): string | undefined;
  /** Labels of an enumerated textual convention by number. */
  labels(convention: string): Readonly<Record<string, string>>;
}

export function readGdoiMib(): GdoiMib {
  const store = snmp.createModuleStore();
  for (const file of FILES) store.loadFromFile(join(MIBS, file));
  const definitions = store.getModule('CISCO-GDOI-MIB') as Readonly<Record<string, Definition>>;
  const { OID: root, 'LAST-UPDATED': revision } = definitions['ciscoGdoiMIB'] ?? {};
  if (root === undefined || revision === undefined) throw new Error('CISCO-GDOI-MIB has no MODULE-IDENTITY');
  const below = (arcs: string) =>
    Object.values(definitions)
      .filter(({ OID }) => OID?.startsWith(`${root}.${arcs}.`) === true)
      .toSorted((a, b) => compareOids(a.OID ?? '', b.OID ?? ''));
  const relative = ({ OID = '' }: Definition) => OID.slice(root.length + 1);
  return {
    root,
    revision,
    tables: Object.fromEntries(
      below('1')
        .filter(({ INDEX }) => INDEX !== undefined)
        .map((entry) => {
          const index = entry.INDEX ?? [];
          const identities = index.filter((name) => name.endsWith('IdType')).length;
          return [
            entry.ObjectName.replace(/Entry$/, 'Table'),
            { entry: relative(entry), identities, numbers: index.length - 2 * identities },
          ];
        }),
    ),
    readable: (...arcs) =>
      Object.fromEntries(
        arcs
          .flatMap(below)
          .filter((object) => /^(?:read|accessible)/.test(object['MAX-ACCESS'] ?? ''))
          .map((object) => [object.ObjectName, relative(object)]),
      ),
    notifications: below('0').map(({ ObjectName }) => ObjectName),
    syntax: (object) => {
      const syntax = definitions[object]?.SYNTAX;
      return typeof syntax === 'string' ? syntax : undefined;
    },
    labels: (convention) =>
      (definitions[convention]?.SYNTAX as { readonly INTEGER: Record<string, string> } | undefined)?.INTEGER ?? {},
  };
}

function compareOids(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (const [i, arc] of left.entries()) {
    const difference = arc - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
