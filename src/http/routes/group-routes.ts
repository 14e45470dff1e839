/** `/api/v1/groups`: the list, and one group with the timeline of every member's KEK. */
import { naturalKey, nameList } from '../../gdoi/events/name-list.ts';
import type { App } from '../app.ts';
import { cellsOf, groupDocument, groupsOfName, groupSummary } from '../group-document.ts';
import type { HealthBoard } from '../health-board.ts';
import type { HttpOptions } from '../options.ts';
import { decodePageCursor, pageOf } from '../page-cursor.ts';
import { sendProblem } from '../problem.ts';
import { groupListSchema, groupSchema } from '../schemas/group-schema.ts';
import { ambiguousProblem, commonProblems, notFoundProblem } from '../schemas/problem-schema.ts';
import { groupQuery, groupsQuery, nameParams } from '../schemas/queries.ts';
import { notACursor } from './device-routes.ts';

const ORDER = 'group';

export function groupRoutes(app: App, { fleet }: HttpOptions, board: HealthBoard): void {
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
      const after = cursor === undefined ? null : decodePageCursor(ORDER, cursor);
      if (cursor !== undefined && after === null) return notACursor(reply);
      const page = pageOf([...fleet.groups()], {
        order: ORDER,
        keyOf: ({ group, cell }) => naturalKey(cell === undefined ? group : `${group} ${cell}`),
        after,
        limit,
      });
      return {
        groups: page.entries.map((view) => groupSummary(view, board.group(view))),
        next_cursor: page.nextCursor,
      };
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
      const found = groupsOfName(fleet, name, cell);
      const [view] = found;
      if (view === undefined) {
        const where = cell === undefined ? '' : ` in cell ${JSON.stringify(cell)}`;
        return sendProblem(reply, 404, `No group ${JSON.stringify(name)} was seen${where}.`);
      }
      if (found.length > 1) {
        const cells = cellsOf(found);
        return sendProblem(
          reply,
          409,
          `Group ${JSON.stringify(name)} is in ${cells.length} cells (${nameList(cells)}): name one, with ?cell=.`,
        );
      }
      return groupDocument(view, board, fleet);
    },
  );
}
