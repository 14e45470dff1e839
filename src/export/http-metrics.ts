/** What the HTTP side refused or gave up. */
import { renderFamily } from './prepared-lines.ts';

/** What metrics show of the HTTP server; all but the first are counts since the start. */
export interface HttpState {
  readonly streamsOpen: number;
  readonly streamsClosedSlow: number;
  readonly streamsRefused: number;
  readonly credentialsRefused: number;
  readonly credentialsLimited: number;
  readonly crossSiteRefused: number;
  readonly connectionsEvicted: number;
  readonly pollsLimited: number;
}

export function httpMetrics(state: HttpState): string {
  const refused = {
    connections: state.connectionsEvicted,
    credentials: state.credentialsRefused,
    credentials_limited: state.credentialsLimited,
    cross_site: state.crossSiteRefused,
    polls: state.pollsLimited,
    streams: state.streamsRefused,
  };
  return (
    renderFamily({ name: 'gdoi_http_streams', type: 'gauge', help: 'Open event streams of the API and the page.' }, [
      [{}, state.streamsOpen],
    ]) +
    renderFamily(
      {
        name: 'gdoi_http_streams_closed_slow_total',
        type: 'counter',
        help: 'Event streams closed because their reader fell behind.',
      },
      [[{}, state.streamsClosedSlow]],
    ) +
    renderFamily(
      {
        name: 'gdoi_http_refused_total',
        type: 'counter',
        help: 'Requests refused and connections closed (too many of them, wrong credentials, a request from another site), by reason; every reason starts at 0.',
      },
      Object.entries(refused).map(([reason, count]) => [{ reason }, count] as const),
    )
  );
}
