/** `/metrics`: the agent and every device, from what was polled last. */
import { Readable } from 'node:stream';
import type { App } from '../app.ts';
import type { HttpOptions } from '../options.ts';

/** Prometheus text exposition format. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsRoute(app: App, { clock, selfMetrics, deviceMetrics }: HttpOptions): void {
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const self = await selfMetrics();
    return reply.type(METRICS_CONTENT_TYPE).send(Readable.from(exposition(self)));
  });

  /** The loop breathes between pieces: polling goes on while a large fleet is written. */
  async function* exposition(self: string): AsyncGenerator<string> {
    yield self;
    for (const chunk of deviceMetrics()) {
      yield chunk;
      await clock.yieldToIo();
    }
  }
}
