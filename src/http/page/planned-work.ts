/** Planned work that goes on, for page and `gdoiwatch status`: why nobody is told of trouble that they show. */
import { nameList } from '../../gdoi/events/name-list.ts';
import { isoInstant } from '../../gdoi/events/event-document.ts';
import type { HttpOptions } from '../base/options.ts';

type Windows = ReturnType<HttpOptions['maintenance']['windows']>;

/** `gm1, group G1 until 2026-01-31 23:00:00 UTC: new WAN`, the first to end first. */
export function plannedWork(windows: Windows, nowMs: number): readonly string[] {
  return windows
    .filter(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)
    .toSorted((a, b) => a.untilMs - b.untilMs)
    .map(({ devices, groups, cells, untilMs, reason }) => {
      const names = [...devices, ...groups.map((name) => `group ${name}`), ...cells.map((name) => `cell ${name}`)];
      return `${nameList(names)} until ${utcText(untilMs)}${reason === '' ? '' : `: ${reason}`}`;
    });
}

function utcText(ms: number): string {
  const iso = isoInstant(ms);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
