/** A page of the devices of all agents: this agent's are judged here, the others' come from their owners. */
import { naturalKey } from '../../gdoi/events/name-list.ts';
import { HEALTH_STATUSES } from '../../gdoi/health/health-check.ts';
import type { OtherAgents } from '../../model/other-agents.ts';
import { type DeviceView, roleOf } from '../../model/device-view.ts';
import { deviceSummary } from './device-document.ts';
import type { HealthBoard, JudgedDevice } from '../../model/health-board.ts';
import type { HttpOptions } from '../base/options.ts';
import { askAll, asked, type Kept, keptOf, ownField } from './other-agents.ts';
import { ageSeconds, keptDeviceHealth, keptOwner } from './owner.ts';
import { encodePageCursor, pageOf } from './page-cursor.ts';
import { type DeviceList, deviceListSchema, type DeviceSummary } from '../schemas/device-schema.ts';
import type { DevicesQuery } from '../schemas/queries.ts';

/** Of a page of a thousand; then other work gets its turn. */
const SUMMARIES_AT_ONCE = 100;

export interface ListRequest {
  readonly query: DevicesQuery;
  /** Key of the last entry of the previous page; null: the first page. */
  readonly after: string | null;
  /** As it was requested. */
  readonly url: string;
}

interface Listed extends JudgedDevice {
  /** Null: this agent polls it. */
  readonly kept: Kept | null;
}

/** `others` null: only this agent's own devices. */
export async function deviceList(
  options: HttpOptions,
  board: HealthBoard,
  request: ListRequest,
  others: OtherAgents | null,
): Promise<DeviceList> {
  const { query, after } = request;
  const own: readonly Listed[] = (await board.all()).map((judged) => ({ ...judged, kept: null }));
  const rest = others === null ? NOTHING : await ofOthers(options, request, others);
  const names = new Set(own.map(({ view }) => view.device));
  // A device that changes owner now may be reported by both.
  const all = [...own, ...rest.kept.filter(({ view }) => !names.has(view.device))];
  const matching = all.filter((judged) => matches(judged, query));
  const page = pageOf(matching, { order: query.sort, keyOf: keyOf(query.sort), after, limit: query.limit });
  const shown: Keyed[] = [];
  for (const listed of page.entries) {
    shown.push({ key: keyOf(query.sort)(listed), device: summaryOf(listed, options) });
    if (shown.length % SUMMARIES_AT_ONCE === 0) await options.clock.yieldToIo();
  }
  const theirs = rest.told.flatMap(({ devices }) => devices.filter(({ device }) => !names.has(device)));
  const merged = [...shown, ...theirs.map((device) => ({ key: keyOfSummary(device, query.sort), device }))]
    .toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .slice(0, query.limit);
  const last = merged.at(-1);
  const left = shown.length + theirs.length - merged.length;
  const more = left > 0 || [page.nextCursor, ...rest.told.map((list) => list.next_cursor)].some(isThere);
  return {
    devices: merged.map(({ device }) => device),
    next_cursor: more && last !== undefined ? encodePageCursor(query.sort, last.key) : null,
    total: matching.length + sum(rest.told.map(({ total }) => total)),
    by_status: countByStatus(all, rest.told),
  };
}

interface Keyed {
  readonly key: string;
  readonly device: DeviceSummary;
}

interface Rest {
  readonly told: readonly DeviceList[];
  readonly kept: readonly Listed[];
}

const NOTHING: Rest = { told: [], kept: [] };

async function ofOthers({ clock }: HttpOptions, { url }: ListRequest, others: OtherAgents): Promise<Rest> {
  const { answers, unasked } = await askAll(others, url, deviceListSchema);
  const kept = await keptOf(others, unasked);
  return {
    told: answers.map(({ agent, document }) => ({
      ...document,
      devices: document.devices.map((device) => asked(device, agent)),
    })),
    kept:
      kept === null
        ? []
        : Array.from(kept.fleet.devices(), (view) => ({
            view,
            health: keptDeviceHealth(view, kept.cellOf(view.cell), clock.wallMs()),
            kept,
          })),
  };
}

function summaryOf({ view, health, kept }: Listed, options: HttpOptions): DeviceSummary {
  const { fleet } = kept ?? options;
  const summary = deviceSummary(view, health, (group, cell) => fleet.group(group, cell));
  const owner =
    kept === null
      ? ownField(options, view.lastSuccessAtMs)
      : { owner: keptOwner(kept.cellOf(view.cell), ageSeconds(view.lastSuccessAtMs, options.clock.wallMs())) };
  return { ...summary, ...owner };
}

function keyOf(sort: DevicesQuery['sort']): (judged: JudgedDevice) => string {
  return ({ view, health }) => sortKey(sort, view.device, health.status);
}

function keyOfSummary({ device, status }: DeviceSummary, sort: DevicesQuery['sort']): string {
  return sortKey(sort, device, status);
}

function sortKey(sort: DevicesQuery['sort'], device: string, status: DeviceSummary['status']): string {
  switch (sort) {
    case 'name':
      return naturalKey(device);
    case 'status':
      return `${HEALTH_STATUSES.length - HEALTH_STATUSES.indexOf(status)} ${naturalKey(device)}`;
    default:
      return sort satisfies never;
  }
}

function matches({ view, health }: JudgedDevice, query: DevicesQuery): boolean {
  if (query.status !== undefined && health.status !== query.status) return false;
  if (query.group !== undefined && !view.groups.has(query.group)) return false;
  if (query.role !== undefined && roleOf(view) !== query.role) return false;
  if (query.result !== undefined && view.result !== query.result) return false;
  if (query.key_server !== undefined && !registeredWith(view, query.key_server)) return false;
  return query.q === undefined || mentions({ view, health }, query.q.toLowerCase());
}

function registeredWith({ groups }: DeviceView, keyServer: string): boolean {
  return [...groups.values()].some(({ gm }) => gm?.snapshot.keyServer === keyServer);
}

function mentions({ view, health }: JudgedDevice, text: string): boolean {
  const named = [view.device, view.host, health.summary, ...Object.values(view.labels), ...view.groups.keys()];
  return named.some((name) => name.toLowerCase().includes(text));
}

function countByStatus(
  all: readonly JudgedDevice[],
  told: readonly DeviceList[],
): Record<DeviceSummary['status'], number> {
  const counts = { ok: 0, unknown: 0, warning: 0, critical: 0 };
  for (const { health } of all) counts[health.status] += 1;
  for (const { by_status: theirs } of told) for (const status of HEALTH_STATUSES) counts[status] += theirs[status];
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0);
}

function isThere(cursor: string | null): boolean {
  return cursor !== null;
}
