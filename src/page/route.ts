/** Addresses of the pages. Real paths: each can be sent to a colleague and survives a reload. */

export type Route =
  | { readonly kind: 'fleet'; readonly filter: Filter }
  | { readonly kind: 'groups' }
  | ({ readonly kind: 'group' } & GroupName)
  | { readonly kind: 'device'; readonly name: string }
  | { readonly kind: 'events'; readonly filter: Filter }
  | { readonly kind: 'incidents'; readonly filter: Filter };

/** `cell`: only if cells are shown; two customers may have a group of the same name, and only both identify it. */
export interface GroupName {
  readonly name: string;
  readonly cell?: string | undefined;
}

/** Parameters of a list, as they are in the address and go to the API. */
export type Filter = Readonly<Record<string, string>>;

/** The parameters of each list; anything else in the address is not passed on. */
const FLEET_FILTERS = ['q', 'status', 'role', 'group', 'sort', 'cursor'] as const;
const INCIDENT_FILTERS = ['device', 'group', 'cell', 'cause', 'hours'] as const;
const EVENT_FILTERS = ['device', 'group', 'cell', 'type', 'cause', 'unexpected', 'hours'] as const;

/** Null: there is no such page. */
export function routeOf(path: string, search: string): Route | null {
  const [, room, name, ...rest] = path.split('/');
  if (rest.length > 0) return null;
  const given = decoded(name ?? '');
  if (room === '' && name === undefined) return { kind: 'fleet', filter: filterOf(search, FLEET_FILTERS) };
  if (room === 'groups') return given === '' ? { kind: 'groups' } : { kind: 'group', name: given, ...cellOf(search) };
  if (room === 'devices' && given !== '') return { kind: 'device', name: given };
  if (room === 'events' && name === undefined) return { kind: 'events', filter: filterOf(search, EVENT_FILTERS) };
  if (room === 'incidents' && name === undefined) {
    return { kind: 'incidents', filter: filterOf(search, INCIDENT_FILTERS) };
  }
  return null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function cellOf(search: string): { readonly cell?: string } {
  const cell = new URLSearchParams(search).get('cell') ?? '';
  return cell === '' ? {} : { cell };
}

function filterOf(search: string, allowed: readonly string[]): Filter {
  return Object.fromEntries(
    [...new URLSearchParams(search)].filter(([key, value]) => allowed.includes(key) && value !== ''),
  );
}

export const devicePath = (name: string) => `/devices/${encodeURIComponent(name)}`;
export const groupPath = ({ name, cell }: GroupName) => withFilter(`/groups/${encodeURIComponent(name)}`, { cell });

/** With the parameters that are not empty. */
export function withFilter(path: string, filter: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) if (value !== undefined && value !== '') query.set(key, value);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
