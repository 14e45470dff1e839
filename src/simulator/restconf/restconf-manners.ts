/** How a simulated device behaves over RESTCONF: what IOS XE does, and what goes wrong. */

export interface RestconfManners {
  /**
   * What happens to a request: answered; `unauthorized` 401, `forbidden` 403 for `forbiddenPaths`; `busy` 409, `later`
   * 429 with Retry-After, `later-dated` 503 with a date there, `gone` 503, `error` 500; `redirect` 302; `silent`
   * nothing; `truncated` cut inside the body; `short` announces more than it sends and closes; `babble` never ends; `garbage`
   * no HTTP; `compressed` gzip that nobody asked for; `named-twice` JSON with a member that is there twice.
   */
  readonly answer:
    | 'normal'
    | 'unauthorized'
    | 'busy'
    | 'later'
    | 'later-dated'
    | 'gone'
    | 'error'
    | 'redirect'
    | 'silent'
    | 'truncated'
    | 'short'
    | 'babble'
    | 'garbage'
    | 'broken-json'
    | 'compressed'
    | 'named-twice';
  /** Path endings that NACM hides. */
  readonly forbiddenPaths: readonly string[];
  readonly contentType: string;
  /** HTTP/1.0 closes after each answer. */
  readonly version: '1.1' | '1.0';
  readonly chunked: boolean;
  readonly date: boolean;
  readonly delayMs: number;
  /** `old`: TLS 1.1 at most. `silent`: accepts the TCP connection and sends nothing. */
  readonly tls: 'normal' | 'old' | 'silent';
  /** `changed`: another certificate than before. */
  readonly certificate: 'first' | 'changed';
  /** The part of the model that it has. */
  readonly module: 'release' | 'without-gdoi';
  /** The device's clock minus the fleet's. */
  readonly clockAheadMs: number;
}

export const DEFAULT_RESTCONF_MANNERS: RestconfManners = {
  answer: 'normal',
  forbiddenPaths: [],
  contentType: 'application/yang-data+json',
  version: '1.1',
  chunked: false,
  date: true,
  delayMs: 0,
  tls: 'normal',
  certificate: 'first',
  module: 'release',
  clockAheadMs: 0,
};
