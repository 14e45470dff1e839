/** `/api/v1/sd`: the devices for Prometheus's http_sd, as targets of `/probe`. */
import { z } from 'zod';
import { roleOf } from '../../model/device-view.ts';
import type { App } from '../app.ts';
import type { HttpOptions } from '../options.ts';
import { commonProblems } from '../schemas/problem-schema.ts';
import { noQuery } from '../schemas/queries.ts';

const targetsSchema = z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }));

export function discoveryRoute(app: App, { fleet }: HttpOptions): void {
  app.get(
    '/api/v1/sd',
    {
      schema: {
        summary: 'Every device as a target of `/probe`, in the format of Prometheus http_sd',
        tags: ['prometheus'],
        querystring: noQuery,
        response: { 200: targetsSchema, ...commonProblems },
      },
    },
    () =>
      Array.from(fleet.devices(), (view) => ({
        targets: [view.device],
        labels: {
          ...view.labels,
          __meta_gdoi_host: view.host,
          __meta_gdoi_role: roleOf(view) ?? 'unknown',
          __meta_gdoi_groups: `,${[...view.groups.keys()].join(',')},`,
        },
      })),
  );
}
