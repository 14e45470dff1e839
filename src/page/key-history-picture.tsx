/** The keys of a group over a chosen span as a picture, and the same in words. */
import { counted } from '../gdoi/events/counted.ts';
import { nameList } from '../gdoi/events/name-list.ts';
import { utcText } from './instants.tsx';
import { type Gap, HISTORY_HOURS, type HistoryHours, type KeyHistory, type Lane, type Span } from './key-history.ts';
import { Name, shortened } from './names.tsx';
import { Fragment, type VNode } from 'preact';

const SPANS: Readonly<Record<HistoryHours, string>> = {
  1: 'the last hour',
  6: 'the last 6 hours',
  24: 'the last day',
  168: 'the last week',
};

/** In pixels; times are in percent of the width, so that it fits a phone. */
const LANE = 20;
const TOP = 22;
/** Space for the names left of the lanes, in percent. */
const NAMES = 24;
const MAX_NAME = 11;

export function KeyHistoryPicture({
  history,
  hours,
  onChoose,
}: {
  readonly history: KeyHistory;
  readonly hours: HistoryHours;
  readonly onChoose: (hours: HistoryHours) => void;
}): VNode {
  return (
    <figure class="key-history">
      <figcaption>
        <label>
          KEKs, TEKs and re-registrations of{' '}
          <select
            value={String(hours)}
            onChange={(event) => {
              const chosen = HISTORY_HOURS.find((each) => String(each) === event.currentTarget.value);
              if (chosen !== undefined) onChoose(chosen);
            }}
          >
            {HISTORY_HOURS.map((each) => (
              <option key={each} value={String(each)}>
                {SPANS[each]}
              </option>
            ))}
          </select>
        </label>
      </figcaption>
      <Picture history={history} />
      <ul class="legend">
        <li>
          <span class="swatch kek" /> a KEK, to its expiry
        </li>
        <li>
          <span class="swatch tek" /> the TEK
        </li>
        <li>
          <span class="swatch rekey" /> KEK rekey
        </li>
        <li>
          <span class="swatch expected" /> re-registered, expected
        </li>
        <li>
          <span class="swatch unexpected" /> re-registered unexpectedly
        </li>
        <li>
          <span class="swatch gap" /> without registration or keys
        </li>
        <li>
          <span class="swatch happening" /> incident
        </li>
      </ul>
      <details>
        <summary>In words</summary>
        <InWords history={history} />
      </details>
    </figure>
  );
}

function Picture({ history }: { readonly history: KeyHistory }): VNode {
  const { lanes, incidents, nowMs, fromMs } = history;
  const height = TOP + Math.max(1, lanes.length) * LANE + 4;
  const x = (ms: number) => `${placeOf(ms, history).toFixed(2)}%`;
  const wide = (span: Span) =>
    `${Math.max(0.3, placeOf(span.toMs, history) - placeOf(span.fromMs, history)).toFixed(2)}%`;
  return (
    <svg role="img" aria-labelledby="key-history-title key-history-desc" width="100%" height={height}>
      <title id="key-history-title">Keys of the group</title>
      <desc id="key-history-desc">{sentenceOf(history)}</desc>
      {incidents.map((incident) => (
        <rect
          key={`${incident.fromMs} ${incident.summary}`}
          class={`incident ${incident.severity}`}
          x={x(incident.fromMs)}
          width={wide(incident)}
          y={TOP - 6}
          height={height - TOP + 6}
        >
          <title>{incident.summary}</title>
        </rect>
      ))}
      <text class="when" x={x(fromMs)} y="12">
        {clockOf(fromMs, history)}
      </text>
      <text class="when" x={x(nowMs)} y="12" text-anchor="middle">
        now
      </text>
      {lanes.map((lane, index) => (
        <LaneOf key={lane.device} lane={lane} top={TOP + index * LANE} x={x} wide={wide} />
      ))}
      <line class="now" x1={x(nowMs)} x2={x(nowMs)} y1={TOP - 6} y2={height} />
    </svg>
  );
}

