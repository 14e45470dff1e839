/** `/api/v1/groups`: the list, and one group with the timeline of every member's KEK. */
import { naturalOrder, nameList } from '../../gdoi/events/name-list.ts';
import type { FleetView } from '../../gdoi/fleet/fleet-view.ts';
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import type { FleetReadModel } from '../../model/read-model.ts';
import type { App } from '../app.ts';
import { groupDocument, groupSummary } from '../group-document.ts';
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
        keyOf: ({ group, cell }) => (cell === undefined ? group : `${group} ${cell}`),
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
        const cells = found.map((each) => each.cell ?? DEFAULT_CELL).toSorted(naturalOrder);
        return sendProblem(
          reply,
          409,
          `Group ${JSON.stringify(name)} is in ${cells.length} cells (${nameList(cells)}): name one, with ?cell=.`,
        );
      }
      return groupDocument(view, board, (device) => fleet.device(device));
    },
  );
}

/** Of all cells, unless one is named: two customers may have a group of one name. */
function groupsOfName(fleet: FleetReadModel, name: string, cell: string | undefined): readonly FleetView[] {
  if (cell !== undefined) return [fleet.group(name, cell) ?? []].flat();
  const inDefault = fleet.group(name);
  const found = [...fleet.groups()].filter(({ group }) => group === name);
  return found.length === 0 && inDefault !== undefined ? [inDefault] : found;
}
