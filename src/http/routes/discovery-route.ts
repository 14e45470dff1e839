/** `/api/v1/sd`: the devices for Prometheus's http_sd, as targets of `/probe`. */
import { z } from 'zod';
import { type DeviceView, roleOf } from '../../model/device-view.ts';
import type { App } from '../base/app-type.ts';
import type { HttpOptions } from '../base/options.ts';
import { askAll, keptOf, othersFor } from '../documents/other-agents.ts';
import { commonProblems } from '../schemas/problem-schema.ts';
import { noQuery } from '../schemas/queries.ts';

const targetsSchema = z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }));

export function discoveryRoute(app: App, options: HttpOptions): void {
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
    async (request) => {
      const own = Array.from(options.fleet.devices(), targetOf);
      const others = othersFor(options, request);
      if (others === null) return own;
      const { answers, unasked } = await askAll(others, '/api/v1/sd', targetsSchema);
      const kept = await keptOf(others, unasked);
      const theirs = [
        ...answers.flatMap(({ document }) => document),
        ...Array.from(kept?.fleet.devices() ?? [], targetOf),
      ];
      // A device that changes owner now may be reported by both.
      const names = new Set(own.flatMap(({ targets }) => targets));
      return [...own, ...theirs.filter(({ targets }) => !targets.some((target) => names.has(target)))];
    },
  );
}

function targetOf(view: DeviceView): z.output<typeof targetsSchema>[number] {
  return {
    targets: [view.device],
    labels: {
      ...view.labels,
      __meta_gdoi_host: view.host,
      __meta_gdoi_role: roleOf(view) ?? 'unknown',
      __meta_gdoi_groups: `,${[...view.groups.keys()].join(',')},`,
    },
  };
}
