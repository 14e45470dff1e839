/** `/api/v1/groups`: the list, and one group with the timeline of every member's KEK. */
import { nameList, naturalOrder } from '../../gdoi/events/name-list.ts';
import type { App } from '../base/app-type.ts';
import { GROUP_ORDER, groupList } from '../documents/group-list.ts';
import { groupsNamed } from '../documents/groups-named.ts';
import type { HealthBoard } from '../../model/health-board.ts';
import type { HttpOptions } from '../base/options.ts';
import { othersFor } from '../documents/other-agents.ts';
import { decodePageCursor } from '../documents/page-cursor.ts';
import { sendProblem } from '../base/problem.ts';
import { groupListSchema, groupSchema } from '../schemas/group-schema.ts';
import { ambiguousProblem, commonProblems, notFoundProblem } from '../schemas/problem-schema.ts';
import { groupQuery, groupsQuery, nameParams } from '../schemas/queries.ts';
import { notACursor } from './device-routes.ts';

export function groupRoutes(app: App, options: HttpOptions, board: HealthBoard): void {
  app.get(
    '/api/v1/groups',
    {
      schema: {
        summary: 'Groups, with health and the next rekey',
        tags: ['groups'],
        querystring: groupsQuery,
        response: { 200: groupListSchema, ...commonProblems },
      },
    },
    async (request, reply) => {
      const { cursor, limit } = request.query;
      const after = cursor === undefined ? null : decodePageCursor(GROUP_ORDER, cursor);
      if (cursor !== undefined && after === null) return notACursor(reply);
      return groupList(options, board, { after, limit, url: request.url }, othersFor(options, request));
    },
  );

  app.get(
    '/api/v1/groups/:name',
    {
      schema: {
        summary: 'Who holds which keys, who missed the last rekey, who is at risk, do the KSs agree',
        tags: ['groups'],
        params: nameParams,
        querystring: groupQuery,
        response: { 200: groupSchema, ...commonProblems, ...notFoundProblem, ...ambiguousProblem },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { cell } = request.query;
      const found = await groupsNamed(options, board, { name, cell }, othersFor(options, request));
      const [first] = found;
      if (first === undefined) {
        const where = cell === undefined ? '' : ` in cell ${JSON.stringify(cell)}`;
        return sendProblem(reply, 404, `No group ${JSON.stringify(name)} was seen${where}.`);
      }
      if (found.length > 1) {
        const cells = [...new Set(found.map((known) => known.cell))].toSorted(naturalOrder);
        return sendProblem(
          reply,
          409,
          `Group ${JSON.stringify(name)} is in ${cells.length} cells (${nameList(cells)}): name one, with ?cell=.`,
          { cells },
        );
      }
      return first.document();
    },
  );
}
