/** A device: whether it is well and why, what comes next, what it showed. */
import { durationText } from '../gdoi/events/duration-text.ts';
import { whyPlanned } from '../gdoi/keys/poll-instants.ts';
import type { DeviceDocument } from '../http/schemas/device-schema.ts';
import type { EventListDocument } from '../http/schemas/event-schema.ts';
import { POLL_TIMEOUT_MS } from './agent-api.ts';
import { ChecksTable, FirstStep } from './checks.tsx';
import { DevicePart } from './device-part.tsx';
import { EventList } from './event-list.tsx';
import { Fact, Facts } from './facts.tsx';
import { GrafanaLink } from './grafana-link.tsx';
import { Age, Countdown, Instant } from './instants.tsx';
import { NamedPage } from './named-page.tsx';
import { Fragment, type VNode } from 'preact';
import { PolledBy } from './polled-by.tsx';
import { recentEvents } from './recent-events.ts';
import { devicePath, withFilter } from './route.ts';
import { Kept, type Session } from './session.ts';
import type { Page } from './page.ts';
import { addressOf } from './root.ts';

export class DevicePage implements Page {
  readonly title: string;
  readonly #session: Session;
  readonly #signal: AbortSignal;
  readonly #path: string;
  readonly #device: Kept<DeviceDocument>;
  readonly #events: Kept<EventListDocument>;
  #checking = false;
  /** The result of the last check on request; null: none yet. */
  #checked: string | null = null;

  constructor(session: Session, name: string, signal: AbortSignal) {
    this.title = name;
    this.#session = session;
    this.#signal = signal;
    this.#path = `/api/v1${devicePath(name)}`;
    this.#device = new Kept(session, this.#path, signal);
    this.#events = recentEvents(session, { device: name }, signal);
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#device.refresh(), this.#events.refresh()]);
  }

