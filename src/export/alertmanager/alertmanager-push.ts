/**
 * Sends events straight to Alertmanager, for conditions that come and go between two scrapes. Every Alertmanager is
 * told separately, as the members of its cluster need it; the labels make a pushed alert and Prometheus's the same
 * alert.
 */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Random } from '../../kernel/random.ts';
import { AlertSender, type SenderStatus } from './alert-sender.ts';
import { alertsOf } from './alerts-of-event.ts';
import { withDeadline } from '../../kernel/with-deadline.ts';
import { FiringAlerts } from './firing-alerts.ts';
import type { BasicAuth } from './post-alerts.ts';

/** Where alerts go, and with which labels: section `alertmanager` of the configuration. */
export interface AlertDestinations {
  /** Base of each one's v2 API: `http://127.0.0.1:9093/api/v2`. */
  readonly apiUrls: readonly string[];
  readonly basicAuth: BasicAuth | null;
  /** What Prometheus adds: `job` and `instance` of the agent's scrape, and its external labels. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface AlertmanagerPushOptions {
  /** Null: none, until `configure`. */
  readonly destinations: AlertDestinations | null;
  /** Wall time of the events; durations use the machine's clock. */
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where people reach the agent, without a trailing slash: alerts link to its API. */
  readonly generatorUrl: () => string;
}

export interface PushStatus {
  readonly alertmanagers: readonly SenderStatus[];
  /** Alerts whose end will not be sent, because too many fire. */
  readonly forgotten: number;
}

export interface AlertmanagerPush extends AsyncDisposable {
  /** Returns at once; `status` shows the result. Events of one call are one request, up to 500 alerts. */
  push(events: readonly GdoiEvent[]): void;
  /**
   * Applies another configuration. An Alertmanager that stays keeps its queue; one that leaves still gets what waits
   * for it.
   */
  configure(destinations: AlertDestinations | null): Promise<void>;
  status(): PushStatus;
}

const NOBODY: AlertDestinations = { apiUrls: [], basicAuth: null, labels: {} };
/** Time for what is queued when the agent stops, or an Alertmanager leaves the configuration. */
const DRAIN_MS = 2000;

export function createAlertmanagerPush(options: AlertmanagerPushOptions): AlertmanagerPush {
  const { clock } = options;
  const firing = new FiringAlerts(options.generatorUrl);
  const senders = new Map<string, AlertSender>();

  /** Returns the senders that are no longer needed. */
  const use = ({ apiUrls, basicAuth, labels }: AlertDestinations): readonly AlertSender[] => {
    const gone = [...senders].filter(([url]) => !apiUrls.includes(url));
    for (const [url] of gone) senders.delete(url);
    for (const apiUrl of apiUrls) {
      const known = senders.get(apiUrl);
      if (known === undefined) senders.set(apiUrl, new AlertSender({ ...options, apiUrl, basicAuth }));
      else known.basicAuth = basicAuth;
    }
    firing.addToAll(labels);
    return gone.map(([, sender]) => sender);
  };
  const configure = async (destinations: AlertDestinations | null) => {
    const gone = use(destinations ?? NOBODY);
    await withDeadline(clock, DRAIN_MS, (giveUp) => Promise.all(gone.map((sender) => sender.close(giveUp))));
  };

  use(options.destinations ?? NOBODY);
  return {
    push(events) {
      if (senders.size === 0) return;
      const nowMs = clock.wallMs();
      const alerts = events.flatMap(alertsOf).flatMap((change) => firing.take(change, nowMs) ?? []);
      if (alerts.length > 0) for (const sender of senders.values()) sender.send(alerts);
    },
    configure,
    status: () => ({
      alertmanagers: Array.from(senders.values(), (sender) => sender.status()),
      forgotten: firing.forgotten,
    }),
    [Symbol.asyncDispose]: () => configure(null),
  };
}
