/** The counters of the HTTP side: each limit has a count of how often it was reached. */
export interface HttpCounters {
  /** Event streams that are open now. */
  streamsOpen: number;
  /** Streams that were closed because their reader was too slow. */
  streamsClosedSlow: number;
  /** Streams that were refused because there were too many. */
  streamsRefused: number;
  /** Requests with wrong credentials. */
  credentialsRefused: number;
  /** Credentials that were not checked because of too many wrong ones before, or too many at once. */
  credentialsLimited: number;
  /** Requests that came from another site or used another name of this host. */
  crossSiteRefused: number;
  /** Connections that were closed because there were too many. */
  connectionsEvicted: number;
  /** Polls on request that were refused because there were too many. */
  pollsLimited: number;
}

export function newCounters(): HttpCounters {
  return {
    streamsOpen: 0,
    streamsClosedSlow: 0,
    streamsRefused: 0,
    credentialsRefused: 0,
    credentialsLimited: 0,
    crossSiteRefused: 0,
    connectionsEvicted: 0,
    pollsLimited: 0,
  };
}
