/** The text that Net-SNMP's `snmpbulkwalk -On -Ox` and `snmpget -On -Ox` print, as varbinds. */
import type { SnmpValue, Varbind } from '../../src/gdoi/seen/varbind.ts';

// .1.3.6.1.2.1.1.3.0 = Timeticks: (8823641) 1 day, 0:30:36.41
const LINE = /^\.([\d.]+) = (.*)$/;

/** Throws on a line that these tools do not print: a golden text must be read whole. */
export function parseWalk(text: string): Varbind[] {
  const varbinds: Varbind[] = [];
  for (const entry of joinHexLines(text)) {
    const [, oid = '', printed = ''] = LINE.exec(entry) ?? [];
    if (oid === '') throw new Error(`not a line of snmpbulkwalk: ${entry}`);
    if (!printed.startsWith('No more variables left')) varbinds.push({ oid, value: parseValue(printed) });
  }
  return varbinds;
}

/** Octets are printed sixteen a line. */
function joinHexLines(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('.') || entries.length === 0) entries.push(line);
    else entries.push(`${entries.pop() ?? ''}${line}`);
  }
  return entries.filter((entry) => entry.trim() !== '');
}

function parseValue(printed: string): SnmpValue {
  if (printed.startsWith('No Such')) return null;
  if (printed === '""') return new Uint8Array();
  const [, type, value = ''] = /^([\w-]+): ?(.*)$/.exec(printed) ?? [];
  switch (type) {
    case 'INTEGER':
    case 'Gauge32':
    case 'Counter32':
      return Number(value);
    case 'Counter64':
      return BigInt(value);
    case 'Timeticks':
      return Number(/^\((\d+)\)/.exec(value)?.[1]);
    case 'Hex-STRING':
      return Uint8Array.from(value.trim().split(/\s+/), (octet) => Number.parseInt(octet, 16));
    case 'IpAddress':
      return Uint8Array.from(value.split('.'), Number);
    case 'OID':
      return value.replace(/^\./, '');
    default:
      throw new Error(`a value of unknown form: ${printed}`);
  }
}
