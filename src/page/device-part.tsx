/** A device's part in one group: keys, countdowns and counters. */
import { durationText } from '../gdoi/events/duration-text.ts';
import type { DeviceDocument } from '../http/schemas/device-schema.ts';
import { Fact, Facts } from './facts.tsx';
import { Age, Countdown } from './instants.tsx';
import type { KekScale, KsSending } from './kek-scale.ts';
import { KekAxis, KekLegend, KekTrack } from './kek-track.tsx';
import { GroupLink, NameList } from './names.tsx';
import { type ComponentChildren, Fragment, type VNode } from 'preact';
import { StatusMark } from './status-mark.tsx';

type Part = DeviceDocument['groups'][number];
type NowMs = number | null;

/** Most rows of a KS's member list or of a GM's SAs. */
const MAX_ROWS = 200;

export function DevicePart(props: {
  readonly part: Part;
  readonly cell: DeviceDocument['cell'];
  /** For its role as a KS. */
  readonly sending: KsSending;
  readonly nowMs: NowMs;
}): VNode {
  const { part, nowMs } = props;
  const { kek } = part;
  const lead = kek === null ? null : (Date.parse(kek.expires_at) - Date.parse(kek.rekey_due_at)) / 1000;
  const scale: KekScale | null =
    lead === null ? null : { leadSeconds: lead, lifetimeSeconds: part.ks?.kek?.lifetime_seconds ?? null };
  return (
    <section class="part">
      <h2>
        Group <GroupLink name={part.group} cell={props.cell} /> <StatusMark status={part.status} />
      </h2>
      <p>
        <bdi>{part.summary}</bdi>
      </p>
      {scale !== null && (
        <figure class="kek-figure">
          <figcaption class="visually-hidden">KEK, in seconds to its expiry</figcaption>
          <KekAxis scale={scale} />
          <KekTrack of={part.gm === null ? props.sending : 'gm'} kek={kek} scale={scale} nowMs={nowMs} absent="" />
          <KekLegend scale={scale} />
        </figure>
      )}
      <Facts>
        <Timers part={part} nowMs={nowMs} />
        {part.gm !== null && <GmFacts part={part} gm={part.gm} nowMs={nowMs} />}
        {part.ks !== null && <KsFacts ks={part.ks} />}
        {part.data_problems.length > 0 && <Fact name="Contradicts itself">{part.data_problems.join('; ')}</Fact>}
        {part.sources_disagree === true && (
          <Fact name={part.restconf === null ? 'CLI and SNMP' : 'CLI and RESTCONF'}>show different keys</Fact>
        )}
      </Facts>
      {part.gm !== null && <Teks gm={part.gm} readAt={part.read_at} nowMs={nowMs} />}
      {part.ks !== null && <Members ks={part.ks} />}
    </section>
  );
}

function Timers({ part, nowMs }: { readonly part: Part; readonly nowMs: NowMs }): VNode {
  const { kek, forecast } = part;
  return (
    <Fragment>
      {kek !== null && (
        <Fragment>
          <Fact name="KEK rekey due">
            <Countdown at={kek.rekey_due_at} nowMs={nowMs} />
          </Fact>
          {part.gm !== null && (
            <Fact name="Without it, re-registers from">
              <Countdown at={kek.missed_window[0]} nowMs={nowMs} />
            </Fact>
          )}
          <Fact name="KEK expires">
            <Countdown at={kek.expires_at} nowMs={nowMs} />
          </Fact>
        </Fragment>
      )}
      {part.tek_expires_at !== null && (
        <Fact name="Last TEK expires">
          <Countdown at={part.tek_expires_at} nowMs={nowMs} />
        </Fact>
      )}
      {part.reregisters_at !== null && (
        <Fact name="Re-registers, unless rekeyed">
          <Countdown at={part.reregisters_at} nowMs={nowMs} /> <span class="faint">{forecast?.cause ?? ''}</span>
        </Fact>
      )}
    </Fragment>
  );
}

function GmFacts({
  part,
  gm,
  nowMs,
}: {
  readonly part: Part;
  readonly gm: NonNullable<Part['gm']>;
  readonly nowMs: NowMs;
}): VNode {
  const { registrations, rekeys, kek } = gm;
  const last = part.last_reregistration;
  const counted = part.reregistrations;
  const lastRekeyAt =
    rekeys.last_age_seconds === null
      ? null
      : new Date(Date.parse(part.read_at) - rekeys.last_age_seconds * 1000).toISOString();
  return (
    <Fragment>
      <Fact name="Registration">
        {gm.status ?? yesNo(gm.registered)}
        {gm.key_server !== null && ` with ${gm.key_server}`}
      </Fact>
      <Fact name="Registrations">
        {shown(registrations.succeeded)} of {shown(registrations.attempted)} attempted
      </Fact>
      <Fact name="Re-registrations seen">
        {counted === null ? 'not tracked' : `${counted.unexpected} unexpected, ${counted.expected} expected`}
        {last !== null && (
          <Fragment>
            ; the last <Age at={last.at} nowMs={nowMs} /> ago: {last.cause}
          </Fragment>
        )}
      </Fact>
      <Fact name="Rekeys">
        {shown(rekeys.received)} received, {shown(rekeys.since_registration)} since registration,{' '}
        {shown(rekeys.acks_sent)} acks sent
        {lastRekeyAt !== null && (
          <Fragment>
            ; the last <Age at={lastRekeyAt} nowMs={nowMs} /> ago
          </Fragment>
        )}
      </Fact>
      <Fact name="Holds the KS’s keys">
        KEK {yesNo(part.kek_matches_ks)}, TEKs {yesNo(part.tek_matches_ks)}
      </Fact>
      {kek !== null && (
        <Fact name="KEK">
          {join([kek.transport, kek.encryption, kek.key_bits === null ? null : `${kek.key_bits} bit`, kek.spi ?? null])}
        </Fact>
      )}
      {gm.replay !== undefined && gm.replay.input_errors !== null && (
        <Fact name="Anti-replay">
          {shown(gm.replay.input_errors)} input errors, {shown(gm.replay.time_sync_errors)} time sync errors
        </Fact>
      )}
      {gm.dataplane !== undefined && (
        <Fact name="Data plane errors">
          {Object.entries(gm.dataplane.errors)
            .filter(([, count]) => count > 0)
            .map(([kind, count]) => `${kind} ${count}`)
            .join(', ') || 'none'}
        </Fact>
      )}
    </Fragment>
  );
}

