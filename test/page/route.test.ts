import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PAGE_PATHS } from '../../src/http/page/page-paths.ts';
import { devicePath, groupPath, routeOf, withFilter } from '../../src/page/route.ts';

test('each page has an address', () => {
  expect(routeOf('/', '')).toEqual({ kind: 'fleet', filter: {} });
  expect(routeOf('/groups', '')).toEqual({ kind: 'groups' });
  expect(routeOf('/groups/G1', '')).toEqual({ kind: 'group', name: 'G1' });
  expect(routeOf('/devices/gm1', '')).toEqual({ kind: 'device', name: 'gm1' });
  expect(routeOf('/events', '?type=reload&hours=24')).toEqual({
    kind: 'events',
    filter: { type: 'reload', hours: '24' },
  });
});

test('every address that the server answers with a page is one, of that name', () => {
  for (const [kind, path] of Object.entries(PAGE_PATHS)) {
    expect(routeOf(path.replace(':name', 'a%20b'), '')).toMatchObject(
      path.includes(':name') ? { kind, name: 'a b' } : { kind },
    );
  }
});

test('an unknown address is no page, and parameters that a list does not know are left out', () => {
  for (const path of ['/metrics', '/devices', '/devices/a/b', '/events/x', '/api/v1/devices'])
    expect(routeOf(path, '')).toBeNull();
  expect(routeOf('/', '?q=x&nonsense=1&status=')).toEqual({ kind: 'fleet', filter: { q: 'x' } });
});

test('any name comes back from its address, whatever characters it has', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
      expect(routeOf(devicePath(name), '')).toEqual({ kind: 'device', name });
      expect(routeOf(groupPath({ name }), '')).toEqual({ kind: 'group', name });
    }),
  );
});

test('a group in a cell has its cell in the address, whatever characters it has', () => {
  expect(groupPath({ name: 'G1', cell: 'acme' })).toBe('/groups/G1?cell=acme');
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (cell) => {
      const { pathname, search } = new URL(groupPath({ name: 'G1', cell }), 'http://page');
      expect(routeOf(pathname, search)).toEqual({ kind: 'group', name: 'G1', cell });
    }),
  );
  expect(routeOf('/groups/G1', '?cell=')).toEqual({ kind: 'group', name: 'G1' });
});

test('lists of events and incidents may be of one cell', () => {
  const filter = { group: 'G1', cell: 'acme' };
  expect(routeOf('/events', '?group=G1&cell=acme')).toEqual({ kind: 'events', filter });
  expect(routeOf('/incidents', '?group=G1&cell=acme')).toEqual({ kind: 'incidents', filter });
});

test('what is not chosen is not in the address', () => {
  expect(withFilter('/', { q: '', status: undefined })).toBe('/');
  expect(withFilter('/', { q: 'a b&c', sort: 'name' })).toBe('/?q=a+b%26c&sort=name');
});
