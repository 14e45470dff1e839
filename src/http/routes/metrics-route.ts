/** `/metrics`: the agent and every device, from what was polled last. */
import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { App } from '../app.ts';
import { asOpenMetrics, CONTENT_TYPES, ENDS, type ExpositionForm, formAskedFor } from '../exposition.ts';
import type { HttpOptions } from '../options.ts';

/** After so long of our own work others get their turn: polls go on while a large fleet is written. */
const TURN_MS = 10;
/** A piece of this many characters goes out. A turn of a busy loop is dear: fewer of them make a scrape quick. */
const PIECE_CHARS = 2 * 1024 * 1024;

export function metricsRoute(app: App, { network, selfMetrics, deviceMetrics }: HttpOptions): void {
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const form = formAskedFor(request.headers);
    const self = await selfMetrics();
    void reply.type(CONTENT_TYPES[form.format]).header('vary', 'accept, accept-encoding');
    const lines = Readable.from(exposition(self, form));
    if (!form.gzip) return reply.send(lines);
    // Compressed by a thread of its own. What ends either side early ends the other.
    const compressed = createGzip({ level: constants.Z_BEST_SPEED });
    pipeline(lines, compressed, () => undefined);
    return reply.header('content-encoding', 'gzip').send(compressed);
  });

  async function* exposition(self: string, { format }: ExpositionForm): AsyncGenerator<string> {
    const as = (text: string) => (format === 'openmetrics' ? asOpenMetrics(text) : text);
    yield as(self);
    let begunMs = network.monoMs();
    let piece = '';
    for (const lines of deviceMetrics()) {
      piece += as(lines);
      const over = network.monoMs() - begunMs >= TURN_MS;
      if (over || piece.length >= PIECE_CHARS) {
        yield piece;
        piece = '';
      }
      if (!over) continue;
      await network.yieldToIo();
      begunMs = network.monoMs();
    }
    yield piece + ENDS[format];
  }
}
