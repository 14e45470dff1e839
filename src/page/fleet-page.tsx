/**
 * The fleet: which devices are at risk now, group by group and device by device, the worst first. The server sorts,
 * filters and pages, so ten thousand devices cost the browser no more than a hundred.
 */
import { counted } from '../gdoi/events/counted.ts';
import { HEALTH_STATUSES, type HealthStatus } from '../gdoi/health/health-check.ts';
import type { DeviceSummary } from '../http/schemas/device-schema.ts';
import type { GroupSummary } from '../http/schemas/group-schema.ts';
import { Choice } from './choice.tsx';
import { Column } from './column.tsx';
import { GroupCards } from './group-cards.tsx';
import { headline, sum, lastKnown } from './headline.ts';
import { Age, Countdown } from './instants.tsx';
import { DeviceLink, GroupLink } from './names.tsx';
import { navigate } from './navigation.ts';
import { Fragment, type VNode } from 'preact';
import { Refusal } from './refusal.tsx';
import { type Filter, withFilter } from './route.ts';
import { Kept, type Session } from './session.ts';
import { StatusMark } from './status-mark.tsx';
import type { Page } from './page.ts';
import { addressOf } from './root.ts';

const PAGE_ROWS = 100;
const MAX_GROUP_CARDS = 6;
/** Most groups named in one row. */
const MAX_ROW_GROUPS = 3;

interface DeviceList {
  readonly devices: readonly DeviceSummary[];
  readonly next_cursor: string | null;
  readonly total: number;
  readonly by_status: Readonly<Record<HealthStatus, number>>;
}

export class FleetPage implements Page {
  readonly title = 'Fleet';
  readonly #session: Session;
  #filter: Filter;
  readonly #devices: Kept<DeviceList>;
  readonly #groups: Kept<{ readonly groups: readonly GroupSummary[] }>;

  constructor(session: Session, filter: Filter, signal: AbortSignal) {
    this.#session = session;
    this.#filter = filter;
    this.#devices = new Kept(session, listPath(filter), signal);
    this.#groups = new Kept(session, '/api/v1/groups?limit=1000', signal);
  }

  /** From the next refresh on; what is shown stays until then. */
  show(filter: Filter): void {
    this.#filter = filter;
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#devices.refresh(listPath(this.#filter)), this.#groups.refresh()]);
  }

