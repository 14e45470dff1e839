/**
 * The web page: one shell for each of its addresses, its files, and what it needs to know of the agent itself. Shell and
 * files hold nothing of the network, so anyone gets them: the page asks for the token that the API wants.
 */
import { isoInstant } from '../../gdoi/event-document.ts';
import type { App } from '../app.ts';
import type { HttpOptions } from '../options.ts';
import { sendProblem } from '../problem.ts';
import type { AgentDocument } from './agent-document.ts';
import { type Asset, readAssets } from './assets.ts';

const PAGE_PATHS = ['/', '/groups', '/groups/:name', '/devices/:name', '/events'];
const OPEN = { schema: { hide: true }, config: { access: 'shell' } } as const;

export async function pageRoutes(app: App, { status, version, clock }: HttpOptions): Promise<void> {
  const assets = await readAssets();

  const send = (reply: Reply, asset: Asset | undefined, ifNoneMatch: string | undefined) => {
    if (asset === undefined)
      return sendProblem(reply, 404, 'This is no file of the page; was it built (npm run build)?');
    const { body, type, etag } = asset;
    void reply.headers({ etag, 'cache-control': 'no-cache' });
    return ifNoneMatch === etag ? reply.code(304).send() : reply.type(type).send(body);
  };
  for (const path of PAGE_PATHS) {
    app.get(path, OPEN, (request, reply) =>
      send(reply, assets.get('page/index.html'), request.headers['if-none-match']),
    );
  }
  app.get<{ Params: { '*': string } }>('/assets/*', OPEN, (request, reply) =>
    send(reply, assets.get(request.params['*']), request.headers['if-none-match']),
  );
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

type Reply = Parameters<typeof sendProblem>[0];
