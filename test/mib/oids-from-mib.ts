/**
 * The text of `src/mib/gdoi-oids.ts`, made from the MIB files in `mibs/` by net-snmp's parser. Development only: nothing
 * parses a MIB at run time.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import snmp from 'net-snmp';

const MIBS = fileURLToPath(new URL('../../mibs/', import.meta.url));
/** In the order in which they import each other. */
export const MIB_FILES = ['CISCO-SMI.my', 'CISCO-TC.my', 'CISCO-GDOI-MIB.my'] as const;
/** Where the labels of a value are needed, not only its number. */
const ENUMS = [
  'CgmGdoiEncryptionAlgorithm',
  'CgmGdoiPseudoRandomFunction',
  'CgmGdoiKekStatus',
  'CgmGdoiTekStatus',
  'CgmGdoiKsRole',
  'CgmGdoiKsStatus',
  'CgmGdoiIdentificationType',
] as const;

/** What net-snmp's parser keeps of one definition; its own types say `any`. */
interface Definition {
  readonly ObjectName: string;
  readonly MACRO?: string;
  readonly OID?: string;
  readonly SYNTAX?: unknown;
  readonly 'MAX-ACCESS'?: string;
  readonly 'LAST-UPDATED'?: string;
  readonly INDEX?: readonly string[];
  readonly OBJECTS?: readonly string[];
}

export interface GdoiModule {
  readonly root: string;
  readonly revision: string;
  readonly definitions: Readonly<Record<string, Definition>>;
}

export function mibPath(file: string): string {
  return join(MIBS, file);
}

export function loadGdoiModule(): GdoiModule {
  const store = snmp.createModuleStore();
  for (const file of MIB_FILES) store.loadFromFile(mibPath(file));
  const definitions = store.getModule('CISCO-GDOI-MIB') as Record<string, Definition>;
  const { OID: root, 'LAST-UPDATED': revision } = definitions['ciscoGdoiMIB'] ?? {};
  if (root === undefined || revision === undefined) throw new Error('CISCO-GDOI-MIB has no MODULE-IDENTITY');
  return { root, revision, definitions };
}

/** Notification names by number, without the `cgmGdoi` prefix. */
export function notificationNames(mib: GdoiModule): readonly string[] {
  return objectsBelow(mib, `${mib.root}.0.`).map(({ ObjectName }) => ObjectName.replace('cgmGdoi', ''));
}

export function gdoiOidsSource(mib: GdoiModule): string {
  const relative = ({ OID = '' }: Definition) => OID.slice(mib.root.length + 1);
  const readable = (below: string) =>
    objectsBelow(mib, `${mib.root}.${below}.`).filter((object) =>
      /^(?:read|accessible)/.test(object['MAX-ACCESS'] ?? ''),
    );
  const entries = objectsBelow(mib, `${mib.root}.1.`).filter(({ INDEX }) => INDEX !== undefined);

  const tables = entries.flatMap((entry) => {
    const index = entry.INDEX ?? [];
    const identities = index.filter((name) => name.endsWith('IdType')).length;
    return [
      `  ${entry.ObjectName.replace(/Entry$/, 'Table')}: {`,
      `    entry: '${relative(entry)}',`,
      `    identities: ${String(identities)},`,
      `    numbers: ${String(index.length - 2 * identities)},`,
      '  },',
    ];
  });
  const objects = (...below: readonly string[]) =>
    below.flatMap(readable).map((object) => `  ${object.ObjectName}: '${relative(object)}',`);
  const enums = ENUMS.flatMap((name) => {
    const syntax = mib.definitions[name]?.SYNTAX as { INTEGER: Record<string, string> } | undefined;
    return [
      `  ${name}: {`,
      ...Object.entries(syntax?.INTEGER ?? {}).map(([value, label]) => `    ${value}: '${label}',`),
      '  },',
    ];
  });

  return `${[
    '/**',
    ` * The objects of CISCO-GDOI-MIB, revision ${mib.revision}. Generated from \`mibs/\` by \`npm run goldens\`; do not edit.`,
    ' *',
    ' * All OIDs but the root are below the root.',
    ' */',
    '',
    `export const GDOI_ROOT = '${mib.root}';`,
    '',
    '/** Tables: every index begins with (type, value) pairs that identify something and ends in plain numbers. */',
    'export const GDOI_TABLES = {',
    ...tables,
    '} as const;',
    '',
    '/** Readable columns of all tables. */',
    'export const GDOI_COLUMNS = {',
    ...objects('1.1', '1.2', '1.3'),
    '} as const;',
    '',
    '/** Scalars (instance `.0`): whether a notification is sent. The n-th belongs to the n-th notification. */',
    'export const GDOI_NOTIFICATION_SWITCHES = {',
    ...objects('1.4'),
    '} as const;',
    '',
    '/** Variables that occur in notifications only. */',
    'export const GDOI_NOTIFICATION_VARIABLES = {',
    ...objects('1.5'),
    '} as const;',
    '',
    '/** Labels of enumerated values, by textual convention. */',
    'export const GDOI_ENUMS = {',
    ...enums,
    '} as const;',
  ].join('\n')}\n`;
}

function objectsBelow(mib: GdoiModule, prefix: string): readonly Definition[] {
  return Object.values(mib.definitions)
    .filter(({ OID }) => OID?.startsWith(prefix) === true)
    .toSorted((a, b) => compareOids(a.OID ?? '', b.OID ?? ''));
}

function compareOids(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (const [i, arc] of left.entries()) {
    const difference = arc - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
