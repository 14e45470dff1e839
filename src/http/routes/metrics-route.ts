/** `/metrics`: the agent and every device, from what was polled last. */
import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import type { App } from '../base/app-type.ts';
import { asOpenMetrics, CONTENT_TYPES, ENDS, type ExpositionForm, formAskedFor } from './exposition.ts';
import { inTurns } from './in-turns.ts';
import type { HttpOptions } from '../base/options.ts';

export function metricsRoute(app: App, { network, selfMetrics, deviceMetrics }: HttpOptions): void {
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const form = formAskedFor(request.headers);
    const self = await selfMetrics();
    void reply.type(CONTENT_TYPES[form.format]).header('vary', 'accept, accept-encoding');
    // Octets: given a long text, a server converts it twice, to count and to send it.
    const lines = Readable.from(exposition(self, form));
    if (!form.gzip) return reply.send(lines);
    // Compressed in another thread. The end of either side ends the other.
    const compressed = createGzip({ level: constants.Z_BEST_SPEED });
    pipeline(lines, compressed, () => undefined);
    return reply.header('content-encoding', 'gzip').send(compressed);
  });

  async function* exposition(self: string, { format }: ExpositionForm): AsyncGenerator<Buffer> {
    const as = (text: string) => (format === 'openmetrics' ? asOpenMetrics(text) : text);
    yield Buffer.from(as(self));
    yield* inTurns(inForm(deviceMetrics(), as), network);
    if (ENDS[format] !== '') yield Buffer.from(ENDS[format]);
  }
}

function* inForm(lines: Iterable<string>, as: (text: string) => string): Generator<string> {
  for (const text of lines) yield as(text);
}
