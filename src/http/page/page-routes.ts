/**
 * The web page: one shell for each of its addresses, its files, and what it needs to know of the agent itself. Shell and
 * files hold nothing of the network: where only tokens are configured anyone gets them, and the page asks for the token.
 */
import { isoInstant } from '../../gdoi/events/event-document.ts';
import type { App } from '../app.ts';
import type { HttpOptions } from '../options.ts';
import { sendProblem } from '../problem.ts';
import type { AgentDocument } from './agent-document.ts';
import { readPageAssets } from './assets.ts';

const PAGE_PATHS = ['/', '/groups', '/groups/:name', '/devices/:name', '/events'];
const SHELL = { schema: { hide: true }, config: { access: 'shell' } } as const;

export async function pageRoutes(app: App, { status, version, clock }: HttpOptions): Promise<void> {
  const { shell, files } = await readPageAssets();
  for (const path of PAGE_PATHS) {
    app.get(path, SHELL, (_request, reply) =>
      shell === null
        ? sendProblem(reply, 404, 'The page was not built: npm run build.')
        : reply.type('text/html; charset=utf-8').send(shell),
    );
  }
  for (const [path, { body, type }] of files) {
    app.get(path, SHELL, (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(body),
    );
  }
  app.get('/page/agent', { schema: { hide: true } }, (): AgentDocument => {
    const { firstSweepDone, quarantinedCredentials } = status();
    return {
      version,
      at: isoInstant(clock.wallMs()),
      first_sweep_done: firstSweepDone,
      quarantined_credentials: [...quarantinedCredentials],
    };
  });
}
