/** A tab before a server of its own, for all tests of one `describe`. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { HttpOptions } from '../../src/http/base/options.ts';
import { serve, type Served } from '../http/served.ts';
import { theChromium, leave, NoonClock, openTab, type Watched } from './browser.ts';

interface Parts {
  readonly browser: Browser;
  /** The server's, which begins at noon. */
  readonly clock: NoonClock;
  readonly served: Served;
  readonly tab: Watched;
}

/** Opened before the first test, left as `leave` says after each, and closed after the last. */
export function pageUnderTest(over: Partial<Omit<HttpOptions, 'clock'>> = {}): Parts {
  const ends: (() => Promise<void>)[] = [];
  let parts: Parts | null = null;
  const started = (): Parts => {
    if (parts === null) throw new Error('the page is there from the first `beforeAll` on');
    return parts;
  };
  beforeAll(async () => {
    const browser = await theChromium();
    const clock = new NoonClock();
    const served = await serve({ ...over, clock });
    ends.push(async () => await served[Symbol.asyncDispose]());
    const tab = await openTab(browser, served.url);
    ends.push(async () => await tab[Symbol.asyncDispose]());
    parts = { browser, clock, served, tab };
  });
  afterEach(() => leave(started().tab));
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  return {
    get browser() {
      return started().browser;
    },
    get clock() {
      return started().clock;
    },
    get served() {
      return started().served;
    },
    get tab() {
      return started().tab;
    },
  };
}
