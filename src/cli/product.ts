/** The running product, wired: access, agent, exposition and HTTP. `run` and `demo` differ only in what they hand in. */
import { createSshAccess } from '../access/ssh/ssh-access.ts';
import { Agent } from '../agent/agent.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { groupMetrics } from '../export/group-metrics.ts';
import { PreparedLines } from '../export/prepared-lines.ts';
import { createSelfMetrics } from '../export/self-metrics.ts';
import { startHttpServer } from '../http/server.ts';
import { type Clock, createSystemClock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { systemRandom } from '../ports/random.ts';
import { UserError } from '../ports/user-error.ts';
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts';
import { packageVersion } from './version.ts';

export interface Product extends AsyncDisposable {
  readonly url: string;
  readonly agent: Agent;
}

export async function startProduct(options: {
  readonly config: ResolvedConfig;
  /** The clock of polls and schedules; connections live on the machine's own. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reload: (agent: Agent) => Promise<{ readonly ok: boolean; readonly message: string }>;
}): Promise<Product> {
  const { config, clock, logger } = options;
  const network = createSystemClock();
  const access = createSshAccess({
    clock: { ...network, wallMs: clock.wallMs },
    random: systemRandom,
    knownHostsPath: config.ssh.knownHostsPath,
    maxHandshakes: config.ssh.maxHandshakes,
    logger,
  });
  const store = await openSqliteStore({
    path: config.store.sqlitePath,
    retentionMs: config.store.retentionMs,
    clock,
    logger,
  });
  const agent = await Agent.open({ config, clock, access, store, logger });
  const lines = new PreparedLines();
  agent.readModel.onChange((device, view) => lines.update(device, view));
  const registry = createSelfMetrics(packageVersion(), () => agent.status(), agent.readModel);
  try {
    const server = await startHttpServer({
      host: config.listen.host,
      port: config.listen.port,
      version: packageVersion(),
      clock,
      fleet: agent.readModel,
      status: () => agent.status(),
      deviceMetrics: () => lines.chunks(),
      selfMetrics: async () => (await registry.metrics()) + groupMetrics(agent.readModel),
      reload: () => options.reload(agent),
    });
    agent.start();
    return {
      url: server.url,
      agent,
      async [Symbol.asyncDispose]() {
        await agent[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await agent[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    throw listenError(config, error);
  }
}

function listenError(config: ResolvedConfig, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is in use; stop the other process or choose another port',
    EACCES: 'this user may not use the port; take one above 1023',
    EADDRNOTAVAIL: 'this machine has no such address',
  };
  const reason = reasons[code];
  if (reason === undefined) return error;
  return new UserError(`listen: cannot listen on ${config.listen.host}:${config.listen.port}: ${reason}`, {
    exitCode: 1,
  });
}
