/** All groups. */
import type { GroupSummary } from '../http/schemas/group-schema.ts';
import { GroupCards } from './group-cards.tsx';
import { Fragment, type VNode } from 'preact';
import { Refusal } from './refusal.tsx';
import { Kept, type Session } from './session.ts';
import type { Page } from './page.ts';

export class GroupsPage implements Page {
  readonly title = 'Groups';
  readonly #session: Session;
  readonly #groups: Kept<{ readonly groups: readonly GroupSummary[] }>;

  constructor(session: Session, signal: AbortSignal) {
    this.#session = session;
    this.#groups = new Kept(session, '/api/v1/groups?limit=1000', signal);
  }

  refresh(): Promise<void> {
    return this.#groups.refresh();
  }

  render(): VNode {
    const { body, refusal } = this.#groups;
    return (
      <Fragment>
        <h1 tabIndex={-1}>Groups</h1>
        <Refusal of={refusal} />
        {body === null && refusal === null && <p class="note">Loading groups ...</p>}
        {body?.groups.length === 0 && <p class="note">No device has shown a group yet.</p>}
        {body !== null && <GroupCards groups={body.groups} most={Infinity} nowMs={this.#session.nowMs()} />}
      </Fragment>
    );
  }
}
