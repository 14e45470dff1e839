/** A device that another agent polls: as that agent describes it, otherwise as the store has it. */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { healthDocument } from '../../gdoi/health/health-document.ts';
import type { OtherAgent, OtherAgents, OtherCell } from '../../model/other-agents.ts';
import type { DeviceView } from '../../model/device-view.ts';
import { deviceDocument } from './device-document.ts';
import type { HttpOptions } from '../base/options.ts';
import { asked, askOne, documentIn, keptOf, othersFor } from './other-agents.ts';
import { ageSeconds, keptDeviceHealth, keptOwner } from './owner.ts';
import { type DeviceDocument, deviceSchema } from '../schemas/device-schema.ts';
import { type HealthAnswer, healthSchema } from '../schemas/health-schema.ts';
import type { OwnerDocument } from '../schemas/owner-schema.ts';

interface Elsewhere {
  readonly others: OtherAgents;
  readonly cell: OtherCell;
}

export function devicePath(name: string): string {
  return `/api/v1/devices/${encodeURIComponent(name)}`;
}

/** Null: this agent polls it, or it is unknown, or an agent asks. */
export function polledElsewhere(
  options: HttpOptions,
  request: Pick<FastifyRequest, 'headers'>,
  name: string,
): Elsewhere | null {
  const others = options.fleet.device(name) === undefined ? othersFor(options, request) : null;
  const cell = others?.cellOf(name) ?? null;
  return others === null || cell === null ? null : { others, cell };
}

/** Null: unknown. */
export async function deviceOfOther(
  options: HttpOptions,
  request: Pick<FastifyRequest, 'headers'>,
  name: string,
): Promise<DeviceDocument | null> {
  const elsewhere = polledElsewhere(options, request, name);
  if (elsewhere === null) return null;
  const { others, cell } = elsewhere;
  const told = await toldByOwner(elsewhere, devicePath(name), deviceSchema);
  if (told !== null) return told;
  const kept = await keptOf(others, [cell]);
  const view = kept?.fleet.device(name);
  if (kept === null || view === undefined) return null;
  const health = keptDeviceHealth(view, cell, options.clock.wallMs());
  const document = deviceDocument(view, health, (group, of) => kept.fleet.group(group, of));
  return { ...document, owner: ownerOf(view, cell, options) };
}

/** Null: unknown. */
export async function healthOfOther(
  options: HttpOptions,
  request: Pick<FastifyRequest, 'headers'>,
  name: string,
): Promise<HealthAnswer | null> {
  const elsewhere = polledElsewhere(options, request, name);
  if (elsewhere === null) return null;
  const { others, cell } = elsewhere;
  const told = await toldByOwner(elsewhere, `${devicePath(name)}/health`, healthSchema);
  if (told !== null) return told;
  const view = (await keptOf(others, [cell]))?.fleet.device(name);
  if (view === undefined) return null;
  const health = healthDocument(keptDeviceHealth(view, cell, options.clock.wallMs()));
  return { ...health, owner: ownerOf(view, cell, options) };
}

/** Null: nobody polls it now, or its owner gives no such document. */
async function toldByOwner<Document extends { readonly owner?: OwnerDocument | undefined }>(
  { others, cell: { owner } }: Elsewhere,
  path: string,
  schema: z.ZodType<Document>,
): Promise<Document | null> {
  if (owner === null) return null;
  const told = await askOne({ others, agent: owner }, path, schema);
  return told && asked(told, owner);
}

/** A health document as its owner gave it; anything else stays as it is. */
export function askedHealth(body: string, owner: OtherAgent): string {
  const document = documentIn(body, healthSchema);
  return document === null ? body : JSON.stringify(asked(document, owner));
}

function ownerOf(view: DeviceView, cell: OtherCell, { clock }: HttpOptions) {
  return keptOwner(cell, ageSeconds(view.lastSuccessAtMs, clock.wallMs()));
}