function LaneOf(props: {
  readonly lane: Lane;
  readonly top: number;
  readonly x: (ms: number) => string;
  readonly wide: (span: Span) => string;
}): VNode {
  const { lane, top, x, wide } = props;
  return (
    <g>
      <text class="name" x="0" y={top + 13}>
        {shortened(lane.device, MAX_NAME)}
        <title>{`${lane.role} ${lane.device}`}</title>
      </text>
      {lane.keks.map((kek) => (
        <rect key={kek.fromMs} class="kek" x={x(kek.fromMs)} width={wide(kek)} y={top + 4} height="5">
          <title>{`${lane.device}: a KEK until ${utcText(new Date(kek.toMs).toISOString())}`}</title>
        </rect>
      ))}
      {lane.tek !== null && (
        <rect class="tek" x={x(lane.tek.fromMs)} width={wide(lane.tek)} y={top + 11} height="3">
          <title>{`${lane.device}: the TEK until ${utcText(new Date(lane.tek.toMs).toISOString())}`}</title>
        </rect>
      )}
      {lane.gaps.map((gap) => (
        <rect key={gap.fromMs} class="gap" x={x(gap.fromMs)} width={wide(gap)} y={top + 5} height="7">
          <title>{`${lane.device}: ${gapText(gap)}`}</title>
        </rect>
      ))}
      {lane.marks.map(({ atMs, kind, text }) =>
        kind === 'rekey' ? (
          <line key={`${atMs} ${text}`} class="rekey" x1={x(atMs)} x2={x(atMs)} y1={top + 2} y2={top + 11}>
            <title>{`${lane.device}: ${text}, ${utcText(new Date(atMs).toISOString())}`}</title>
          </line>
        ) : (
          <circle key={`${atMs} ${text}`} class={kind} cx={x(atMs)} cy={top + 7} r="4">
            <title>{`${lane.device}: ${text}, ${utcText(new Date(atMs).toISOString())}`}</title>
          </circle>
        ),
      )}
    </g>
  );
}

/** `not registered from ... to ...`. */
function gapText({ fromMs, toMs, text, isOpen }: Gap): string {
  const [from, to] = [fromMs, toMs].map((ms) => utcText(new Date(ms).toISOString()));
  return isOpen ? `${text} since ${from}` : `${text} from ${from} to ${to}`;
}

function placeOf(ms: number, { fromMs, toMs }: Span): number {
  const share = Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)));
  return NAMES + (100 - NAMES) * share;
}

/** `13:05`; with the date if the span is over a day. */
function clockOf(ms: number, { fromMs, toMs }: Span): string {
  const iso = new Date(ms).toISOString();
  return toMs - fromMs > 2 * 86_400_000 ? iso.slice(5, 10) : `${iso.slice(11, 16)} UTC`;
}

function sentenceOf({ lanes, incidents, leftOut }: KeyHistory): string {
  const unexpected = lanes.filter(({ marks }) => marks.some(({ kind }) => kind === 'unexpected'));
  const count = unexpected.reduce(
    (sum, { marks }) => sum + marks.filter(({ kind }) => kind === 'unexpected').length,
    0,
  );
  const whose = unexpected.length === 0 ? '' : ` (${nameList(unexpected.map(({ device }) => device))})`;
  return `${counted(lanes.length, 'member')}, ${counted(count, 'unexpected re-registration')}${whose}, ${counted(incidents.length, 'incident')}${leftOut === 0 ? '' : `; ${leftOut} members without a re-registration are not drawn`}`;
}

function InWords({ history }: { readonly history: KeyHistory }): VNode {
  const { lanes, incidents } = history;
  const at = (ms: number) => utcText(new Date(ms).toISOString());
  return (
    <Fragment>
      <p>{sentenceOf(history)}.</p>
      <ul>
        {incidents.map((incident) => (
          <li key={`${incident.fromMs} ${incident.summary}`}>
            {incident.severity} from {at(incident.fromMs)} to{' '}
            {incident.toMs >= history.nowMs ? 'now' : at(incident.toMs)}: <bdi>{incident.summary}</bdi>
          </li>
        ))}
        {lanes.map(({ device, role, keks, tek, marks, gaps }) => (
          <li key={device}>
            {role} <Name text={device} />:{' '}
            {keks.length === 0 ? 'no KEK is shown' : `KEK until ${at(keks.at(-1)?.toMs ?? 0)}`}
            {tek === null ? '' : `, TEK until ${at(tek.toMs)}`}
            {gaps.map((gap) => `; ${gapText(gap)}`).join('')}
            {marks.map(({ atMs, text }) => `; ${text}, ${at(atMs)}`).join('')}
          </li>
        ))}
      </ul>
    </Fragment>
  );
}
