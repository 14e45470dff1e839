/**
 * The addresses of the pages, as a router of the server spells them. The server answers each with the shell, and the
 * browser draws the page of that name.
 */
export const PAGE_PATHS = {
  fleet: '/',
  groups: '/groups',
  group: '/groups/:name',
  device: '/devices/:name',
  events: '/events',
  incidents: '/incidents',
} as const;
