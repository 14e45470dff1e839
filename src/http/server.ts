/**
 * The agent's HTTP side: metrics, API, event stream, the page, reload. Thin: it reads what others made, and asks for a
 * poll or a reload if its client may.
 */
import { isIPv6 } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { createApp } from './app.ts';
import { type HttpCounters, newCounters } from './base/counters.ts';
import { EventStreams } from './events/event-streams.ts';
import { guard } from './guard/admission.ts';
import { CONNECTION_BOUNDS, Connections } from './guard/connections.ts';
import { secureContextOptions } from './guard/tls-options.ts';
import { HealthBoard } from '../model/health-board.ts';
import { openApi, openApiRoute } from './routes/openapi-route.ts';
import type { HttpOptions } from './base/options.ts';
import { pageRoutes } from './page/page-routes.ts';
import { deviceRoutes } from './routes/device-routes.ts';
import { discoveryRoute } from './routes/discovery-route.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { eventStreamRoute } from './routes/event-stream-route.ts';
import { groupRoutes } from './routes/group-routes.ts';
import { incidentRoutes } from './routes/incident-routes.ts';
import { lifecycleRoutes } from './routes/lifecycle-routes.ts';
import { maintenanceRoutes } from './routes/maintenance-routes.ts';
import { metricsRoute } from './routes/metrics-route.ts';
import { probeRoute } from './routes/probe-route.ts';

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly counters: Readonly<HttpCounters>;
  /** Serves new connections with the certificate of `web()`; whether there is TLS at all is decided at the start. */
  renewCertificate(): void;
}

/** Listens; rejects with Node's error (`EADDRINUSE`, `EACCES`) if it cannot. */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { tls } = options.web();
  const counters = newCounters();
  const board = new HealthBoard(options.fleet, options.clock);
  const streams = new EventStreams(options, counters);
  const connections = new Connections(CONNECTION_BOUNDS, options.network.monoMs, counters);
  const { errors, requestTimeoutMs } = options;
  const app = createApp({ tls, errors, connections, requestTimeoutMs });

  guard(app, options, counters);
  // The clock that made the answer, which may differ from that of its machine: countdowns are shown relative to it.
  app.addHook('onSend', async (_, reply) => {
    void reply.header('date', new Date(options.clock.wallMs()).toUTCString());
  });
  await openApi(app, options.version);
  lifecycleRoutes(app, options);
  metricsRoute(app, options);
  probeRoute(app, options, counters);
  deviceRoutes(app, options, board, counters);
  groupRoutes(app, options, board);
  eventRoutes(app, options);
  incidentRoutes(app, options);
  maintenanceRoutes(app, options, board);
  eventStreamRoute(app, streams, counters, connections);
  discoveryRoute(app, options);
  openApiRoute(app);
  await pageRoutes(app, options);

  await app.listen({ host: options.host, port: options.port });
  streams.start();
  const stopListening = options.fleet.onEvents((events) => streams.send(events));
  const address = app.server.address();
  const { host, port } =
    address === null || typeof address === 'string' ? options : { host: address.address, port: address.port };
  return {
    url: `${tls === null ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    counters,
    renewCertificate() {
      const renewed = options.web().tls;
      if (renewed !== null && app.server instanceof TlsServer)
        app.server.setSecureContext(secureContextOptions(renewed));
    },
    async [Symbol.asyncDispose]() {
      stopListening();
      await streams[Symbol.asyncDispose]();
      await app.close();
    },
  };
}
