/** Which agent polls what a document shows, if several share a store, and how old it is. */
import { counted } from '../../gdoi/events/counted.ts';
import type { DeviceHealth } from '../../gdoi/health/health.ts';
import type { GroupHealth } from '../../gdoi/health/health-group.ts';
import type { GroupView } from '../../gdoi/fleet/group-view.ts';
import type { DeviceView } from '../../model/device-view.ts';
import type { OtherCell } from '../../model/other-agents.ts';
import type { OwnerDocument } from '../schemas/owner-schema.ts';

/** For what another agent polls, as the store has it. */
export function keptOwner({ owner }: OtherCell, ageSeconds: number | null): OwnerDocument {
  return { agent: owner?.name ?? null, source: 'kept', age_seconds: ageSeconds };
}

/** Nobody here has asked the device, so it is not judged. */
export function keptDeviceHealth(view: DeviceView, cell: OtherCell, nowMs: number): DeviceHealth {
  const statement = `${whyKept(cell)}; it answered ${lastAnswer(view.lastSuccessAtMs, nowMs)}`;
  return {
    device: view.device,
    status: 'unknown',
    summary: `${view.device}: ${statement}`,
    statement,
    observedAtMs: view.lastSuccessAtMs,
    ageSeconds: ageSeconds(view.lastSuccessAtMs, nowMs),
    checks: [],
    groups: [],
    next: null,
    action: null,
    explanations: [],
  };
}

export function keptGroupHealth({ group }: GroupView, cell: OtherCell): GroupHealth {
  const statement = `${whyKept(cell)}; shown is what was kept last`;
  return {
    group,
    status: 'unknown',
    summary: `group ${group}: ${statement}`,
    statement,
    checks: [],
    next: null,
    nextKekRekey: null,
    nextTekRekey: null,
    atRisk: [],
    action: null,
    explanations: [],
  };
}

/** Null: never. */
export function ageSeconds(atMs: number | null, nowMs: number): number | null {
  return atMs === null ? null : Math.max(0, (nowMs - atMs) / 1000);
}

function whyKept({ owner }: OtherCell): string {
  return owner === null ? 'nobody polls it now' : `polled by agent ${owner.name}, which cannot be asked`;
}

function lastAnswer(atMs: number | null, nowMs: number): string {
  const age = ageSeconds(atMs, nowMs);
  return age === null ? 'never, as far as is stored' : `${counted(Math.round(age), 'second')} ago, as far as is stored`;
}
