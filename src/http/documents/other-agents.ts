/**
 * The part of the fleet that other agents poll, for the routes. They are asked, all at once; if one does not answer,
 * the store's copy is used. A question from an agent is answered from this agent's own polls and not passed on.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import type { DeviceView } from '../../model/device-view.ts';
import {
  type OtherAgentAnswer,
  ASKED_BY_AGENT,
  type OtherAgent,
  type OtherAgents,
  type OtherCell,
  SCRAPE_TIMEOUT,
} from '../../model/other-agents.ts';
import type { FleetReadModel } from '../../model/read-model.ts';
import { ageSeconds } from './owner.ts';
import { sendProblem } from '../base/problem.ts';
import { jsonOf } from '../base/json-text.ts';
import type { HttpOptions } from '../base/options.ts';
import type { OwnerDocument } from '../schemas/owner-schema.ts';

/** Enough for what an agent has at hand. */
const ASK_TIMEOUT_MS = 2_500;

/** The other agents, if this request is to be answered for them too; null: only from this agent's own polls. */
export function othersFor({ others }: HttpOptions, request: Pick<FastifyRequest, 'headers'>): OtherAgents | null {
  return others === undefined || request.headers[ASKED_BY_AGENT] !== undefined ? null : others;
}

/** For what this agent polls; empty if it shares no store. */
export function ownField(
  { others, clock }: Pick<HttpOptions, 'others' | 'clock'>,
  heardAtMs: number | null,
): { readonly owner?: OwnerDocument } {
  if (others === undefined) return {};
  return { owner: { agent: others.self, source: 'own', age_seconds: ageSeconds(heardAtMs, clock.wallMs()) } };
}

/** When any of its devices answered last. */
export function heardOfGroup(view: GroupView, deviceOf: (device: string) => DeviceView | undefined): number | null {
  let latest: number | null = null;
  for (const { device } of [...view.gms, ...view.kss]) {
    const at = deviceOf(device)?.lastSuccessAtMs ?? null;
    if (at !== null && (latest === null || at > latest)) latest = at;
  }
  return latest;
}

/** As its owner described it just now. */
export function asked<Document extends { readonly owner?: OwnerDocument | undefined }>(
  document: Document,
  agent: OtherAgent,
): Document {
  const { age_seconds = null } = document.owner ?? {};
  return { ...document, owner: { agent: agent.name, source: 'asked', age_seconds } };
}

export interface FromOthers<Document> {
  readonly answers: readonly { readonly agent: OtherAgent; readonly document: Document }[];
  /** Cells whose owner could not be asked. */
  readonly unasked: readonly OtherCell[];
}

/** Asks every agent that polls something the same question. */
export async function askAll<Document>(
  others: OtherAgents,
  path: string,
  schema: z.ZodType<Document>,
): Promise<FromOthers<Document>> {
  const cells = others.cells();
  const given: { readonly agent: OtherAgent; readonly document: Document }[] = [];
  for (const { agent, answer } of await askEach(others, cells, path)) {
    const document = documentOf(answer, schema);
    if (document !== null) given.push({ agent, document });
  }
  const told = new Set(given.map(({ agent }) => agent.id));
  return { answers: given, unasked: cells.filter(({ owner }) => owner === null || !told.has(owner.id)) };
}

/** Asks each owner of these cells once. */
export function askEach(
  others: OtherAgents,
  cells: readonly OtherCell[],
  path: string,
): Promise<readonly { readonly agent: OtherAgent; readonly answer: OtherAgentAnswer }[]> {
  const owners = new Map(cells.flatMap(({ owner }) => (owner === null ? [] : [[owner.id, owner] as const])));
  const ask = async (agent: OtherAgent) => ({
    agent,
    answer: await others.ask(agent, path, { timeoutMs: ASK_TIMEOUT_MS }),
  });
  return Promise.all(Array.from(owners.values(), ask));
}

/** Null: it gave no such document. */
export async function askOne<Document>(
  { others, agent }: { readonly others: OtherAgents; readonly agent: OtherAgent },
  path: string,
  schema: z.ZodType<Document>,
): Promise<Document | null> {
  return documentOf(await others.ask(agent, path, { timeoutMs: ASK_TIMEOUT_MS }), schema);
}

function documentOf<Document>(answer: OtherAgentAnswer, schema: z.ZodType<Document>): Document | null {
  return answer.kind === 'none' || answer.status !== 200 ? null : documentIn(answer.body, schema);
}

/** Null: perhaps from another version. */
export function documentIn<Document>(body: string, schema: z.ZodType<Document>): Document | null {
  const parsed = schema.safeParse(jsonOf(body));
  return parsed.success ? parsed.data : null;
}

export interface Relayed {
  readonly path: string;
  readonly timeoutMs: number;
  /** Changes an answer with status 200; absent: it stays as it is. */
  readonly marked?: (body: string, owner: OtherAgent) => string;
}

/** Has another agent poll one device now: its answer, whatever that is; or that it gave none. */
export async function relay(
  { others, cell }: { readonly others: OtherAgents; readonly cell: OtherCell },
  { path, timeoutMs, marked }: Relayed,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<FastifyReply> {
  const { owner } = cell;
  if (owner === null) {
    return sendProblem(reply, 503, `Nobody polls cell ${JSON.stringify(cell.cell)} now.`, { retryAfterSeconds: 5 });
  }
  const gone = new AbortController();
  const onClose = () => gone.abort(new Error('the client is gone'));
  reply.raw.once('close', onClose);
  const scrape = request.headers[SCRAPE_TIMEOUT];
  const answer = await others.ask(owner, path, {
    timeoutMs,
    signal: gone.signal,
    ...(typeof scrape === 'string' ? { scrapeTimeout: scrape } : {}),
  });
  reply.raw.off('close', onClose);
  const trouble =
    answer.kind === 'none' ? answer.reason : NOT_RELAYED.has(answer.status) ? `status ${answer.status}` : null;
  if (answer.kind === 'none' || trouble !== null) {
    const detail = `Agent ${JSON.stringify(owner.name)} polls this device, but cannot be asked: ${trouble}.`;
    return sendProblem(reply, 503, detail, { retryAfterSeconds: 5 });
  }
  return reply
    .code(answer.status)
    .header('content-type', answer.type)
    .serializer((body: string) => body)
    .send(marked !== undefined && answer.status === 200 ? marked(answer.body, owner) : answer.body);
}

/** Errors that concern the two agents and not the client: the token, or a cell that changes owner now. */
const NOT_RELAYED: ReadonlySet<number> = new Set([401, 403, 404, 421]);

/** What the store has of these cells; null: there are none, or it cannot be read. */
export async function keptOf(others: OtherAgents, cells: readonly OtherCell[]): Promise<Kept | null> {
  if (cells.length === 0) return null;
  const fleet = await others.kept(cells.map(({ cell }) => cell));
  const known = new Map(cells.map((each) => [each.cell, each]));
  return {
    fleet,
    cellOf: (name = DEFAULT_CELL) => known.get(name) ?? { cell: name, owner: null },
  };
}

export interface Kept {
  readonly fleet: FleetReadModel;
  readonly cellOf: (cell: string | undefined) => OtherCell;
}
