import { expect, test } from 'vitest';
import { parsePostgresUrl } from '../../src/config/postgres-url.ts';

const PLAIN = { user: 'gw', password: null, database: 'gdoi' };

test.each([
  ['postgres://gw@db/gdoi', { ...PLAIN, hosts: [{ host: 'db', port: 5432 }] }],
  ['postgresql://gw@192.0.2.1:6432/gdoi', { ...PLAIN, hosts: [{ host: '192.0.2.1', port: 6432 }] }],
  [
    'postgres://gw@db1:5433,[2001:db8::1]:5434,db3/gdoi',
    {
      ...PLAIN,
      hosts: [
        { host: 'db1', port: 5433 },
        { host: '2001:db8::1', port: 5434 },
        { host: 'db3', port: 5432 },
      ],
    },
  ],
  ['postgres://gw:p%40ss@db/gdoi', { ...PLAIN, password: 'p@ss', hosts: [{ host: 'db', port: 5432 }] }],
  ['postgres://gw@/gdoi?host=/run/postgresql', { ...PLAIN, hosts: [{ host: '/run/postgresql', port: 5432 }] }],
  ['postgres://db/gdoi', { ...PLAIN, user: 'gdoiwatch', hosts: [{ host: 'db', port: 5432 }] }],
])('%s', (text, expected) => {
  expect(parsePostgresUrl(text)).toEqual(expected);
});

test.each([
  'mysql://gw@db/gdoi',
  'postgres://gw@db',
  'postgres://gw@db/',
  'postgres://gw@/gdoi',
  'postgres://gw@db:0/gdoi',
  'postgres://gw@db:65536/gdoi',
  'postgres://gw@db:x/gdoi',
  'postgres://gw@db,,db2/gdoi',
  'postgres://gw@db/a/b',
  'postgres://gw@db/gdoi?sslmode=disable',
  'postgres://gw@db/gdoi?host=/run',
  'postgres://gw@/gdoi?host=run',
  'postgres://gw@%zz/gdoi',
  'postgres://g%zzw@db/gdoi',
  `postgres://gw@${'a,'.repeat(20)}a/gdoi`,
])('%s is none', (text) => {
  expect(parsePostgresUrl(text)).toBeNull();
});