  #headline(counts: DeviceList['by_status']): string {
    const groups = this.#groups.body?.groups ?? [];
    return this.#session.isStale ? lastKnown(counts, groups) : headline(counts, groups);
  }

  render(): VNode {
    const { body, refusal } = this.#devices;
    const groups = this.#groups.body?.groups ?? [];
    return (
      <Fragment>
        <h1 tabIndex={-1}>{body === null ? 'Fleet' : this.#headline(body.by_status)}</h1>
        {body !== null && <StatusCounts counts={body.by_status} filter={this.#filter} />}
        {groups.length > 0 && (
          <section aria-labelledby="groups">
            <h2 id="groups">Groups</h2>
            <GroupCards groups={groups} most={MAX_GROUP_CARDS} nowMs={this.#session.nowMs()} />
          </section>
        )}
        <section aria-labelledby="devices">
          <h2 id="devices">Devices</h2>
          <Filters filter={this.#filter} groups={groups} />
          <Refusal of={refusal} />
          {body === null ? refusal === null && <p class="note">Loading devices ...</p> : this.#table(body)}
        </section>
      </Fragment>
    );
  }

  #table(list: DeviceList): VNode {
    const nowMs = this.#session.nowMs();
    const fleet = sum(list.by_status);
    if (fleet === 0) {
      return (
        <p class="note">No device is configured yet. Name some under “devices” in the configuration and reload.</p>
      );
    }
    if (list.devices.length === 0) {
      return (
        <p class="note">
          {fleet === 1 ? 'The one device does not match.' : `None of ${fleet} devices matches.`}{' '}
          <a href={addressOf('/')}>Show all</a>
        </p>
      );
    }
    return (
      <Fragment>
        <table class="fleet" role="table">
          <caption>
            {list.total === fleet ? counted(fleet, 'device') : `${list.total} of ${counted(fleet, 'device')}`}
            {list.devices.length < list.total ? `, ${list.devices.length} on this page` : ''}
          </caption>
          <thead role="rowgroup">
            <tr role="row">
              {this.#sortHead('status', 'Status')}
              {this.#sortHead('name', 'Device')}
              <Column>Role</Column>
              <Column>Groups</Column>
              <Column>What</Column>
              <Column>Next</Column>
              <Column class="n">Last answer</Column>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {list.devices.map((device) => (
              <DeviceRow key={device.device} device={device} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
        {this.#pages(list)}
      </Fragment>
    );
  }

  #sortHead(sort: 'status' | 'name', text: string): VNode {
    const sorted = (this.#filter['sort'] ?? 'status') === sort;
    return (
      <th role="columnheader" scope="col" aria-sort={sorted ? (sort === 'name' ? 'ascending' : 'descending') : 'none'}>
        <a href={addressOf(withFilter('/', { ...this.#filter, sort, cursor: undefined }))}>
          {text}
          <span aria-hidden="true">{sorted ? ' ▾' : ''}</span>
        </a>
      </th>
    );
  }

  #pages(list: DeviceList): VNode | false {
    const first = this.#filter['cursor'] === undefined;
    if (first && list.next_cursor === null) return false;
    return (
      <nav class="pages" aria-label="Pages of devices">
        {!first && <a href={addressOf(withFilter('/', { ...this.#filter, cursor: undefined }))}>First page</a>}
        {list.next_cursor !== null && (
          <a href={addressOf(withFilter('/', { ...this.#filter, cursor: list.next_cursor }))}>Next {PAGE_ROWS}</a>
        )}
      </nav>
    );
  }
}

function listPath(filter: Filter): string {
  return withFilter('/api/v1/devices', { sort: 'status', ...filter, limit: String(PAGE_ROWS) });
}

function DeviceRow({ device, nowMs }: { readonly device: DeviceSummary; readonly nowMs: number | null }): VNode {
  const { next } = device;
  return (
    <tr role="row" class={`row ${device.status}`}>
      <td role="cell" class="c-status">
        <StatusMark status={device.status} />
      </td>
      <th role="rowheader" scope="row" class="c-name">
        <DeviceLink name={device.device} />
      </th>
      <td role="cell" class="c-role">
        {device.role === null ? '–' : device.role.toUpperCase()}
      </td>
      <td role="cell" class="c-groups">
        {device.groups.slice(0, MAX_ROW_GROUPS).map(({ group }, index) => (
          <span key={group}>
            {index > 0 ? ', ' : ''}
            <GroupLink name={group} cell={device.cell} />
          </span>
        ))}
        {device.groups.length > MAX_ROW_GROUPS ? ` and ${device.groups.length - MAX_ROW_GROUPS} more` : ''}
      </td>
      <td role="cell" class="c-what">
        <bdi>{device.statement ?? device.summary}</bdi>
      </td>
      <td role="cell" class="c-next">
        {next !== null && (
          <Fragment>
            <Countdown at={next.at} nowMs={nowMs} /> <span class="faint">{next.what}</span>
          </Fragment>
        )}
      </td>
      <td role="cell" class="n c-age">
        <Age at={device.observed_at} nowMs={nowMs} />
      </td>
    </tr>
  );
}

function StatusCounts(props: {
  readonly counts: Readonly<Record<HealthStatus, number>>;
  readonly filter: Filter;
}): VNode {
  const chosen = props.filter['status'];
  return (
    <ul class="counts" aria-label="Devices by status">
      {HEALTH_STATUSES.toReversed().map((status) => (
        <li key={status}>
          <a
            href={addressOf(
              withFilter('/', {
                ...props.filter,
                status: chosen === status ? undefined : status,
                cursor: undefined,
              }),
            )}
            class={props.counts[status] === 0 ? 'none' : ''}
            aria-current={chosen === status ? 'true' : undefined}
          >
            <span class="count">{props.counts[status]}</span> <StatusMark status={status} />
          </a>
        </li>
      ))}
    </ul>
  );
}

function Filters({ filter, groups }: { readonly filter: Filter; readonly groups: readonly GroupSummary[] }): VNode {
  const choose = (key: string, value: string) =>
    navigate(addressOf(withFilter('/', { ...filter, cursor: undefined, [key]: value })), 'replace');
  const names = groups.map(({ group }) => group);
  const group = filter['group'];
  const offered = group === undefined || names.includes(group) ? names : [group, ...names];
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        Search{' '}
        <input
          type="search"
          name="q"
          maxLength={200}
          placeholder="name, host, label, summary"
          value={filter['q'] ?? ''}
          onInput={(event) => choose('q', event.currentTarget.value)}
        />
      </label>
      <Choice
        label="Status"
        value={filter['status']}
        options={HEALTH_STATUSES}
        onChoose={(value) => choose('status', value)}
      />
      <Choice
        label="Role"
        value={filter['role']}
        options={['gm', 'ks', 'both']}
        onChoose={(value) => choose('role', value)}
      />
      <Choice label="Group" value={group} options={offered} onChoose={(value) => choose('group', value)} />
      {Object.keys(filter).some((key) => key !== 'sort') && (
        <a href={addressOf(withFilter('/', { sort: filter['sort'] }))}>Clear</a>
      )}
    </form>
  );
}
