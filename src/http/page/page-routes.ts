/**
 * The web page: one shell for all its addresses, its files, and what it needs to know about the agent itself. Shell and
 * files contain nothing about the network: if only tokens are configured anyone gets them, and the page asks for the
 * token. Everything in the build is served: files are named by their content, so a browser may keep them for ever.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import { isoInstant } from '../../gdoi/events/event-document.ts';
import { packageFile } from '../../kernel/package-file.ts';
import type { App } from '../base/app-type.ts';
import type { HttpOptions } from '../base/options.ts';
import { sendProblem } from '../base/problem.ts';
import type { AgentDocument } from './agent-document.ts';
import { PAGE_PATHS } from './page-paths.ts';
import { plannedWork } from './planned-work.ts';

const BUILT = fileURLToPath(packageFile('dist/page/'));
const SHELL = { schema: { hide: true }, config: { access: 'shell' } } as const;

/** Most doubts, and most windows of planned work, that are shown: more of them have a common reason. */
const MAX_DOUBTS = 20;

export async function pageRoutes(app: App, options: HttpOptions): Promise<void> {
  const { status, version, clock, doubts, maintenance, grafanaUrl } = options;
  if (existsSync(BUILT)) await servePage(app);
  else app.get('/', SHELL, (_request, reply) => sendProblem(reply, 404, 'The page was not built: npm run build.'));
  app.get('/page/agent', { schema: { hide: true } }, (): AgentDocument => {
    const { firstSweepDone, firstSweepProgress, quarantinedCredentials } = status();
    const all = doubts?.() ?? [];
    const nowMs = clock.wallMs();
    const planned = plannedWork(maintenance.windows(nowMs), nowMs);
    return {
      version,
      at: isoInstant(nowMs),
      first_sweep_done: firstSweepDone,
      first_sweep_progress: firstSweepProgress,
      quarantined_credentials: [...quarantinedCredentials],
      doubts: all.slice(0, MAX_DOUBTS),
      more_doubts: Math.max(0, all.length - MAX_DOUBTS),
      under_maintenance: planned.slice(0, MAX_DOUBTS),
      more_under_maintenance: Math.max(0, planned.length - MAX_DOUBTS),
      grafana_url: grafanaUrl?.() ?? null,
    };
  });
}

async function servePage(app: App): Promise<void> {
  // `serve: false`: the routes are ours, so that access is decided as for all others.
  await app.register(fastifyStatic, { root: BUILT, serve: false });
  const shell = readFileSync(join(BUILT, 'index.html'), 'utf8');
  for (const path of Object.values(PAGE_PATHS)) {
    const html = shellAt(shell, path);
    app.get(path, SHELL, (_request, reply) => reply.type('text/html; charset=utf-8').send(html));
  }
  app.get<{ Params: { readonly file: string } }>('/assets/:file', SHELL, (request, reply) =>
    reply.sendFile(request.params.file, join(BUILT, 'assets'), { immutable: true, maxAge: '1y' }),
  );
}

/**
 * Links to what the page needs are relative, because a reverse proxy may have the page below a prefix that nobody told
 * this server: they go up from the page's own address.
 */
function shellAt(shell: string, path: string): string {
  const up = '../'.repeat(path.split('/').length - 2);
  return up === '' ? shell : shell.replaceAll('"./', `"${up}`);
}
