/**
 * `show crypto pki certificates`: a device's own certificate and its CA's. They are issued once a year and valid for 90
 * days more, so that none expires while a fleet runs, however long.
 */
import type { EpochMs } from '../../kernel/clock.ts';
import { certificateTime } from './render-text.ts';
import type { SimDevice } from '../world/world.ts';

const DAY_MS = 86_400_000;
const ISSUED_EVERY_DAYS = 365;
const VALID_DAYS = ISSUED_EVERY_DAYS + 90;
const CA_ISSUED_EVERY_DAYS = 3650;
const CA_VALID_DAYS = CA_ISSUED_EVERY_DAYS + 400;

export function renderPkiCertificates(device: SimDevice, nowMs: EpochMs): string {
  const name = `${device.name}.example.net`;
  const issued = issue(nowMs, ISSUED_EVERY_DAYS, dayOfYear(device.name));
  const ca = issue(nowMs, CA_ISSUED_EVERY_DAYS, 0);
  const serial = (0x1000 + issued.number * 16 + dayOfYear(device.name)).toString(16).toUpperCase();
  return `Certificate
  Status: Available
  Certificate Serial Number (hex): ${serial}
  Certificate Usage: General Purpose
  Issuer: 
    cn=CORP-CA
    o=Example
  Subject:
    Name: ${name}
    hostname=${name}
    cn=${name}
  CRL Distribution Points: 
    http://pki.example.net/corp.crl
  Validity Date: 
    start date: ${certificateTime(issued.startMs)}
    end   date: ${certificateTime(issued.startMs + VALID_DAYS * DAY_MS)}
    renew date: ${certificateTime(issued.startMs + ISSUED_EVERY_DAYS * DAY_MS)}
  Associated Trustpoints: CORP-CA 
  Storage: nvram:CORP-CA#${serial}.cer

CA Certificate
  Status: Available
  Certificate Serial Number (hex): 01
  Certificate Usage: Signature
  Issuer: 
    cn=CORP-CA
    o=Example
  Subject: 
    cn=CORP-CA
    o=Example
  Validity Date: 
    start date: ${certificateTime(ca.startMs)}
    end   date: ${certificateTime(ca.startMs + CA_VALID_DAYS * DAY_MS)}
  Associated Trustpoints: CORP-CA 
  Storage: nvram:CORP-CA#1CA.cer

`;
}

/** The latest of those issued every `everyDays`, on a day of its own. */
function issue(nowMs: EpochMs, everyDays: number, day: number): { readonly startMs: EpochMs; readonly number: number } {
  const everyMs = everyDays * DAY_MS;
  const number = Math.floor((nowMs - day * DAY_MS) / everyMs);
  return { startMs: number * everyMs + day * DAY_MS, number };
}

/** Spreads the fleet's certificates over the year. */
function dayOfYear(name: string): number {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % ISSUED_EVERY_DAYS;
  return hash;
}
