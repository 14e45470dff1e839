/** A group: which GMs are late for the KEK rekey, who holds which keys, whether the KSs agree, who is missing. */
import { placeOfLoss } from './place-of-loss.ts';
import { naturalOrder } from '../gdoi/events/name-list.ts';
import { counted } from '../gdoi/events/counted.ts';
import { HEALTH_STATUSES } from '../gdoi/health/health-check.ts';
import { inCell } from '../gdoi/seen/cell.ts';
import type { EventListDocument } from '../http/schemas/event-schema.ts';
import type { GroupDocument } from '../http/schemas/group-schema.ts';
import type { IncidentListDocument } from '../http/schemas/incident-schema.ts';
import { ChecksTable, FirstStep } from './checks.tsx';
import { Column } from './column.tsx';
import { EventList } from './event-list.tsx';
import { Countdown } from './instants.tsx';
import { IncidentList, Tickets } from './incident-list.tsx';
import { incidentsPath } from './incidents-page.tsx';
import { type HistoryHours, hoursOf, keyHistory } from './key-history.ts';
import { KeyHistoryPicture } from './key-history-picture.tsx';
import { KekAxis, KekLegend, KekTrack } from './kek-track.tsx';
import type { KekScale } from './kek-scale.ts';
import { DeviceLink, Name, NameList } from './names.tsx';
import { NamedPage } from './named-page.tsx';
import { Fragment, type VNode } from 'preact';
import { Fact, Facts } from './facts.tsx';
import { GrafanaLink } from './grafana-link.tsx';
import { PolledBy } from './polled-by.tsx';
import { type Filter, type GroupName, groupPath, withFilter } from './route.ts';
import { Kept, type Session } from './session.ts';
import { StatusMark } from './status-mark.tsx';
import { recentEvents } from './recent-events.ts';
import type { Page } from './page.ts';
import { addressOf } from './root.ts';

/** GMs drawn before someone asks for more. */
const FIRST_ROWS = 100;
/** Most incidents of the last week. */
const RECENT_INCIDENTS = 10;
/** Most events in the picture: one page of the API. */
const MOST_EVENTS = 1000;
const MOST_INCIDENTS = 100;

export class GroupPage implements Page {
  readonly title: string;
  readonly #session: Session;
  readonly #signal: AbortSignal;
  readonly #group: Kept<GroupDocument>;
  readonly #events: Kept<EventListDocument>;
  readonly #incidents: Kept<IncidentListDocument>;
  readonly #tickets: Tickets;
  /** For lists: the group, with its cell if one is given. */
  readonly #filter: Filter;
  /** Events over the span of the picture. */
  readonly #past: Kept<EventListDocument>;
  readonly #pastIncidents: Kept<IncidentListDocument>;
  /** Null: nobody has chosen a span yet. */
  #chosen: HistoryHours | null = null;
  #all = false;

  constructor(session: Session, { name, cell }: GroupName, signal: AbortSignal) {
    this.title = cell === undefined ? `Group ${name}` : `Group ${name}, cell ${cell}`;
    this.#session = session;
    this.#signal = signal;
    this.#group = new Kept(session, `/api/v1${groupPath({ name, cell })}`, signal);
    this.#filter = { group: name, ...inCell(cell) };
    this.#events = recentEvents(session, this.#filter, signal);
    this.#incidents = new Kept(session, '', signal);
    this.#past = new Kept(session, '', signal);
    this.#pastIncidents = new Kept(session, '', signal);
    this.#tickets = new Tickets(session, signal);
  }

