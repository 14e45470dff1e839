/**
 * One member's KEK on the scale of its group: the windows, and where the member is now. Drawn without text of its own.
 */
import { EXPIRY_WINDOW_SECONDS, MISSED_REKEY_WINDOW } from '../gdoi/keys/kek-window.ts';
import type { MembershipDocument } from '../http/schemas/device-schema.ts';

import { TimeTo } from './instants.tsx';
import { type KekScale, type KsSending, gmStageText, ksStageText, stageOf, placePercent } from './kek-scale.ts';
import type { VNode } from 'preact';

const { fromSecondsBeforeExpiry: MISSED_FROM, toSecondsBeforeExpiry: MISSED_TO } = MISSED_REKEY_WINDOW;

export function KekTrack(props: {
  /** A GM, or a KS that sends its rekeys this way. */
  readonly of: 'gm' | KsSending;
  readonly kek: MembershipDocument['kek'];
  readonly scale: KekScale;
  readonly nowMs: number | null;
  /** Shown if there is no KEK to draw. */
  readonly absent: string;
}): VNode {
  const { of, kek, scale, nowMs, absent } = props;
  if (kek === null || nowMs === null) return <span class="faint">{kek === null ? absent : ''}</span>;
  const seconds = (nowMs - Date.parse(kek.expires_at)) / 1000;
  const stage = stageOf(seconds, scale.leadSeconds);
  const said = of === 'gm' ? gmStageText(stage) : ksStageText(stage, of);
  const x = `${placePercent(seconds, scale).toFixed(2)}%`;
  return (
    <div class={`kek ${of === 'gm' ? 'gm' : 'ks'} ${stage}`}>
      <svg class="track" role="img" aria-label={said} data-stage={stage}>
        <Windows scale={scale} />
        <line class="life" x1="0" x2={x} y1="50%" y2="50%" />
        <line class="now" x1={x} x2={x} y1="0" y2="100%" />
        <circle class="now" cx={x} cy="50%" r="5" />
      </svg>
      <span class="said">
        {seconds < 0 ? 'expires' : 'expired'} <TimeTo at={kek.expires_at} nowMs={nowMs} />{' '}
        <span class="faint">{said}</span>
      </span>
    </div>
  );
}

function Windows({ scale }: { readonly scale: KekScale }): VNode {
  const band = (name: string, from: number, to: number) => {
    const [left, right] = [placePercent(from, scale), placePercent(to, scale)];
    return <rect class={name} x={`${left}%`} width={`${right - left}%`} y="0" height="100%" />;
  };
  const expiry = `${placePercent(0, scale)}%`;
  return (
    <g>
      {band('due', -scale.leadSeconds, -MISSED_FROM)}
      {band('missed', -MISSED_FROM, -MISSED_TO)}
      {band('between', -MISSED_TO, 0)}
      {band('expiring', 0, EXPIRY_WINDOW_SECONDS)}
      <line class="expiry" x1={expiry} x2={expiry} y1="0" y2="100%" />
    </g>
  );
}

/** The scale over a column of tracks. */
export function KekAxis({ scale }: { readonly scale: KekScale }): VNode {
  // Marks close together on a phone: each takes its own side.
  const marks: readonly (readonly [number, string, 'start' | 'end'])[] = [
    [-scale.leadSeconds, `−${Math.round(scale.leadSeconds)}`, 'end'],
    [-MISSED_FROM, `−${MISSED_FROM}`, 'start'],
    [-MISSED_TO, `−${MISSED_TO}`, 'end'],
    [0, 'expiry', 'start'],
    [EXPIRY_WINDOW_SECONDS, `+${EXPIRY_WINDOW_SECONDS} s`, 'start'],
  ];
  return (
    <svg class="axis" role="img" aria-label={marks.map(([, text]) => text).join(', ')}>
      <Windows scale={scale} />
      {marks.map(([at, text, anchor]) => (
        <text key={text} x={`${placePercent(at, scale)}%`} y="70%" text-anchor={anchor}>
          {text}
        </text>
      ))}
    </svg>
  );
}

/** What the bands mean, in words. */
export function KekLegend({ scale }: { readonly scale: KekScale }): VNode {
  return (
    <ul class="legend">
      <li>
        <span class="swatch now" /> the member now, on its own KEK: moves right, a new KEK puts it back left
      </li>
      <li>
        <span class="swatch due" /> the rekey is due: {Math.round(scale.leadSeconds)} s before expiry
      </li>
      <li>
        <span class="swatch missed" /> no rekey came: re-registers {MISSED_FROM} to {MISSED_TO} s before expiry
      </li>
      <li>
        <span class="swatch expiring" /> KEK expired: re-registers within {EXPIRY_WINDOW_SECONDS} s
      </li>
    </ul>
  );
}
