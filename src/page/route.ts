/** Addresses of the views. Real paths: each can be sent to a colleague and survives a reload. */

export type Route =
  | { readonly kind: 'fleet'; readonly filter: Filter }
  | { readonly kind: 'groups' }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'device'; readonly name: string }
  | { readonly kind: 'events'; readonly filter: Filter }
  | { readonly kind: 'incidents'; readonly filter: Filter };

/** Parameters of a list, as they stand in the address and go to the API. */
export type Filter = Readonly<Record<string, string>>;

/** What an address may say of each list; anything else in it is not passed on. */
const FLEET_FILTERS = ['q', 'status', 'role', 'group', 'sort', 'cursor'] as const;
const INCIDENT_FILTERS = ['device', 'group', 'cause', 'hours'] as const;
const EVENT_FILTERS = ['device', 'group', 'type', 'cause', 'unexpected', 'hours'] as const;

/** null: no view is there. */
export function routeOf(path: string, search: string): Route | null {
  const [, room, name, ...rest] = path.split('/');
  if (rest.length > 0) return null;
  const given = decoded(name ?? '');
  if (room === '' && name === undefined) return { kind: 'fleet', filter: filterOf(search, FLEET_FILTERS) };
  if (room === 'groups') return given === '' ? { kind: 'groups' } : { kind: 'group', name: given };
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

function filterOf(search: string, allowed: readonly string[]): Filter {
  return Object.fromEntries(
    [...new URLSearchParams(search)].filter(([key, value]) => allowed.includes(key) && value !== ''),
  );
}

export const devicePath = (name: string) => `/devices/${encodeURIComponent(name)}`;
export const groupPath = (name: string) => `/groups/${encodeURIComponent(name)}`;

/** With the parameters that say something. */
export function withFilter(path: string, filter: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) if (value !== undefined && value !== '') query.set(key, value);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