  async #checkNow(): Promise<void> {
    this.#checking = true;
    this.#checked = null;
    this.#session.changed();
    const answer = await this.#session.ask(`${this.#path}/health?live=true`, this.#signal, POLL_TIMEOUT_MS);
    this.#checking = false;
    this.#checked =
      answer.kind === 'ok'
        ? 'Polled now.'
        : answer.kind === 'refused'
          ? answer.detail
          : 'The agent did not answer in time.';
    await this.refresh();
  }

  render(): VNode {
    return <NamedPage title={this.title} of="device" kept={this.#device} draw={(device) => this.#body(device)} />;
  }

  #body(device: DeviceDocument): VNode {
    const nowMs = this.#session.nowMs();
    return (
      <Fragment>
        <p class="summary">
          <bdi>{device.statement ?? device.summary}</bdi>
        </p>
        <FirstStep action={device.health.action} />
        <p class="act">
          <button
            type="button"
            disabled={this.#checking}
            onClick={() => {
              // Not awaited: the result is drawn when it comes.
              void this.#checkNow();
            }}
          >
            {this.#checking ? 'Polling ...' : 'Check now'}
          </button>{' '}
          <span role="status">{this.#checked}</span>
        </p>
        {device.error !== null && (
          <p class="note refused">
            Last poll: <bdi>{device.error}</bdi>
          </p>
        )}
        <GrafanaLink session={this.#session} of="device" name={device.device} />
        <DeviceFacts device={device} nowMs={nowMs} />
        {device.groups.map((part) => (
          <DevicePart
            key={part.group}
            part={part}
            cell={device.cell}
            sending={{ sends: device.kek_behavior, answers: device.failure === null }}
            nowMs={nowMs}
          />
        ))}
        <section aria-labelledby="checks">
          <h2 id="checks">Checks</h2>
          <ChecksTable checks={device.health.checks} />
        </section>
        <PlannedPolls device={device} nowMs={nowMs} />
        <section aria-labelledby="events">
          <h2 id="events">Events</h2>
          <EventList events={this.#events.body?.events ?? []} nowMs={nowMs} />
          <p>
            <a href={addressOf(withFilter('/events', { device: device.device }))}>All events of this device</a>
          </p>
        </section>
        <Answers device={device} nowMs={nowMs} />
      </Fragment>
    );
  }
}

interface DeviceAt {
  readonly device: DeviceDocument;
  readonly nowMs: number | null;
}

function DeviceFacts({ device, nowMs }: DeviceAt): VNode {
  const { facts } = device;
  const labels = Object.entries(device.labels);
  const otherPolls = Object.entries(device.polls).map(([result, count]) => `${result} ${count}`);
  return (
    <Facts>
      <Fact name="Last answer">
        <Age at={device.observed_at} nowMs={nowMs} />
        {device.observed_at !== null && ' ago'}
        {device.result === 'ok' &&
          device.poll_duration_seconds !== null &&
          ` (took ${device.poll_duration_seconds.toFixed(2)} s)`}
      </Fact>
      <Fact name="Next">
        {device.next === null ? (
          'nothing known'
        ) : (
          <Fragment>
            {device.next.what} <Countdown at={device.next.at} nowMs={nowMs} />
          </Fragment>
        )}
      </Fact>
      <Fact name="Role">{device.role === null ? 'not known' : device.role.toUpperCase()}</Fact>
      <Fact name="Host">
        <bdi>{device.host}</bdi>
      </Fact>
      {facts !== null && (
        <Fact name="Runs">
          <bdi>{[facts.platform, facts.software, facts.version].filter((text) => text !== null).join(' ')}</bdi>
          {facts.uptime_seconds !== null && (
            <Fragment>
              , up {durationText(facts.uptime_seconds)} as of <Age at={facts.read_at} nowMs={nowMs} /> ago
            </Fragment>
          )}
        </Fact>
      )}
      <Fact name="KEK timer">{KEK_TIMER[device.kek_behavior]}</Fact>
      {labels.length > 0 && (
        <Fact name="Labels">
          <bdi>{labels.map(([name, value]) => `${name}=${value}`).join(', ')}</bdi>
        </Fact>
      )}
      <Fact name="Polls">
        {otherPolls.join(', ') || 'none yet'}
        {device.regular_interval_seconds !== null && `, every ${durationText(device.regular_interval_seconds)}`}
      </Fact>
      <PolledBy owner={device.owner} />
      <PolledBeside name="SNMP" beside={device.snmp} />
      <PolledBeside name="RESTCONF" beside={device.restconf} />
    </Facts>
  );
}

/** Nothing if it is not polled beside SSH. */
function PolledBeside({ name, beside }: { readonly name: string; readonly beside: DeviceDocument['snmp'] }) {
  if (beside === null) return null;
  return (
    <Fact name={name}>
      {beside.result ?? 'not polled yet'}
      {beside.error !== null && (
        <Fragment>
          : <bdi>{beside.error}</bdi>
        </Fragment>
      )}
    </Fact>
  );
}

const KEK_TIMER: Readonly<Record<DeviceDocument['kek_behavior'], string>> = {
  timer: 'yes (15.2(1)T and later)',
  legacy: 'none (before 15.2(1)T)',
  unknown: 'not known',
};

function PlannedPolls({ device, nowMs }: DeviceAt): VNode {
  return (
    <section aria-labelledby="planned">
      <h2 id="planned">Planned polls</h2>
      {device.planned_polls.length === 0 ? (
        <p class="note">Only the regular schedule.</p>
      ) : (
        <ul class="planned">
          {device.planned_polls.map(({ at, reason }) => (
            <li key={`${at} ${reason}`}>
              <Countdown at={at} nowMs={nowMs} />: {whyPlanned(reason)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Answers({ device, nowMs }: DeviceAt): VNode {
  return (
    <section aria-labelledby="answers">
      <h2 id="answers">What the device showed</h2>
      {device.answers.length === 0 && <p class="note">No answer to a show command yet.</p>}
      {device.answers.map(({ command, read_at: at, text, cut }) => (
        <details key={command} class="answer">
          <summary>
            <code>{command}</code> <Instant at={at} nowMs={nowMs} />
          </summary>
          <pre dir="ltr" tabIndex={0} aria-label={`Output of ${command}`}>
            {text}
          </pre>
          {cut && <p class="note">Cut here: the answer was longer.</p>}
        </details>
      ))}
    </section>
  );
}
