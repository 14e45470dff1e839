/** `/probe?target=NAME`: one device, polled now, like a multi-target exporter; only devices of the configuration. */
import { z } from 'zod';
import { SCRAPE_TIMEOUT } from '../../model/other-agents.ts';
import type { App } from '../base/app-type.ts';
import type { HttpCounters } from '../base/counters.ts';
import { polledElsewhere } from '../documents/device-elsewhere.ts';
import type { HttpOptions } from '../base/options.ts';
import { relay } from '../documents/other-agents.ts';
import { pollWithin } from './poll-within.ts';
import { sendProblem } from '../base/problem.ts';
import { commonProblems, notFoundProblem, unavailableProblem } from '../schemas/problem-schema.ts';
import { probeQuery } from '../schemas/queries.ts';
import { noDevice } from './device-routes.ts';
import { CONTENT_TYPES } from './exposition.ts';

/** Prometheus's own default. */
const DEFAULT_TIMEOUT_SECONDS = 10;
/** The answer has to arrive before Prometheus gives up. */
const TIMEOUT_OFFSET_SECONDS = 0.5;
const MAX_TIMEOUT_SECONDS = 120;

export function probeRoute(app: App, options: HttpOptions, counters: HttpCounters): void {
  app.get(
    '/probe',
    {
      exposeHeadRoute: false,
      config: { access: 'operate' },
      schema: {
        summary: 'Poll one device now: its metrics, `probe_success` and `probe_duration_seconds`',
        description: 'Waits as long as `X-Prometheus-Scrape-Timeout-Seconds` allows; an SSH login can take seconds.',
        tags: ['prometheus'],
        querystring: probeQuery,
        response: {
          200: { description: 'Prometheus text format', content: { 'text/plain': { schema: z.string() } } },
          ...commonProblems,
          ...notFoundProblem,
          ...unavailableProblem,
        },
      },
    },
    async (request, reply) => {
      const { target } = request.query;
      const timeoutMs = timeoutSeconds(request.headers[SCRAPE_TIMEOUT]) * 1000;
      const elsewhere = polledElsewhere(options, request, target);
      if (elsewhere !== null) {
        const path = `/probe?target=${encodeURIComponent(target)}`;
        return relay(elsewhere, { path, timeoutMs }, { request, reply });
      }
      if (options.fleet.device(target) === undefined) return noDevice(reply, target);
      const beganMs = options.network.monoMs();
      const polled = await pollWithin(options, target, timeoutMs, reply);
      const durationSeconds = (options.network.monoMs() - beganMs) / 1000;
      const answer = (success: boolean, lines: string) =>
        reply
          .type(CONTENT_TYPES.text)
          .serializer((body: string) => body)
          .send(lines + probeLines(success, durationSeconds));
      switch (polled.kind) {
        case 'polled':
          return answer(options.fleet.device(target)?.result === 'ok', options.deviceLines(target));
        case 'abandoned':
          return answer(false, '');
        case 'unknown_device':
          return noDevice(reply, target);
        case 'limited':
          counters.pollsLimited += 1;
          return sendProblem(reply, 429, 'Too many polls were requested.', polled);
        default:
          return polled satisfies never;
      }
    },
  );
}

function timeoutSeconds(header: string | string[] | undefined): number {
  const told = typeof header === 'string' ? Number(header) : Number.NaN;
  const seconds = Number.isFinite(told) && told > 0 ? told : DEFAULT_TIMEOUT_SECONDS;
  return Math.max(0.1, Math.min(seconds, MAX_TIMEOUT_SECONDS) - TIMEOUT_OFFSET_SECONDS);
}

function probeLines(success: boolean, durationSeconds: number): string {
  return [
    '# HELP probe_success 1 if this poll got and parsed an answer',
    '# TYPE probe_success gauge',
    `probe_success ${success ? 1 : 0}`,
    '# HELP probe_duration_seconds How long this probe took',
    '# TYPE probe_duration_seconds gauge',
    `probe_duration_seconds ${durationSeconds}`,
    '',
  ].join('\n');
}
