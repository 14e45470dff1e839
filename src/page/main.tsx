/** The start: one page for each address, refreshed while it is visible, and drawn again each second. */
import { DevicePage } from './device-page.tsx';
import { after, every, gathered } from './browser-time.ts';
import { type FeedState, followEvents } from './event-feed.ts';
import { EventsPage } from './events-page.tsx';
import { FleetPage } from './fleet-page.tsx';
import { GroupPage } from './group-page.tsx';
import { GroupsPage } from './groups-page.tsx';
import { Incidents } from './incidents.ts';
import { IncidentsPage } from './incidents-page.tsx';
import { followKeyboard } from './keyboard.ts';
import { followNavigation } from './navigation.ts';
import { render } from 'preact';
import { pathAt } from './root.ts';
import { type Route, routeOf } from './route.ts';
import { Session } from './session.ts';
import { Shell } from './shell.tsx';
import type { Page } from './page.ts';

const TICK_MS = 1000;
const SECOND_SAMPLE_MS = 1000;
const REFRESH_MS = 5000;
/** Events come in bursts: one refresh for all of them. */
const AFTER_EVENT_MS = 500;
const AFTER_TYPING_MS = 200;

const ROOMS: Readonly<Record<Route['kind'], string>> = {
  fleet: 'Fleet',
  device: 'Fleet',
  groups: 'Groups',
  group: 'Groups',
  events: 'Events',
  incidents: 'Incidents',
};

const root = document.querySelector('#page');
if (root === null) throw new Error('the shell of the page has no #page');

const session = new Session(drawSoon);
const incidents = new Incidents(drawSoon);
const forever = new AbortController().signal;
let feed: FeedState = 'connecting';
let route = here();
let closePage = new AbortController();
let page = open(route);
let drawPending = false;

function here(): Route {
  return routeAt(location) ?? { kind: 'fleet', filter: {} };
}

function routeAt({ pathname, search }: Pick<URL, 'pathname' | 'search'>): Route | null {
  const path = pathAt(pathname);
  return path === null ? null : routeOf(path, search);
}

function open(to: Route): Page {
  const { signal } = closePage;
  switch (to.kind) {
    case 'fleet':
      return new FleetPage(session, to.filter, signal);
    case 'groups':
      return new GroupsPage(session, signal);
    case 'group':
      return new GroupPage(session, to, signal);
    case 'device':
      return new DevicePage(session, to.name, signal);
    case 'events':
      return new EventsPage(session, to.filter, () => feed, signal);
    case 'incidents':
      return new IncidentsPage(session, to.filter, signal);
    default:
      return to satisfies never;
  }
}

function drawSoon(): void {
  if (drawPending) return;
  drawPending = true;
  requestAnimationFrame(draw);
}

function draw(): void {
  drawPending = false;
  if (root === null) return;
  document.title = `${page.title} · gdoiwatch`;
  render(
    <Shell
      session={session}
      room={ROOMS[route.kind]}
      page={page.render()}
      incident={incidents.text}
      onSignIn={() => void signIn()}
    />,
    root,
  );
}

/** Each page shows its own errors; the promise is not awaited. */
function refresh(): void {
  if (session.mayAsk) void page.refresh();
}

function refreshAll(): void {
  if (session.mayAsk) void session.checkAgent(forever);
  refresh();
}

async function signIn(): Promise<void> {
  await session.checkAgent(forever);
  refresh();
}

function go(): void {
  const before = route;
  route = here();
  if (page instanceof FleetPage && route.kind === 'fleet') {
    page.show(route.filter);
    if (before.kind === 'fleet' && route.filter['cursor'] !== before.filter['cursor']) {
      document.querySelector('#devices')?.scrollIntoView();
    }
    refreshAfterTyping();
  } else if (
    (page instanceof EventsPage && route.kind === 'events') ||
    (page instanceof IncidentsPage && route.kind === 'incidents')
  ) {
    page.show(route.filter);
    refreshAfterTyping();
  } else {
    closePage.abort();
    closePage = new AbortController();
    page = open(route);
    draw();
    scrollTo(0, 0);
    document.querySelector<HTMLElement>('h1')?.focus();
    refresh();
  }
  drawSoon();
}

const refreshAfterTyping = gathered(AFTER_TYPING_MS, refresh);
const refreshAfterEvents = gathered(AFTER_EVENT_MS, refresh);
followKeyboard();
followNavigation((url) => routeAt(url) !== null, go);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') refreshAll();
});
void followEvents({
  mayAsk: () => session.mayAsk,
  onEvent: (event) => {
    incidents.add(event);
    refreshAfterEvents();
  },
  onState: (state) => {
    feed = state;
    drawSoon();
  },
});
every(TICK_MS, drawSoon);
every(REFRESH_MS, () => {
  if (document.visibilityState === 'visible') refreshAll();
});
refreshAll();
// The second sample of the agent's clock gives its speed before anyone has read a countdown.
after(SECOND_SAMPLE_MS, () => void session.checkAgent(forever));
draw();