  get #hours(): HistoryHours {
    return this.#chosen ?? hoursOf(this.#group.body ?? { kek_lifetime_seconds: null });
  }

  async refresh(): Promise<void> {
    const incidents = incidentsPath(this.#filter, this.#session.nowMs(), RECENT_INCIDENTS);
    await Promise.all([
      this.#group.refresh(),
      this.#events.refresh(),
      this.#incidents.refresh(incidents),
      this.#refreshPast(),
    ]);
  }

  /** Loads what the picture is drawn from; the span moves on every minute. */
  async #refreshPast(): Promise<void> {
    // When the page opens the time is not known yet.
    if (this.#session.nowMs() === null) await this.#session.checkAgent(this.#signal);
    const nowMs = this.#session.nowMs();
    if (nowMs === null) return;
    const filter = { ...this.#filter, hours: String(this.#hours) };
    const sinceMs = Math.floor((nowMs - this.#hours * 3_600_000) / 60_000) * 60_000;
    const since = new Date(sinceMs).toISOString();
    await Promise.all([
      this.#past.refresh(withFilter('/api/v1/events', { ...this.#filter, since, limit: String(MOST_EVENTS) })),
      this.#pastIncidents.refresh(incidentsPath(filter, nowMs, MOST_INCIDENTS)),
    ]);
  }

  #pictureOf(group: GroupDocument, nowMs: number | null): VNode | null {
    if (nowMs === null) return null;
    const seen = { events: this.#past.body?.events ?? [], incidents: this.#pastIncidents.body?.incidents ?? [] };
    return (
      <section aria-labelledby="keys">
        <h2 id="keys">Keys over time</h2>
        <KeyHistoryPicture
          history={keyHistory(group, seen, this.#hours, nowMs)}
          hours={this.#hours}
          onChoose={(hours) => {
            this.#chosen = hours;
            // The session shows the result.
            void this.#refreshPast();
            this.#session.changed();
          }}
        />
      </section>
    );
  }

  render(): VNode {
    return <NamedPage title={this.title} of="group" kept={this.#group} draw={(group) => this.#body(group)} />;
  }

  #body(group: GroupDocument): VNode {
    const nowMs = this.#session.nowMs();
    const scale = { leadSeconds: group.lead.seconds, lifetimeSeconds: group.kek_lifetime_seconds };
    return (
      <Fragment>
        <p class="summary">
          <bdi>{group.statement ?? group.summary}</bdi>
        </p>
        {[group.separate_groups, group.other_cells].map(
          (doubt) =>
            doubt !== null && (
              <p class="note refused">
                <bdi>{doubt.summary}</bdi>
              </p>
            ),
        )}
        <FirstStep action={group.action} />
        <GrafanaLink session={this.#session} of="group" name={group.group} />
        <GroupFacts group={group} nowMs={nowMs} />
        {group.at_risk.length > 0 && <AtRisk group={group} nowMs={nowMs} />}
        {this.#pictureOf(group, nowMs)}
        {this.#incidentsOf(group, nowMs)}
        <section aria-labelledby="kss">
          <h2 id="kss">Key servers</h2>
          {group.kss.length === 0 ? (
            <p class="note">No KS of this group is polled: leads, lists and current keys are not known.</p>
          ) : (
            <KeyServers group={group} scale={scale} nowMs={nowMs} />
          )}
        </section>
        <section aria-labelledby="gms">
          <h2 id="gms">Group members</h2>
          {group.gms.length === 0 ? (
            <p class="note">No GM of this group is polled.</p>
          ) : (
            this.#members(group, scale, nowMs)
          )}
        </section>
        <section aria-labelledby="checks">
          <h2 id="checks">Checks</h2>
          <ChecksTable checks={group.checks} />
        </section>
        <section aria-labelledby="events">
          <h2 id="events">Events</h2>
          <EventList events={this.#events.body?.events ?? []} nowMs={nowMs} />
          <p>
            <a href={addressOf(withFilter('/events', { group: group.group, cell: group.cell }))}>
              All events of this group
            </a>
          </p>
        </section>
      </Fragment>
    );
  }

  #incidentsOf({ group, cell }: GroupDocument, nowMs: number | null): VNode {
    return (
      <section aria-labelledby="incidents">
        <h2 id="incidents">Incidents of the last week</h2>
        <IncidentList incidents={this.#incidents.body?.incidents ?? []} tickets={this.#tickets} nowMs={nowMs} />
        <p>
          <a href={addressOf(withFilter('/incidents', { group, cell }))}>All incidents of this group</a>
        </p>
      </section>
    );
  }

  #members(group: GroupDocument, scale: KekScale, nowMs: number | null): VNode {
    const gms = inOrderOfNeed(group.gms);
    const shown = this.#all ? gms : gms.slice(0, FIRST_ROWS);
    return (
      <Fragment>
        <KekLegend scale={scale} />
        <table class="members" role="table">
          <caption>
            {group.gms.length} polled {group.gms.length === 1 ? 'GM' : 'GMs, those with problems first'}
            {group.gms_left_out > 0 ? `; ${group.gms_left_out} more are in the fleet table` : ''}
          </caption>
          <thead role="rowgroup">
            <tr role="row">
              <Column>Status</Column>
              <Column>GM</Column>
              <KekColumn scale={scale} />
              <Column>Re-registers, unless rekeyed</Column>
              <Column>KS</Column>
              <Column class="n">Acks missed</Column>
              <Column>KEK / TEKs</Column>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {shown.map((gm) => (
              <MemberRow key={gm.device} gm={gm} scale={scale} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
        {shown.length < gms.length && (
          <button
            type="button"
            onClick={() => {
              this.#all = true;
              this.#session.changed();
            }}
          >
            Show all {gms.length} GMs
          </button>
        )}
      </Fragment>
    );
  }
}

function GroupFacts({ group, nowMs }: { readonly group: GroupDocument; readonly nowMs: number | null }): VNode {
  const otherKek = group.gms.filter((gm) => gm.kek_matches_ks === false).map(({ device }) => device);
  return (
    <Facts>
      <NextRekey name="Next KEK rekey" next={group.next_kek_rekey} nowMs={nowMs} />
      <NextRekey name="Next TEK rekey" next={group.next_tek_rekey} nowMs={nowMs} />
      <Fact name="Rekey overdue, or missed in the last 10 min">{missedRekey(group)}</Fact>
      <Fact name="Hold another KEK than the KS">
        {otherKek.length === 0 ? 'nobody' : <NameList names={otherKek} link />}
      </Fact>
      <Fact name="Hold other TEKs than the group">{namesOrNobody(group.divergent_members)}</Fact>
      <Fact name="Mixed versions">{mixedVersions(group)}</Fact>
      <Fact name="COOP">{coop(group)}</Fact>
      <Fact name="Listed by a KS, matched to no device">
        {group.not_polled.length === 0 ? 'nobody' : <NameList names={group.not_polled} />}
      </Fact>
      <Fact name="Registered, listed by no KS">{namesOrNobody(group.not_listed)}</Fact>
      <Fact name="KS’s lead">{lead(group)}</Fact>
      <PolledBy owner={group.owner} />
    </Facts>
  );
}

type Gm = GroupDocument['gms'][number];

function MemberRow({
  gm,
  scale,
  nowMs,
}: {
  readonly gm: Gm;
  readonly scale: KekScale;
  readonly nowMs: number | null;
}): VNode {
  const part = gm.membership;
  return (
    <tr role="row" class={`row ${part?.status ?? 'unknown'}`}>
      <td role="cell" class="c-status">
        <StatusMark status={part?.status ?? 'unknown'} />
      </td>
      <th role="rowheader" scope="row" class="c-name">
        <DeviceLink name={gm.device} />
        {!gm.reachable && <Silent />}
      </th>
      <td role="cell" class="c-track">
        <KekTrack of="gm" kek={part?.kek ?? null} scale={scale} nowMs={nowMs} absent={withoutKek(gm)} />
      </td>
      <td role="cell" class="c-next" data-label="re-registers, unless rekeyed, ">
        {part?.reregisters_at === null || part?.reregisters_at === undefined ? (
          '–'
        ) : (
          <Countdown at={part.reregisters_at} nowMs={nowMs} />
        )}
      </td>
      <td role="cell" class="c-ks" data-label="KS ">
        {part?.key_server ?? '–'}
      </td>
      <td role="cell" class="n c-acks" data-label="acks missed ">
        {gm.acks_missed ?? '–'}
      </td>
      <td role="cell" class="c-keys" data-label="KEK / TEKs ">
        {sameKey(gm.kek_matches_ks)} / {gm.divergent ? 'other' : sameKey(gm.tek_matches_ks)}
      </td>
    </tr>
  );
}

function KekColumn({ scale }: { readonly scale: KekScale }): VNode {
  return (
    <Column class="c-track">
      <span class="visually-hidden">KEK, in seconds to its expiry</span>
      <KekAxis scale={scale} />
    </Column>
  );
}

function Silent(): VNode {
  return <span class="bad"> does not answer</span>;
}

function withoutKek(gm: Gm): string {
  if (gm.membership?.registered === false) return 'not registered';
  return gm.kek_behavior === 'legacy'
    ? 'shows no KEK lifetime (old release: has no KEK timer)'
    : 'holds no KEK, or shows none';
}

function sameKey(matches: boolean | null): string {
  return matches === null ? '?' : matches ? 'same' : 'other';
}

/**
 * KEKs that end within this time of the last one are the same KEK: read from several GMs, its end differs by a whole
 * second of the countdown and by half the time of an answer, a few seconds in all. The KEK before it ended minutes
 * earlier.
 */
const ENDS_TOGETHER_MS = 10_000;

/** The worst first, then those whose KEK ends before the others'. */
function inOrderOfNeed(gms: readonly Gm[]): readonly Gm[] {
  const weight = (gm: Gm) => HEALTH_STATUSES.indexOf(gm.membership?.status ?? 'unknown');
  const endMs = (gm: Gm) => Date.parse(gm.membership?.kek?.expires_at ?? '') || Number.MAX_SAFE_INTEGER;
  const lastMs = gms.map(endMs).reduce((last, end) => (end < Number.MAX_SAFE_INTEGER ? Math.max(last, end) : last), 0);
  const ends = (gm: Gm) => (Math.abs(lastMs - endMs(gm)) <= ENDS_TOGETHER_MS ? lastMs : endMs(gm));
  return gms.toSorted((a, b) => weight(b) - weight(a) || ends(a) - ends(b) || naturalOrder(a.device, b.device));
}

function KeyServers(props: {
  readonly group: GroupDocument;
  readonly scale: KekScale;
  readonly nowMs: number | null;
}): VNode {
  return (
    <table class="members" role="table">
      <caption>{counted(props.group.kss.length, 'polled KS')}</caption>
      <thead role="rowgroup">
        <tr role="row">
          <Column>Status</Column>
          <Column>KS</Column>
          <KekColumn scale={props.scale} />
          <Column>Role</Column>
          <Column>Address</Column>
          <Column class="n">GMs</Column>
          <Column>Version</Column>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {props.group.kss.map((ks) => (
          <KeyServerRow key={ks.device} ks={ks} scale={props.scale} nowMs={props.nowMs} />
        ))}
      </tbody>
    </table>
  );
}

function KeyServerRow({
  ks,
  scale,
  nowMs,
}: {
  readonly ks: GroupDocument['kss'][number];
  readonly scale: KekScale;
  readonly nowMs: number | null;
}): VNode {
  return (
    <tr role="row" class={`row ${ks.membership?.status ?? 'unknown'}`}>
      <td role="cell" class="c-status">
        <StatusMark status={ks.membership?.status ?? 'unknown'} />
      </td>
      <th role="rowheader" scope="row" class="c-name">
        <DeviceLink name={ks.device} />
        {!ks.reachable && <Silent />}
      </th>
      <td role="cell" class="c-track">
        <KekTrack
          of={{ sends: ks.kek_behavior, answers: ks.reachable }}
          kek={ks.membership?.kek ?? null}
          scale={scale}
          nowMs={nowMs}
          absent="shows no KEK"
        />
      </td>
      <td role="cell" class="c-next">
        {ks.role ?? 'no COOP role'}
      </td>
      <td role="cell" class="c-ks">
        {ks.address ?? '–'}
      </td>
      <td role="cell" class="n c-acks" data-label="GMs ">
        {ks.members ?? '–'}
      </td>
      <td role="cell" class="c-keys">
        {ks.version ?? '–'}
        {ks.kek_behavior === 'legacy' ? ' (sends the KEK at expiry)' : ''}
      </td>
    </tr>
  );
}

function AtRisk({ group, nowMs }: { readonly group: GroupDocument; readonly nowMs: number | null }): VNode {
  const polled = new Set(group.gms.map(({ device }) => device));
  const shown = group.at_risk.slice(0, FIRST_ROWS);
  return (
    <section aria-labelledby="risk" class="risk">
      <h2 id="risk">At risk: {group.at_risk.length}</h2>
      <ul>
        {shown.map(({ gm, status, reason, reregisters_at: at }) => (
          <li key={gm}>
            <StatusMark status={status} /> {polled.has(gm) ? <DeviceLink name={gm} /> : <Name text={gm} />}:{' '}
            <bdi>{reason}</bdi>
            {at !== null && (
              <Fragment>
                {'; re-registers '}
                <Countdown at={at} nowMs={nowMs} />
              </Fragment>
            )}
          </li>
        ))}
      </ul>
      {shown.length < group.at_risk.length && <p>and {group.at_risk.length - shown.length} more</p>}
    </section>
  );
}

function NextRekey(props: {
  readonly name: string;
  readonly next: GroupDocument['next_kek_rekey'];
  readonly nowMs: number | null;
}): VNode {
  return (
    <Fact name={props.name}>
      {props.next === null ? 'not known' : <Countdown at={props.next.at} nowMs={props.nowMs} />}
    </Fact>
  );
}

function lead({ lead: { seconds, source }, kss }: GroupDocument): VNode | string {
  if (kss.length > 0 && kss.every((ks) => ks.kek_behavior === 'legacy')) return 'none: the new KEK comes at expiry';
  return (
    <Fragment>
      {Math.round(seconds)} s before expiry{' '}
      <span class="faint">({source === 'ks' ? 'as its KS shows' : 'no KS shows it: the minimum'})</span>
    </Fragment>
  );
}

function namesOrNobody(names: readonly string[]): VNode | string {
  return names.length === 0 ? 'nobody' : <NameList names={names} link />;
}

function missedRekey(group: GroupDocument): VNode | string {
  const { missed_last_rekey: missed } = group;
  if (missed.gms.length === 0) return 'nobody';
  const where = placeOfLoss(group.explanations);
  return (
    <Fragment>
      <NameList names={missed.gms} /> <span class="faint">{where}</span>
    </Fragment>
  );
}

function mixedVersions({ mixed_versions: mixed }: GroupDocument): VNode | string {
  if (mixed === null) return 'no';
  return (
    <Fragment>
      upgrade{' '}
      <NameList
        names={mixed.legacy_kss.map(({ device, version }) => (version === null ? device : `${device} (${version})`))}
      />
      ; until then {counted(mixed.affected_gms.length, 'GM')}
      {mixed.affected_gms.length === 1 ? ' re-registers' : ' re-register'} twice in every KEK cycle
      {mixed.sending.length === 0 ? ' once it is primary' : ''}
    </Fragment>
  );
}

function coop(group: GroupDocument): VNode | string {
  const lost = group.coop_peers.filter((peer) => peer.lost === true).map(({ address, device }) => device ?? address);
  if (group.coop_split !== null) {
    return (
      <Fragment>
        split: <NameList names={group.coop_split.primaries} /> are both primary
      </Fragment>
    );
  }
  return (
    <Fragment>
      {group.primaries.length === 0 ? (
        group.kss.length === 1 && group.coop_peers.length === 0 ? (
          'none: a single KS'
        ) : (
          'no primary is seen'
        )
      ) : (
        <Fragment>
          primary: <NameList names={group.primaries} />
        </Fragment>
      )}
      {lost.length > 0 && (
        <Fragment>
          ; lost: <NameList names={lost} />
        </Fragment>
      )}
    </Fragment>
  );
}
