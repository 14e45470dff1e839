/** Addresses of the pages. Real paths: each can be sent to a colleague and survives a reload. */
import { PAGE_PATHS } from '../http/page/page-paths.ts';

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

interface Page {
  readonly path: string;
  readonly route: (name: string, search: string) => Route;
}

/** Each at the address where the server answers: a page that has none does not compile. */
const PAGES: Readonly<Record<Route['kind'], Page>> = {
  fleet: {
    path: PAGE_PATHS.fleet,
    route: (_name, search) => ({ kind: 'fleet', filter: filterOf(search, FLEET_FILTERS) }),
  },
  groups: { path: PAGE_PATHS.groups, route: () => ({ kind: 'groups' }) },
  group: { path: PAGE_PATHS.group, route: (name, search) => ({ kind: 'group', name, ...cellOf(search) }) },
  device: { path: PAGE_PATHS.device, route: (name) => ({ kind: 'device', name }) },
  events: {
    path: PAGE_PATHS.events,
    route: (_name, search) => ({ kind: 'events', filter: filterOf(search, EVENT_FILTERS) }),
  },
  incidents: {
    path: PAGE_PATHS.incidents,
    route: (_name, search) => ({ kind: 'incidents', filter: filterOf(search, INCIDENT_FILTERS) }),
  },
};

/** Null: there is no such page. */
export function routeOf(path: string, search: string): Route | null {
  // The list of groups is also a group without a name.
  const asked = path === `${PAGE_PATHS.groups}/` ? PAGE_PATHS.groups : path;
  for (const page of Object.values(PAGES)) {
    const name = nameIn(asked, page.path);
    if (name !== null) return page.route(name, search);
  }
  return null;
}

/** The name in a path of that pattern; empty: the pattern has none. Null: the path is another one. */
function nameIn(path: string, pattern: string): string | null {
  const [given, parts] = [path.split('/'), pattern.split('/')];
  if (given.length !== parts.length) return null;
  let name = '';
  for (const [index, part] of parts.entries()) {
    const here = given[index] ?? '';
    if (part === ':name' && here !== '') name = decoded(here);
    else if (part !== here) return null;
  }
  return name;
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
