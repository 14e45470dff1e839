/** The frame of every page: navigation, whether the agent answers, and sign-in. */
import { durationText } from '../gdoi/events/duration-text.ts';
import { hasToken, rememberToken } from './agent-api.ts';
import { monoMs } from './browser-time.ts';
import { Fragment, type VNode } from 'preact';
import type { AgentDocument } from '../http/page/agent-document.ts';
import type { Session } from './session.ts';
import { utcText } from './instants.tsx';
import { addressOf } from './root.ts';

export function Shell(props: {
  readonly session: Session;
  readonly room: string;
  readonly page: VNode;
  /** Read aloud by screen readers when it changes. */
  readonly incident: string;
  readonly onSignIn: () => void;
}): VNode {
  const { session, room } = props;
  const { agent } = session;
  const nowMs = session.nowMs();
  const place = (path: string, name: string) => (
    <a href={addressOf(path)} aria-current={room === name ? 'page' : undefined}>
      {name}
    </a>
  );
  return (
    <Fragment>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <strong class="brand">gdoiwatch</strong>
        <nav aria-label="Views">
          {place('/', 'Fleet')}
          {place('/groups', 'Groups')}
          {place('/incidents', 'Incidents')}
          {place('/events', 'Events')}
          <a href={addressOf('/metrics')}>Metrics</a>
        </nav>
        <span class="faint clock">{nowMs !== null && utcText(new Date(nowMs).toISOString())}</span>
      </header>
      <Trouble session={session} onSignIn={props.onSignIn} />
      {agent !== null && <OfTheAgent agent={agent} />}
      <main id="main" class={session.isStale ? 'stale' : ''}>
        {props.page}
      </main>
      <p class="visually-hidden" role="status">
        {props.incident}
      </p>
      <footer class="faint">
        gdoiwatch {agent?.version ?? ''} · times are UTC, then local · <a href={addressOf('/api/openapi.json')}>API</a>
      </footer>
    </Fragment>
  );
}

/** What it says of itself above every view. */
function OfTheAgent({ agent }: { readonly agent: AgentDocument }): VNode {
  return (
    <Fragment>
      {agent.quarantined_credentials.length > 0 && (
        <p class="banner warning">
          Refused by several devices, and not tried any more: credential {agent.quarantined_credentials.join(', ')}
        </p>
      )}
      <Banner
        of="Not as the configuration has it:"
        lines={agent.doubts}
        more={agent.more_doubts}
        rest="the log has them"
      />
      <Banner
        of="Under maintenance, its alerts are muted:"
        lines={agent.under_maintenance}
        more={agent.more_under_maintenance}
        rest="/api/v1/maintenance has them"
      />
      {!agent.first_sweep_done && (
        <p class="banner">
          The first sweep is under way: {Math.floor(agent.first_sweep_progress * 100)} % of the devices have been
          polled.
        </p>
      )}
    </Fragment>
  );
}

function Banner(props: {
  readonly of: string;
  readonly lines: readonly string[];
  /** Beyond these, and who has the rest. */
  readonly more: number;
  readonly rest: string;
}): VNode | null {
  const { of: what, lines, more, rest } = props;
  if (lines.length === 0) return null;
  return (
    <div class="banner warning">
      {what}
      <ul>
        {lines.map((line) => (
          <li key={line}>
            <bdi>{line}</bdi>
          </li>
        ))}
        {more > 0 && (
          <li>
            and {more} more: {rest}
          </li>
        )}
      </ul>
    </div>
  );
}

function Trouble({ session, onSignIn }: { readonly session: Session; readonly onSignIn: () => void }): VNode | null {
  const { link } = session;
  switch (link.kind) {
    case 'connecting':
    case 'connected':
      return null;
    case 'unreachable':
      return (
        <p class="banner critical">
          <strong role="alert">The agent does not answer</strong> for {durationText((monoMs() - link.since) / 1000)}.
          What you see is as old as that; countdowns go on by the last known clock. Trying again ...
        </p>
      );
    case 'unauthorised':
      return (
        <form
          class="banner critical"
          onSubmit={(event) => {
            event.preventDefault();
            const token = new FormData(event.currentTarget).get('token');
            rememberToken(typeof token === 'string' ? token.trim() : '');
            onSignIn();
          }}
        >
          <strong role="alert">
            {hasToken() ? 'The agent does not accept this token.' : 'The agent asks you to sign in.'}
          </strong>{' '}
          <label>
            Token <input type="password" name="token" autoComplete="off" required maxLength={4096} />
          </label>{' '}
          <button type="submit">Sign in</button> <span>{link.detail} It is kept until this tab is closed.</span>
        </form>
      );
    default:
      return link satisfies never;
  }
}
