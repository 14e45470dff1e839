/** Groups in short: whether each is well and why, and when the next rekey is. */
import { naturalOrder } from '../gdoi/events/name-list.ts';
import { HEALTH_STATUSES } from '../gdoi/health/health-check.ts';
import type { GroupSummary } from '../http/schemas/group-schema.ts';
import { Countdown } from './instants.tsx';
import { GroupLink } from './names.tsx';
import { Fragment, type VNode } from 'preact';
import { groupPath } from './route.ts';
import { StatusMark } from './status-mark.tsx';
import { addressOf } from './root.ts';

export function GroupCards(props: {
  readonly groups: readonly GroupSummary[];
  readonly most: number;
  readonly nowMs: number | null;
}): VNode {
  const sorted = props.groups.toSorted(
    (a, b) =>
      HEALTH_STATUSES.indexOf(b.status) - HEALTH_STATUSES.indexOf(a.status) ||
      naturalOrder(a.group, b.group) ||
      naturalOrder(a.cell ?? '', b.cell ?? ''),
  );
  const rest = sorted.length - props.most;
  return (
    <Fragment>
      <ul class="cards">
        {sorted.slice(0, props.most).map((group) => (
          <li key={groupPath({ name: group.group, cell: group.cell })} class={`card ${group.status}`}>
            <h3>
              <GroupLink name={group.group} cell={group.cell} /> <StatusMark status={group.status} />
            </h3>
            <p>
              <bdi>{group.statement ?? group.summary}</bdi>
            </p>
            <p class="faint">
              {group.members} {group.members === 1 ? 'GM' : 'GMs'}, {group.kss} {group.kss === 1 ? 'KS' : 'KSs'} polled
              {group.next !== null && (
                <Fragment>
                  {' · '}
                  {group.next.what} <Countdown at={group.next.at} nowMs={props.nowMs} />
                </Fragment>
              )}
            </p>
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <p>
          <a href={addressOf('/groups')}>All {sorted.length} groups</a>
        </p>
      )}
    </Fragment>
  );
}
