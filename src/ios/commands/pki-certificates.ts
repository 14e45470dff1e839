/**
 * `show crypto pki certificates`: one block per certificate, with names and dates in sections of their own.
 *
 * Written from general knowledge of IOS output, without a captured sample: every line that is not known is counted, and
 * none of them stops the reading. What the blocks hold besides (fingerprints, distribution points, storage) is not
 * read.
 */
import type { Certificate, DeviceCertificates } from '../../gdoi/seen/certificate.ts';
import { parseMonth, utcInstant } from '../../gdoi/seen/instant.ts';
import type { Interval } from '../../gdoi/seen/interval.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks, isUtc } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';
import { findRule, type LabelRule, labelTable, unused, valueAfter } from '../text/label-table.ts';

type Section = 'issuer' | 'subject' | 'links';

interface CertificateSketch {
  readonly kind: Certificate['kind'];
  section: Section | null;
  status: Certificate['status'];
  serial: string | null;
  readonly issuer: string[];
  readonly subject: string[];
  notBefore: Interval | null;
  notAfter: Interval | null;
  trustpoints: readonly string[];
}

// Certificate / CA Certificate / Router Self-Signed Certificate / RA Signature Certificate / CA Certificate (Rollover)
const HEADING =
  /^(?:(CA|Subordinate CA|RA Signature|RA KeyEncipher|RA|Router Self-Signed) )?Certificate ?(?:\(.{1,60}\))?$/i;
const MAY_BE_HEADING = /^[^:=]{0,80}Certificate[^:=]{0,80}$/i;
const KINDS: ReadonlyMap<string, Certificate['kind']> = new Map(
  Object.entries<Certificate['kind']>({
    ca: 'ca',
    'subordinate ca': 'ca',
    'ra signature': 'ra',
    'ra keyencipher': 'ra',
    ra: 'ra',
    'router self-signed': 'self_signed',
  }),
);
/** Words of general knowledge; any other one proves nothing. */
const STATUSES: ReadonlyMap<string, NonNullable<Certificate['status']>> = new Map([
  ['available', 'available'],
  ['pending', 'pending'],
]);
// cn=CORP-CA / serialNumber=FGL17271234+hostname=gm1.example.net / 2.5.4.5=17
const NAME_PART = /^[A-Za-z0-9][\w.]{0,63} ?= ?.{0,512}$/;
// Digital Signature / Key Encipherment (under X509v3 Key Usage)
const KEY_USE =
  /^(?:Digital Signature|Non Repudiation|Key Encipherment|Data Encipherment|Key Agreement|Key Cert Sign|CRL Signature|Client Auth|Server Auth|IPSEC (?:End System|Tunnel|User)|IKE Intermediate)$/i;
// 1.3.6.1.5.5.8.2.2 (a use without a name)
const OBJECT_IDENTIFIER = /^\d{1,3}(?:\.\d{1,10}){2,20}$/;
// http://pki.example.net/corp.crl / ldap://10.1.1.1/CN=CORP-CA
const LINK = /^[a-z]{3,8}:\/\/.{1,1024}$/i;
// 1A2B / 03000000000000000000000000000001
const SERIAL = /^[0-9A-F]{1,64}$/i;
// 09:44:06 UTC Jan 12 2026
const DATE = /^(\d{2}):(\d{2}):(\d{2}) ([A-Za-z][\w+:-]{0,15}) (?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) (\d{1,2}) (\d{4})$/;
const TRUSTPOINT = /^\S{1,128}$/;

/** Zones lie between UTC-12 and UTC+14. */
const MOST_BEHIND_MS = 12 * 3_600_000;
const MOST_AHEAD_MS = 14 * 3_600_000;

const MAX_CERTIFICATES = 128;
const MAX_NAME_PARTS = 32;
const MAX_TRUSTPOINTS = 32;

/** Every instant that the date can mean; null: no date. */
function parseDate(text: string): Interval | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [, hour, minute, second, zone = '', monthName = '', day, year] = match;
  const month = parseMonth(monthName);
  if (month === null) return null;
  const shownMs = utcInstant([Number(year), month, Number(day)], [Number(hour), Number(minute), Number(second)]);
  if (shownMs === null) return null;
  if (isUtc(zone)) return { fromMs: shownMs, toMs: shownMs };
  return { fromMs: shownMs - MOST_AHEAD_MS, toMs: shownMs + MOST_BEHIND_MS };
}

function opens(section: Section): LabelRule<CertificateSketch> {
  return (sketch, value) => {
    sketch.section = section;
    return value === '' || takePart(sketch, value);
  };
}

function date(field: 'notBefore' | 'notAfter'): LabelRule<CertificateSketch> {
  return (sketch, value) => {
    sketch[field] = parseDate(value);
    return sketch[field] !== null;
  };
}

