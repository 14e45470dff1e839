/** Times, ages and countdowns, relative to the agent's present time. */
import { durationText } from '../gdoi/events/duration-text.ts';
import type { VNode } from 'preact';

/** UTC first, as devices log; then the local time; then how long ago or how soon. */
export function Instant({ at, nowMs }: { readonly at: string; readonly nowMs: number | null }): VNode {
  return (
    <span class="instant">
      <time dateTime={at}>{utcText(at)}</time>{' '}
      <span class="faint">
        {localText(at)}
        {relativeText(at, nowMs)}
      </span>
    </span>
  );
}

/** Like `Instant`, if the time is only known to lie between these two. */
export function Span(props: {
  readonly betweenMs: readonly [from: number, to: number];
  readonly at: string;
  readonly nowMs: number | null;
  /** The time shown is the end of the interval: the state began somewhere in it. */
  readonly isState: boolean;
}): VNode {
  const [from = '', to = ''] = props.betweenMs.map((ms) => new Date(ms).toISOString());
  if (props.isState) {
    return (
      <span class="instant">
        known at <time dateTime={to}>{utcText(to)}</time>, began after <time dateTime={from}>{utcText(from)}</time>{' '}
        <span class="faint">{relativeText(to, props.nowMs)}</span>
      </span>
    );
  }
  return (
    <span class="instant">
      between <time dateTime={from}>{utcText(from)}</time> and <time dateTime={to}>{utcText(to)}</time>{' '}
      <span class="faint">about {relativeText(props.at, props.nowMs)}</span>
    </span>
  );
}

/** How long until then; afterwards, how long ago it was due. */
export function Countdown({ at, nowMs }: { readonly at: string; readonly nowMs: number | null }): VNode {
  return (
    <span>
      {nowMs !== null && Date.parse(at) < nowMs ? 'due ' : ''}
      <TimeTo at={at} nowMs={nowMs} />
    </span>
  );
}

/** How long until then, or since. */
export function TimeTo({ at, nowMs }: { readonly at: string; readonly nowMs: number | null }): VNode {
  return (
    <time class="figure" dateTime={at} title={`${utcText(at)} ${localText(at)}`}>
      {relativeText(at, nowMs)}
    </time>
  );
}

export function Age({ at, nowMs }: { readonly at: string | null; readonly nowMs: number | null }): VNode {
  if (at === null) return <span>never</span>;
  return (
    <time class="figure" dateTime={at} title={`${utcText(at)} ${localText(at)}`}>
      {nowMs === null ? '' : durationText(Math.max(0, nowMs - Date.parse(at)) / 1000)}
    </time>
  );
}

function relativeText(at: string, nowMs: number | null): string {
  if (nowMs === null) return '';
  const seconds = (Date.parse(at) - nowMs) / 1000;
  return seconds >= 0 ? `in ${durationText(seconds)}` : `${durationText(-seconds)} ago`;
}

export function utcText(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

/** The viewer's: `13:03:05 local, `; empty if that is UTC. */
function localText(at: string): string {
  const date = new Date(at);
  return date.getTimezoneOffset() === 0 ? '' : `${date.toLocaleTimeString('en-GB')} local, `;
}
