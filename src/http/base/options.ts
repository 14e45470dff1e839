/** What the HTTP side needs from its surroundings, in its own words. */
import type { Maintenance } from '../../model/maintenance.ts';
import type { OtherAgents } from '../../model/other-agents.ts';
import type { AgentStatus, FleetReadModel } from '../../model/read-model.ts';
import type { EventPage, EventQuery } from '../../gdoi/events/event-query.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import type { IncidentPage, IncidentQuery } from '../../gdoi/incidents/incident-query.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { InternalErrors } from '../../kernel/internal-errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Secret } from '../../kernel/secret.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly version: string;
  /** The clock of devices and events. */
  readonly clock: Clock;
  /** The machine's own clock, for connections. */
  readonly network: Clock;
  readonly logger: Logger;
  readonly errors: InternalErrors;
  readonly fleet: FleetReadModel;
  readonly status: () => ShownStatus;
  /** It shares a store and has had no lease in it for long, so it cannot poll. Absent: never. */
  readonly outcast?: () => boolean;
  /** Exposition of the devices, in pieces. */
  readonly deviceMetrics: () => Iterable<string>;
  /** Exposition of one device; empty if there is none. */
  readonly deviceLines: (device: string) => string;
  /** Exposition of the agent itself. */
  readonly selfMetrics: () => Promise<string>;
  readonly events: EventReader;
  readonly incidents: IncidentReader;
  readonly maintenance: Maintenance;
  /** Absent: the store is this agent's alone, and it polls the whole fleet. */
  readonly others?: OtherAgents | undefined;
  /** Most event streams open at once; absent: 1024. */
  readonly maxStreams?: number;
  /** Limit for a whole request to arrive, ms; absent: 10 s. */
  readonly requestTimeoutMs?: number;
  readonly pollNow: (device: string, signal: AbortSignal) => Promise<PollNowOutcome>;
  /** Reloads the configuration: the line to answer with, or why it was refused. */
  readonly reload: (meant: {
    readonly removalsMeant: boolean;
  }) => Promise<{ readonly ok: boolean; readonly message: string }>;
  /** What differs from the configuration, one line each; absent: nothing. */
  readonly doubts?: () => readonly string[];
  /** Grafana with the shipped dashboards, as configured now; null or absent: the page has no link. */
  readonly grafanaUrl?: () => string | null;
  /** Who may connect, as configured now: asked for each request, so that a reload applies at once. */
  readonly web: () => WebAccess;
}

/** The part of the agent's own state that is shown. */
type ShownStatus = Pick<AgentStatus, 'firstSweepDone' | 'firstSweepProgress' | 'quarantinedCredentials'>;

export type PollNowOutcome =
  /** The device's view is as new as it gets, whatever the result. */
  | { readonly kind: 'polled' }
  | { readonly kind: 'unknown_device' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  /** The signal was aborted first. */
  | { readonly kind: 'abandoned' };

/** The part of the event history that is read. */
export interface EventReader {
  query(query: EventQuery): Promise<EventPage>;
}

/** The part of the incidents' history that is read. */
export interface IncidentReader {
  /** The latest beginning first. */
  incidents(query: IncidentQuery): Promise<IncidentPage>;
  /** Null: unknown. */
  incident(id: string): Promise<Incident | null>;
}

export type Scope = 'read' | 'operate';

export interface WebAccess {
  /** Null: plain HTTP. */
  readonly tls: TlsSettings | null;
  /** User name to bcrypt hash. Empty, and no tokens either: everyone may enter. */
  readonly basicAuthUsers: ReadonlyMap<string, Secret>;
  readonly tokens: readonly BearerToken[];
  /** Added to every response. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface BearerToken {
  /** For logs. */
  readonly name: string;
  /** `operate` may do what `read` may. */
  readonly scope: Scope;
  /** SHA-256 of the token, in hex. */
  readonly sha256: Secret;
}

/** Spelled as in `node:tls`. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: Secret;
  /** CAs of client certificates; if not null, a client without such a certificate is refused. */
  readonly clientCa: string | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: string | null;
  readonly honorCipherOrder: boolean;
  readonly ecdhCurve: string | null;
}
