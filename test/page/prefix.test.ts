/** The page below a prefix, behind a reverse proxy that takes the prefix off, as nginx does (docs/http-api.md). */
import { once } from 'node:events';
import { createServer, request as askOn } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anEvent } from '../builders/event-builder.ts';
import { fleet as aGroup, gmInFleet } from '../builders/health-builders.ts';
import { NOON } from '../builders/view-builder.ts';
import { polledGm, serve, type Served } from '../http/served.ts';
import {
  chromiumMissing,
  leave,
  NoonClock,
  openTab,
  PATIENCE_WITH_PAGES,
  theChromium,
  type Watched,
  wordsOf,
} from './browser.ts';

const PREFIX = '/vpn/gdoiwatch';

/** Whatever is asked outside the prefix is another program's. */
async function proxyOf({ url }: Served): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((asked, answer) => {
    const { pathname, search } = new URL(asked.url ?? '/', 'http://proxy');
    if (!pathname.startsWith(`${PREFIX}/`)) {
      answer.writeHead(404).end('another program');
      return;
    }
    // nginx sends the name of the server behind it as Host, unless told.
    const headers = { ...asked.headers, host: new URL(url).host };
    const options = { method: asked.method, headers };
    const passed = askOn(`${url}${pathname.slice(PREFIX.length)}${search}`, options, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.skipIf(chromiumMissing())('the page below a prefix', () => {
  let served: Served;
  let tab: Watched;
  let root: string;
  const ends: AsyncDisposable[] = [];
  beforeAll(async () => {
    served = await serve({ clock: new NoonClock(), grafanaUrl: () => 'https://grafana.example.net' });
    ends.push(served);
    const proxy = await proxyOf(served);
    ends.push(proxy);
    root = proxy.url;
    tab = await openTab(await theChromium(), root);
    ends.push(tab);
    served.fleet.set(polledGm('gm1'));
    served.fleet.set(polledGm('gm2'));
    served.fleet.setGroup(aGroup({ gms: [gmInFleet({ device: 'gm1' })] }));
    await served.happens(anEvent({ id: 'e1', device: 'gm1', group: 'G1', atMs: NOON - 60_000 }));
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end[Symbol.asyncDispose]();
  });

  /** Addresses of this page that its links go to. */
  const links = async () => {
    const all = await tab.page
      .locator('a[href]')
      .evaluateAll((found) => found.map((each) => Reflect.get(each, 'href')));
    return all.map(String).filter((href) => href.startsWith(new URL(root).origin));
  };

  test.each(['/', '/groups', '/groups/G1', '/devices/gm1', '/events?hours=24', '/incidents?hours=24'])(
    'has its files, its data and its links there at %s',
    async (path) => {
      await tab.open(`${root}${path}`);
      await expect.poll(() => tab.page.getByText('Loading').count(), PATIENCE_WITH_PAGES).toBe(0);
      const found = await links();
      expect(found.length).toBeGreaterThan(5);
      for (const href of found) expect(href).toMatch(new RegExp(`^${root}/`));
      await leave(tab);
    },
  );

  test('goes from page to page, filters and polls there', async () => {
    await tab.open(`${root}/`);
    await tab.page.getByRole('link', { name: 'gm1', exact: true }).first().click();
    await expect.poll(() => tab.page.url(), PATIENCE_WITH_PAGES).toBe(`${root}/devices/gm1`);
    await tab.page.getByRole('button', { name: 'Check now' }).click();
    await expect.poll(() => served.polls, PATIENCE_WITH_PAGES).toEqual(['gm1']);
    await tab.page.reload();
    await expect.poll(() => wordsOf(tab.page, 'h1'), PATIENCE_WITH_PAGES).toEqual([expect.stringContaining('gm1')]);
    await tab.page.getByRole('link', { name: 'Fleet' }).click();
    await tab.page.getByRole('combobox', { name: 'Status' }).selectOption('warning');
    await expect.poll(() => tab.page.url(), PATIENCE_WITH_PAGES).toBe(`${root}/?status=warning`);
    await tab.page.goBack();
    await expect.poll(() => tab.page.url(), PATIENCE_WITH_PAGES).toBe(`${root}/devices/gm1`);
    await leave(tab);
  });

  test('the description of the API says where the API is', async () => {
    const at = `${root}/api/openapi.json`;
    const { servers } = (await (await fetch(at)).json()) as { servers: readonly { url: string }[] };
    expect(servers.map(({ url }) => new URL(url, at).href)).toEqual([`${root}/`]);
  });

  test('without script, its links are there too', async () => {
    const html = await (await fetch(`${root}/devices/gm1`)).text();
    const hrefs = Array.from(
      html.matchAll(/href="([^"]*)"/g),
      ([, href = '']) => new URL(href, `${root}/devices/gm1`).href,
    );
    expect(hrefs).toContain(`${root}/metrics`);
    for (const href of hrefs) expect(href).toMatch(new RegExp(`^${root}/`));
  });
});