const LABELS = labelTable<CertificateSketch>([
  [
    'Status',
    (sketch, value) => {
      sketch.status = STATUSES.get(value.toLowerCase()) ?? null;
      return sketch.status !== null;
    },
  ],
  [
    ['Certificate Serial Number (hex)', 'Certificate Serial Number', 'Serial Number (hex)'],
    (sketch, value) => {
      sketch.serial = SERIAL.test(value) ? value : null;
      return sketch.serial !== null;
    },
  ],
  [['Certificate Usage', 'Key Usage', 'Public Key Type', 'Version', 'Signature Algorithm'], unused],
  ['Issuer', opens('issuer')],
  ['Subject', opens('subject')],
  // of the subject, beside its distinguished name
  [['Name', 'IP Address', 'Serial Number', 'PID'], unused],
  [['CRL Distribution Points', 'CRL Distribution Point', 'OCSP URL', 'Authority Info Access'], opens('links')],
  // `verbose` shows the key and the extensions too
  [
    [
      'Subject Key Info',
      'Public Key Algorithm',
      'RSA Public Key',
      'EC Public Key',
      'X509v3 extensions',
      'X509v3 Key Usage',
      'X509v3 Extended Key Usage',
      'Extended Key Usage',
      'X509v3 Subject Key ID',
      'X509v3 Authority Key ID',
      'X509v3 Basic Constraints',
      'X509v3 Subject Alternative Name',
      'CA',
      'Cert install time',
    ],
    unused,
  ],
  ['Validity Date', unused],
  ['start date', date('notBefore')],
  ['end date', date('notAfter')],
  ['renew date', unused],
  [['Certificate Request Fingerprint MD5', 'Certificate Request Fingerprint SHA1'], unused],
  [
    [
      'Fingerprint MD5',
      'Fingerprint SHA1',
      'Fingerprint SHA256',
      'Storage',
      'Key Label',
      'Key storage device',
      'Associated Identity',
    ],
    unused,
  ],
  [
    ['Associated Trustpoints', 'Associated Trustpoint'],
    (sketch, value) => {
      const names = value.split(' ').filter((name) => TRUSTPOINT.test(name));
      sketch.trustpoints = names.slice(0, MAX_TRUSTPOINTS);
      return names.length > 0;
    },
  ],
]);

/** A line of an open section. */
function takePart(sketch: CertificateSketch, line: string): boolean {
  if (sketch.section === null) return false;
  if (sketch.section === 'links') return LINK.test(line);
  if (!NAME_PART.test(line)) return false;
  const parts = sketch[sketch.section];
  if (parts.length < MAX_NAME_PARTS) parts.push(line);
  return true;
}

function readCertificates(answer: Answer): Reading {
  const sketches: CertificateSketch[] = [];
  let current: CertificateSketch | null = null;
  const read = readEach(answer.lines, (printed) => {
    const line = collapseBlanks(printed);
    const kind = HEADING.exec(line);
    if (kind !== null) {
      current =
        sketches.length < MAX_CERTIFICATES ? newSketch(KINDS.get(kind[1]?.toLowerCase() ?? '') ?? 'device') : null;
      if (current !== null) sketches.push(current);
      return current !== null;
    }
    const known = current !== null && readLine(current, line);
    // what follows is not of the certificate before, nor of its section
    if (!known && MAY_BE_HEADING.test(line)) current = null;
    if (!known && line.endsWith(':') && current !== null) current.section = null;
    return known;
  });
  const shown: DeviceCertificates = {
    role: 'certificates',
    certificates: sketches.map(certificateOf),
  };
  const last = sketches.at(-1);
  const open = last === undefined || last.trustpoints.length === 0;
  return {
    snapshots: [shown],
    ...read,
    recognised: sketches.length > 0,
    // nothing tells how many there are: only the prompt proves that no block is missing
    missing: answer.ending !== 'prompt' && open ? 'the trustpoints of the last certificate' : null,
  };
}

function readLine(sketch: CertificateSketch, line: string): boolean {
  if (KEY_USE.test(line) || OBJECT_IDENTIFIER.test(line)) return true;
  if (takePart(sketch, line)) return true;
  const colon = line.indexOf(':');
  return colon > 0 && (findRule(LABELS, line.slice(0, colon))?.(sketch, valueAfter(line, colon)) ?? false);
}

function newSketch(kind: Certificate['kind']): CertificateSketch {
  return {
    kind,
    section: null,
    status: null,
    serial: null,
    issuer: [],
    subject: [],
    notBefore: null,
    notAfter: null,
    trustpoints: [],
  };
}

function certificateOf(sketch: CertificateSketch): Certificate {
  const { kind, status, serial, issuer, subject, notBefore, notAfter, trustpoints } = sketch;
  return {
    kind,
    status,
    serial,
    issuer: nameOf(issuer),
    subject: nameOf(subject),
    notBefore,
    notAfter,
    trustpoints,
  };
}

function nameOf(parts: readonly string[]): string | null {
  return parts.length === 0 ? null : parts.join(', ');
}

export const pkiCertificates: CommandGrammar = {
  names: [
    'show crypto pki certificates',
    'show crypto ca certificates',
    'show crypto pki certificates verbose',
    'show crypto ca certificates verbose',
  ],
  recognisedBy: [HEADING],
  closedLines: [
    // end   date: 09:44:06 UTC Jan 11 2028: four digits of year end it
    /^(?:start|end|renew) {1,3}date: ?\d{2}:\d{2}:\d{2} .{1,40} \d{4}$/i,
    // Storage: nvram:CORP-CA#1A2B.cer
    /^(?:Storage|Key Label): ?.{1,200}$/i,
  ],
  freeText: true,
  read: readCertificates,
};
