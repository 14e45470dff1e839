/** The page's start: one view for each address, refreshed while it is looked at, and drawn anew each second. */
import { DeviceView } from './device-view.tsx';
import { after, every, gathered } from './browser-time.ts';
import { type FeedState, followEvents } from './event-feed.ts';
import { EventsView } from './events-view.tsx';
import { FleetView } from './fleet-view.tsx';
import { GroupView } from './group-view.tsx';
import { GroupsView } from './groups-view.tsx';
import { Incidents } from './incidents.ts';
import { IncidentsView } from './incidents-view.tsx';
import { followKeyboard } from './keyboard.ts';
import { followNavigation } from './navigation.ts';
import { render } from 'preact';
import { type Route, routeOf } from './route.ts';
import { Session } from './session.ts';
import { Shell } from './shell.tsx';
import type { View } from './view.ts';

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
let closeView = new AbortController();
let view = open(route);
let drawPending = false;

function here(): Route {
  return routeOf(location.pathname, location.search) ?? { kind: 'fleet', filter: {} };
}

function open(to: Route): View {
  const { signal } = closeView;
  switch (to.kind) {
    case 'fleet':
      return new FleetView(session, to.filter, signal);
    case 'groups':
      return new GroupsView(session, signal);
    case 'group':
      return new GroupView(session, to, signal);
    case 'device':
      return new DeviceView(session, to.name, signal);
    case 'events':
      return new EventsView(session, to.filter, () => feed, signal);
    case 'incidents':
      return new IncidentsView(session, to.filter, signal);
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
  document.title = `${view.title} · gdoiwatch`;
  render(
    <Shell
      session={session}
      room={ROOMS[route.kind]}
      view={view.render()}
      incident={incidents.text}
      onSignIn={() => void signIn()}
    />,
    root,
  );
}

/** Each view draws what went wrong; nobody waits for it. */
function refresh(): void {
  if (session.mayAsk) void view.refresh();
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
  if (view instanceof FleetView && route.kind === 'fleet') {
    view.show(route.filter);
    if (before.kind === 'fleet' && route.filter['cursor'] !== before.filter['cursor']) {
      document.querySelector('#devices')?.scrollIntoView();
    }
    refreshAfterTyping();
  } else if (
    (view instanceof EventsView && route.kind === 'events') ||
    (view instanceof IncidentsView && route.kind === 'incidents')
  ) {
    view.show(route.filter);
    refreshAfterTyping();
  } else {
    closeView.abort();
    closeView = new AbortController();
    view = open(route);
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
followNavigation((url) => routeOf(url.pathname, url.search) !== null, go);
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
// The second sample of the agent's clock tells its pace before anyone has read a countdown.
after(SECOND_SAMPLE_MS, () => void session.checkAgent(forever));
draw();
