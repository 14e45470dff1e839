/** An agent's answer to a request, from the managed objects in the order of a walk (RFC 3416, 4.2). */
import type { ManagedObjects } from '../render/render-mib.ts';
import { type Oid, compareOids, isWithin } from '../snmp-wire/oid.ts';
import { ERROR_STATUS, type Pdu, type SnmpValue, type Varbind, encodeVarbind } from '../snmp-wire/pdu.ts';

/** The object after an OID; null: there is none. */
type NextObject = (oid: Oid) => Varbind | null;

export interface AnswerLimits {
  /** Octets that the varbinds of an answer may take. */
  readonly octets: number;
  /** How a walk continues; default: in order. */
  readonly next?: NextObject;
}

const END: SnmpValue = { type: 'endOfMibView' };

export function answerRequest(request: Pdu, managed: ManagedObjects, limits: AnswerLimits): Pdu {
  const next = limits.next ?? ((oid: Oid) => nextObject(managed.objects, oid));
  const following = (oid: Oid): Varbind => next(oid) ?? { oid, value: END };
  switch (request.type) {
    case 'get':
      return whole(
        request,
        request.varbinds.map(({ oid }) => ({ oid, value: valueOf(managed, oid) })),
        limits,
      );
    case 'getNext':
      return whole(
        request,
        request.varbinds.map(({ oid }) => following(oid)),
        limits,
      );
    case 'getBulk':
      return response(request, bulk(request, following, limits.octets));
    case 'set':
      return failure(request, ERROR_STATUS.noAccess, 1);
    case 'response':
    case 'inform':
    case 'trap':
    case 'report':
      return failure(request, ERROR_STATUS.genErr, 0);
    default:
      return request.type satisfies never;
  }
}

/** First object after `oid` in the order of a walk. */
export function nextObject(objects: readonly Varbind[], oid: Oid): Varbind | null {
  const index = firstAtOrAfter(objects, oid);
  const found = objects[index];
  if (found !== undefined && compareOids(found.oid, oid) === 0) return objects[index + 1] ?? null;
  return found ?? null;
}

export function failure(request: Pdu, status: number, index: number): Pdu {
  return { type: 'response', requestId: request.requestId, first: status, second: index, varbinds: request.varbinds };
}

function response(request: Pdu, varbinds: readonly Varbind[]): Pdu {
  return { type: 'response', requestId: request.requestId, first: ERROR_STATUS.none, second: 0, varbinds };
}

/** All varbinds, or `tooBig` with none. */
function whole(request: Pdu, varbinds: readonly Varbind[], limits: AnswerLimits): Pdu {
  const octets = varbinds.reduce((sum, varbind) => sum + encodeVarbind(varbind).length, 0);
  return octets <= limits.octets
    ? response(request, varbinds)
    : { ...failure(request, ERROR_STATUS.tooBig, 0), varbinds: [] };
}

/** As many repetitions of all repeaters as fit, cut inside a repetition if they do not. */
function bulk(request: Pdu, following: (oid: Oid) => Varbind, octets: number): Varbind[] {
  const nonRepeaters = Math.max(0, request.first);
  const varbinds: Varbind[] = [];
  let left = octets;
  const take = (varbind: Varbind): boolean => {
    left -= encodeVarbind(varbind).length;
    if (left < 0) return false;
    varbinds.push(varbind);
    return true;
  };
  for (const { oid } of request.varbinds.slice(0, nonRepeaters)) {
    if (!take(following(oid))) return varbinds;
  }
  let row = request.varbinds.slice(nonRepeaters).map(({ oid }) => oid);
  for (let repetition = 0; repetition < request.second && row.length > 0; repetition += 1) {
    const nextRow: Oid[] = [];
    let ended = true;
    for (const oid of row) {
      const varbind = following(oid);
      if (!take(varbind)) return varbinds;
      if (varbind.value.type !== 'endOfMibView') ended = false;
      nextRow.push(varbind.oid);
    }
    if (ended) break;
    row = nextRow;
  }
  return varbinds;
}

function valueOf(managed: ManagedObjects, oid: Oid): SnmpValue {
  const found = managed.objects[firstAtOrAfter(managed.objects, oid)];
  if (found !== undefined && compareOids(found.oid, oid) === 0) return found.value;
  const known =
    managed.columns.some((column) => isWithin(column, oid)) ||
    managed.objects.some((object) => object.oid.at(-1) === 0 && isWithin(object.oid.slice(0, -1), oid));
  return { type: known ? 'noSuchInstance' : 'noSuchObject' };
}

function firstAtOrAfter(objects: readonly Varbind[], oid: Oid): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const object = objects[middle];
    if (object !== undefined && compareOids(object.oid, oid) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
