/** `/-/healthy`, `/-/ready`, `POST /-/reload`: for those who run the agent. */
import type { App } from '../app.ts';
import type { HttpOptions } from '../options.ts';

export function lifecycleRoutes(app: App, { status, reload }: HttpOptions): void {
  const open = { config: { access: 'open' as const }, schema: { hide: true } };
  app.get('/-/healthy', open, () => 'gdoiwatch is healthy.\n');
  app.get('/-/ready', open, (_request, reply) => {
    if (status().firstSweepDone) return 'gdoiwatch is ready.\n';
    return reply.code(503).send('gdoiwatch is starting: not every device was polled yet.\n');
  });
  app.post('/-/reload', { config: { access: 'operate' }, schema: { hide: true } }, async (_request, reply) => {
    const { ok, message } = await reload();
    return reply
      .code(ok ? 200 : 422)
      .type('text/plain; charset=utf-8')
      .send(`${message}\n`);
  });
}
