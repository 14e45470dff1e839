/**
 * The landing page: is the agent well, which devices need a look, where everything is. Rendered on the server, without
 * script; device text is escaped everywhere.
 */
import type { DeviceView, GroupView } from '../agent/device-view.ts';
import { kekBehaviorOfDevice, roleOf } from '../agent/device-view.ts';
import type { GdoiEvent } from '../gdoi/event.ts';
import type { Forecast } from '../gdoi/forecast.ts';
import type { AgentStatus, FleetReadModel } from '../agent/read-model.ts';

/** Rows on the page; troubled devices come first, the rest is in /metrics. */
const MAX_ROWS = 500;
/** An unexpected re-registration needs a look for this long. */
const RECENT_MS = 3_600_000;

interface Row {
  readonly view: DeviceView;
  readonly group: GroupView | null;
  readonly trouble: string | null;
}

export function landingPage(options: {
  readonly fleet: FleetReadModel;
  readonly status: AgentStatus;
  readonly version: string;
  readonly nowMs: number;
}): string {
  const { fleet, status, nowMs } = options;
  const rows = [...fleet.devices()].flatMap((view) => rowsOf(view, nowMs));
  const troubled = rows.filter((row) => row.trouble !== null);
  const shown = [...troubled, ...rows.filter((row) => row.trouble === null)].slice(0, MAX_ROWS);
  const answering = [...fleet.devices()].filter((view) => view.result === 'ok').length;
  const hidden = rows.length - shown.length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10">
<title>gdoiwatch</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<h1>gdoiwatch</h1>
<p>${answering} of ${fleet.size} devices answer${troubled.length > 0 ? `, <strong>${troubled.length} need a look</strong>` : ''}. ${
    status.firstSweepDone ? '' : 'First sweep under way. '
  }${status.quarantinedCredentials.length > 0 ? `<strong>Quarantined credentials: ${status.quarantinedCredentials.map(escapeHtml).join(', ')}.</strong>` : ''}</p>
<nav><a href="/metrics">Metrics</a> <a href="/-/healthy">Healthy</a> <a href="/-/ready">Ready</a> <span>version ${escapeHtml(options.version)}</span></nav>
</header>
<main>
${mixedVersions(fleet)}
<table>
<caption>Devices and groups, trouble first; as of ${escapeHtml(time(nowMs))}</caption>
<thead><tr><th scope="col">Device</th><th scope="col">Role</th><th scope="col">Group</th><th scope="col">State</th><th scope="col">Key server</th><th scope="col" class="n">KEK left</th><th scope="col" class="n">Re-registers in</th><th scope="col" class="n">TEK left</th><th scope="col" class="n">Registrations</th><th scope="col" class="n">Rekeys</th><th scope="col">KEK timer</th><th scope="col">Seen</th></tr></thead>
<tbody>
${shown.map((row) => renderRow(row, nowMs)).join('\n')}
</tbody>
</table>
${hidden > 0 ? `<p>${hidden} more rows are not shown; every device is in <a href="/metrics">/metrics</a>.</p>` : ''}
<table>
<caption>What happened since the start, newest first; the whole history: gdoiwatch events</caption>
<thead><tr><th scope="col">At</th><th scope="col">Event</th><th scope="col">Cause</th><th scope="col">What</th><th scope="col">First step</th></tr></thead>
<tbody>
${fleet.recentEvents.map(renderEvent).join('\n')}
</tbody>
</table>
${fleet.recentEvents.length === 0 ? '<p>Nothing yet.</p>' : ''}
</main>
</body>
</html>
`;
}

function rowsOf(view: DeviceView, nowMs: number): Row[] {
  const groups = [...view.groups.values()];
  if (groups.length === 0) return [{ view, group: null, trouble: troubleOf(view, null, nowMs) }];
  return groups.map((group) => ({ view, group, trouble: troubleOf(view, group, nowMs) }));
}

/** Why a row needs a look; null when it does not. */
function troubleOf(view: DeviceView, group: GroupView | null, nowMs: number): string | null {
  if (view.result !== null && view.result !== 'ok') return view.error ?? view.result;
  const gm = group?.gm?.snapshot;
  if (gm?.registered === false) return `not registered${gm.status === null ? '' : ` (${gm.status})`}`;
  if (gm?.registered === true && gm.kek === null) return 'registered, but holds no KEK';
  const tracking = group === null ? undefined : view.tracking.get(group.group);
  if (tracking?.kekRekeyOverdue === true) return overdue(tracking.forecast, group?.gm?.at.receivedAtMs ?? nowMs, nowMs);
  if (tracking?.kekMatchesKs === false) return "does not hold its KS's KEK";
  if (tracking?.tekMatchesKs === false) return "does not hold its KS's TEKs: traffic is dropped";
  const last = tracking?.reregistrations?.last;
  if (last?.unexpected === true && nowMs - last.atMs < RECENT_MS) {
    return `re-registered ${duration(Math.round((nowMs - last.atMs) / 1000))} ago: ${last.cause}`;
  }
  const missed = group?.ks?.snapshot.memberDetails?.filter((member) => (member.acksMissed ?? 0) > 0) ?? [];
  if (missed.length > 0) {
    return `no rekey acknowledgement from ${missed
      .slice(0, 3)
      .map((member) => member.address)
      .join(', ')}${missed.length > 3 ? ' ...' : ''}`;
  }
  const dead = group?.ks?.snapshot.peers?.find((peer) => peer.status?.toLowerCase() === 'dead');
  return dead === undefined ? null : `COOP peer ${dead.address} is dead`;
}

/** Nothing comes by itself any more: say how long there is. */
function overdue(forecast: Forecast | null, readAtMs: number, nowMs: number): string {
  const left = forecast?.timeLeftSeconds ?? null;
  if (left === null) return 'KEK rekey overdue';
  const age = Math.round((nowMs - readAtMs) / 1000);
  const within = (seconds: number) => duration(Math.max(0, Math.round(seconds) - age));
  return left.atMost - left.atLeast <= 2
    ? `KEK rekey overdue: re-registers in ${within(left.atMost)}`
    : `KEK rekey overdue: re-registers in ${within(left.atLeast)} to ${within(left.atMost)}`;
}

function mixedVersions(fleet: FleetReadModel): string {
  return [...fleet.groups()]
    .flatMap(({ group, mixedVersions }) => {
      if (mixedVersions === null) return [];
      const kss = mixedVersions.legacyKss.map(({ device, version }) =>
        version === null ? device : `${device} (${version})`,
      );
      return [
        `<p><strong>Mixed versions in group ${escapeHtml(group)}:</strong> upgrade ${escapeHtml(kss.join(', '))}; until then ${
          mixedVersions.affectedGms.length
        } GMs re-register twice in every KEK cycle.</p>`,
      ];
    })
    .join('\n');
}

function renderEvent(event: GdoiEvent): string {
  const bad = event.severity === 'info' ? '' : ' class="bad"';
  return `<tr><td>${escapeHtml(time(event.atMs))}</td><td>${escapeHtml(event.type)}</td><td>${escapeHtml(event.cause ?? '')}</td><td${bad}>${escapeHtml(event.summary)}</td><td class="wrap">${escapeHtml(event.action)}</td></tr>`;
}

function renderRow({ view, group, trouble }: Row, nowMs: number): string {
  const gm = group?.gm?.snapshot;
  const ks = group?.ks?.snapshot;
  const teks = gm?.teks ?? ks?.teks ?? [];
  const longestTek = teks.reduce<number | null>((longest, tek) => {
    const left = tek.remainingSeconds;
    return left !== null && (longest === null || left > longest) ? left : longest;
  }, null);
  const readAtMs = (group?.gm ?? group?.ks)?.at.receivedAtMs ?? nowMs;
  /** A countdown goes on after it was read. */
  const left = (seconds: number | null | undefined) =>
    duration(typeof seconds === 'number' ? Math.max(0, Math.round(seconds - (nowMs - readAtMs) / 1000)) : null);
  const state =
    trouble ?? (view.result === null ? 'not polled yet' : gm ? 'registered' : ks ? ksState(ks) : 'no group');
  const cells: readonly (readonly [string, string])[] = [
    ['', escapeHtml(view.device)],
    ['', escapeHtml((roleOf(view) ?? '?').toUpperCase())],
    ['', escapeHtml(group?.group ?? '')],
    [trouble === null ? 'ok' : 'bad', escapeHtml(state)],
    ['', escapeHtml(gm?.keyServer ?? ks?.localAddress ?? '')],
    ['n', left(gm?.kek?.remainingSeconds ?? ks?.kek?.remainingSeconds)],
    ['n', left(gm?.reregistersInSeconds)],
    ['n', left(longestTek)],
    ['n', gm ? number(gm.registrations.succeeded) : number(ks?.members ?? null, ' members')],
    ['n', gm ? number(gm.rekeys.received) : number(ks?.rekeysSent ?? null, ' sent')],
    ['', gm ? kekBehaviorOfDevice(view) : ''],
    [
      '',
      view.lastSuccessAtMs === null ? 'never' : `${duration(Math.round((nowMs - view.lastSuccessAtMs) / 1000))} ago`,
    ],
  ];
  return `<tr>${cells.map(([kind, text]) => `<td${kind === '' ? '' : ` class="${kind}"`}>${text}</td>`).join('')}</tr>`;
}

function ksState(ks: NonNullable<GroupView['ks']>['snapshot']): string {
  return ks.localRole === null ? 'key server' : `${ks.localRole} key server`;
}

function number(value: number | null, unit = ''): string {
  return value === null ? '' : `${value}${unit}`;
}

/** `2 h 03 min`, `4 min 05 s`, `56 s`: what a person reads at a glance. */
function duration(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${two((seconds % 86_400) / 3600)} h`;
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export const LANDING_STYLE = `:root { color-scheme: light dark; --bad: light-dark(#b00020, #ff8a80); --ok: light-dark(#1b6e2e, #7ddb93); --line: light-dark(#d8dde3, #3a4149); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; max-width: 90rem; }
h1 { font-size: 1.4rem; margin: 0; }
header p { margin: .3rem 0; }
nav a, nav span { margin-right: 1rem; }
main { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; opacity: .75; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; }
.n { text-align: right; }
.ok { color: var(--ok); }
.bad { color: var(--bad); font-weight: 600; white-space: normal; min-width: 16rem; max-width: 32rem; overflow-wrap: anywhere; }
td { vertical-align: top; }
.wrap { white-space: normal; min-width: 16rem; }
strong { color: var(--bad); }
`;
