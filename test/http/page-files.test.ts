/** The files of the web page, as they were built. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve, type Served } from './served.ts';

let served: Served;
let shell: string;
beforeAll(async () => {
  served = await serve();
  shell = await (await served.get('/')).text();
});
afterAll(() => served[Symbol.asyncDispose]());

/** As a browser at this address understands them. */
function namedAt(address: string, html: string): readonly string[] {
  const names = Array.from(html.matchAll(/(?:src|href)="([^"]*assets\/[^"]+)"/g), ([, name = '']) => name);
  return names.map((name) => new URL(name, address).href);
}
const named = () => namedAt(`${served.url}/`, shell).map((url) => new URL(url).pathname);

describe('the shell', () => {
  test.each(['/', '/groups', '/groups/', '/groups/G1', '/devices/gm1', '/events', '/incidents'])(
    'stands at %s, and finds its files also below a prefix that a proxy takes off',
    async (path) => {
      const response = await served.get(path);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const html = await response.text();
      expect(html.replaceAll('"../', '"./')).toBe(shell);
      expect(named().length).toBeGreaterThan(1);
      for (const root of [served.url, 'https://noc.example.net/vpn/gdoiwatch'])
        expect(namedAt(`${root}${path}`, html)).toEqual(named().map((file) => `${root}${file}`));
      for (const [, link = ''] of html.matchAll(/(?:src|href)="([^"]*)"/g)) expect(link).toMatch(/^\.\.?\//);
    },
  );

  test('names a script, a style sheet and an icon, and contains no script or style itself', () => {
    expect(named().map((path) => path.replace(/^.*\./, ''))).toEqual(expect.arrayContaining(['js', 'css', 'svg']));
    expect(shell).not.toMatch(/<style|<script[^>]*>[^<]|style=|\son\w+=/);
  });

  test('is not cached by browsers: the next version names other files', async () => {
    expect((await served.get('/')).headers.get('cache-control')).toBe('no-store');
  });
});

describe('a file that the shell names', () => {
  test('is there, with its type, for good, under the policy of all answers', async () => {
    const types = new Map<string, string | null>();
    for (const path of named()) {
      const response = await served.get(path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      types.set(path.replace(/^.*\./, ''), response.headers.get('content-type'));
    }
    expect(Object.fromEntries(types)).toEqual({
      js: expect.stringMatching(/^(?:text|application)\/javascript; charset=utf-8$/),
      css: 'text/css; charset=utf-8',
      svg: 'image/svg+xml',
    });
  });

  test('has a digest of its content in its name, and a script is complete: it imports nothing', async () => {
    expect(named().length).toBeGreaterThan(1);
    for (const path of named()) expect(path).toMatch(/^\/assets\/[\w-]+-[\w-]{8}\.\w+$/);
    const script = await (await served.get(named().find((path) => path.endsWith('.js'))!)).text();
    expect(script).not.toMatch(/\bimport\s*[({"'*]|\bfrom\s*["']/);
  });
});

test.each([
  '/assets/none.js',
  '/assets/..%2findex.html',
  '/assets/..%2f..%2fcli%2fmain.js',
  '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
  '/assets/.%00.js',
  '/assets/',
  '/index.html',
  '/licenses.md',
])('%s is not there, as a problem', async (path) => {
  const response = await served.get(path);
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});
