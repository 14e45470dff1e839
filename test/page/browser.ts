/** Debian's Chromium on the page of a test's server, with watch kept on everything that no page may do. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Scope, WebAccess } from '../../src/http/base/options.ts';
import { OPEN_ACCESS } from '../http/open-access.ts';
import { createSystemClock, type Clock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { PATIENCE } from '../builders/patience.ts';
import { NOON } from '../builders/view-builder.ts';
import type { Served } from '../http/served.ts';

/** The one without windows lays out the same, and takes a quarter of the CPU: 0.3 s instead of 1.2 s for an empty tab. */
const CHROMIUM = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((path) => existsSync(path));

/** Each look at a page costs its process work, too. */
export const PATIENCE_WITH_PAGES = { ...PATIENCE, interval: 100 } as const;

/** Skipped by callers where it is not installed, never in CI. */
export function chromiumMissing(): boolean {
  if (CHROMIUM === undefined && process.env['CI']) throw new Error('chromium-headless-shell is missing in CI');
  return CHROMIUM === undefined;
}

/**
 * Nothing is judged by its pixels: no 3D for drawing them, and no process of its own for each page that is left and
 * opened.
 */
const FEW_PROCESSES = ['--disable-gpu', '--disable-software-rasterizer', '--no-zygote', '--renderer-process-limit=1'];

/** An `import` reads these three megabytes for names of exports first, which takes as long as to load them. */
const { chromium } = createRequire(import.meta.url)('playwright-core') as typeof import('playwright-core');

let launched: Promise<Browser> | null = null;

/** One for all files of a process, which ends it when it ends: to start one takes a second of CPU. */
export function theChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('no Chromium is installed');
  return (launched ??= chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...FEW_PROCESSES] }));
}

/** A clock that begins at noon and goes on; a test can put it forward. */
export class NoonClock implements Clock {
  readonly #machine = createSystemClock();
  readonly #startMs = this.#machine.monoMs();
  #aheadMs = 0;
  readonly monoMs = this.#machine.monoMs;
  readonly sleep = this.#machine.sleep;
  readonly yieldToIo = this.#machine.yieldToIo;
  readonly wallMs = (): number => Math.round(NOON + this.#aheadMs + this.#machine.monoMs() - this.#startMs);

  putForward(ms: number): void {
    this.#aheadMs += ms;
  }

  /** Noon again. */
  putBack(): void {
    this.#aheadMs = this.#startMs - this.#machine.monoMs();
  }
}

export interface Watched extends AsyncDisposable {
  readonly page: Page;
  /** What it logged as an error, threw, was refused by its policy or asked of another origin. */
  readonly offences: string[];
  open(path: string): Promise<void>;
}

/** One server and tab serve the tests of a file one after the other: this is a new beginning. */
export function emptyFleet({ fleet, now, polls }: Served): void {
  for (const { device } of Array.from(fleet.devices())) fleet.remove(device);
  for (const group of Array.from(fleet.groups())) fleet.setGroup({ ...group, gms: [], kss: [], over: true });
  polls.length = 0;
  now.pollOutcome = async () => ({ kind: 'polled' });
}

/** A tab of its own; which `leave` ends or the test's end. */
export async function openTab(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ baseURL: url, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  const offences: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') offences.push(message.text());
  });
  page.on('pageerror', (error) => offences.push(error.message));
  page.on('dialog', (dialog) => {
    offences.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && request.url() !== 'about:blank')
      offences.push(`request to ${request.url()}`);
  });
  return {
    page,
    offences,
    open: async (path) => {
      await page.goto(path);
      await page.locator('main h1').waitFor();
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** The words that a reader of the page gets, with white space as it is drawn. */
export async function wordsOf(page: Page, selector: string): Promise<readonly string[]> {
  const texts = await page.locator(selector).allInnerTexts();
  return texts.map((text) => text.replaceAll(/\s+/gu, ' ').trim());
}

/** As when someone comes back to the tab: the page asks again at once, and not after its interval. */
export async function lookAgain({ page }: Watched): Promise<void> {
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
}

/** The end of a test: it did nothing that no page may do, and asks for nothing any more. */
export async function leave({ page, offences }: Watched): Promise<void> {
  const found = offences.splice(0);
  await page.goto('about:blank');
  expect(found).toEqual([]);
}

/** Nobody is let in but who has this token. */
export function accessBy(token: string, scope: Scope): WebAccess {
  const sha256 = new Secret(createHash('sha256').update(token).digest('hex'));
  return { ...OPEN_ACCESS, tokens: [{ name: 'test', scope, sha256 }] };
}
