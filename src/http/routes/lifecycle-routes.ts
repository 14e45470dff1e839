/** `/-/healthy`, `/-/ready`, `POST /-/reload`: for those who run the agent. */
import { z } from 'zod';
import type { App } from '../base/app-type.ts';
import type { HttpOptions } from '../base/options.ts';

/** `confirm=removals`: the devices that the new configuration leaves out are meant to go, however many. */
const reloadQuery = z.strictObject({ confirm: z.literal('removals').optional() });

export function lifecycleRoutes(app: App, { status, outcast, reload }: HttpOptions): void {
  const open = { config: { access: 'open' as const }, schema: { hide: true } };
  app.get('/-/healthy', open, () => 'gdoiwatch is healthy.\n');
  app.get('/-/ready', open, (_request, reply) => {
    if (outcast?.() === true) {
      return reply.code(503).send('gdoiwatch polls nothing: it cannot join the agents that share its store.\n');
    }
    if (status().firstSweepDone) return 'gdoiwatch is ready.\n';
    return reply.code(503).send('gdoiwatch is starting: not every device has been polled yet.\n');
  });
  const schema = { hide: true, querystring: reloadQuery };
  app.post('/-/reload', { config: { access: 'operate' }, schema }, async (request, reply) => {
    const { ok, message } = await reload({ removalsMeant: request.query.confirm === 'removals' });
    return reply
      .code(ok ? 200 : 422)
      .type('text/plain; charset=utf-8')
      .send(`${message}\n`);
  });
}