function KsFacts({ ks }: { readonly ks: NonNullable<Part['ks']> }): VNode {
  return (
    <Fragment>
      <Fact name="KS role">
        {ks.local_role ?? (ks.redundancy === false ? 'no COOP' : 'not shown')}
        {ks.local_priority !== null && `, priority ${ks.local_priority}`}
      </Fact>
      <Fact name="GMs registered">{shown(ks.members)}</Fact>
      {ks.kek !== null && (
        <Fact name="KEK as read">
          {seconds(ks.kek.remaining_seconds)} of {seconds(ks.kek.lifetime_seconds)} left, rekey in{' '}
          {seconds(ks.kek.time_to_rekey_seconds)}
        </Fact>
      )}
      {ks.peers !== null && ks.peers.length > 0 && (
        <Fact name="COOP peers">
          <NameList names={ks.peers.map(({ address, role, status }) => join([address, role, status], ' '))} />
        </Fact>
      )}
      {ks.rekeys_sent !== undefined && <Fact name="Rekeys sent">{ks.rekeys_sent}</Fact>}
    </Fragment>
  );
}

function Teks({
  gm,
  readAt,
  nowMs,
}: {
  readonly gm: NonNullable<Part['gm']>;
  readonly readAt: string;
  readonly nowMs: NowMs;
}): VNode | false {
  const teks = gm.teks ?? [];
  if (teks.length === 0) return false;
  return (
    <Rows
      caption="TEKs (IPsec SAs)"
      heads={['Interface', 'SPI', 'Transform', 'Remaining']}
      numbers={['Remaining']}
      total={teks.length}
    >
      {teks.slice(0, MAX_ROWS).map((tek, index) => (
        <tr key={`${tek.spi ?? ''} ${index}`}>
          <td>{tek.interface ?? '–'}</td>
          <td class="figure">{tek.spi ?? '–'}</td>
          <td>{tek.transform ?? '–'}</td>
          <td class="n">
            {tek.remaining_seconds === null ? (
              '–'
            ) : (
              <Countdown at={new Date(Date.parse(readAt) + tek.remaining_seconds * 1000).toISOString()} nowMs={nowMs} />
            )}
          </td>
        </tr>
      ))}
    </Rows>
  );
}

function Members({ ks }: { readonly ks: NonNullable<Part['ks']> }): VNode | false {
  const members = (ks.member_details ?? []).toSorted((a, b) => (b.acks_missed ?? 0) - (a.acks_missed ?? 0));
  if (members.length === 0) return false;
  return (
    <Rows
      caption="GMs as this KS lists them, most acknowledgements missed first"
      heads={['Address', 'Acks missed', 'Acks received', 'Rekeys sent', 'Version']}
      numbers={['Acks missed', 'Acks received', 'Rekeys sent']}
      total={members.length}
    >
      {members.slice(0, MAX_ROWS).map((member, index) => (
        <tr key={`${member.address} ${index}`}>
          <th scope="row">{member.address}</th>
          <td class={(member.acks_missed ?? 0) > 0 ? 'n bad' : 'n'}>{shown(member.acks_missed)}</td>
          <td class="n">{shown(member.acks_received)}</td>
          <td class="n">{shown(member.rekeys_sent)}</td>
          <td>{member.version ?? '–'}</td>
        </tr>
      ))}
    </Rows>
  );
}

function Rows(props: {
  readonly caption: string;
  readonly heads: readonly string[];
  /** Those over numbers, which stand to the right. */
  readonly numbers: readonly string[];
  readonly total: number;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={props.caption}>
      <table class="plain">
        <caption>
          {props.caption}
          {props.total > MAX_ROWS ? `: the first ${MAX_ROWS} of ${props.total}` : ''}
        </caption>
        <thead>
          <tr>
            {props.heads.map((head) => (
              <th key={head} scope="col" class={props.numbers.includes(head) ? 'n' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

function shown(value: number | null): string {
  return value === null ? '–' : String(value);
}

function seconds(value: number | null): string {
  return value === null ? '–' : durationText(value);
}

function yesNo(value: boolean | null): string {
  return value === null ? 'not known' : value ? 'yes' : 'no';
}

function join(parts: readonly (string | null)[], separator = ', '): string {
  return parts.filter((part) => part !== null).join(separator);
}
