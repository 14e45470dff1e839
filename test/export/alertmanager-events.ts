/** Events as the tracker tells them, for tests of what is pushed. */
import type { Cause, GdoiEvent } from '../../src/gdoi/events/event.ts';
import { kekRekeyEvent, rekeyOverdueEvent, reregistrationEvent } from '../../src/gdoi/events/gdoi-events.ts';

interface Where {
  readonly device?: string;
  readonly group?: string;
  readonly atMs?: number;
}

const AT_MS = Date.parse('2026-01-01T00:00:00Z');

const placed = ({ device = 'gm1', group = 'G1', atMs = AT_MS }: Where) => ({
  place: { device, group },
  between: { fromMs: atMs, toMs: atMs },
});

export function reregistered(
  cause: Cause,
  where: Where & { readonly repeated?: boolean; readonly evidence?: readonly string[] } = {},
): GdoiEvent {
  const { place, between } = placed(where);
  return reregistrationEvent(place, {
    occurrence: [between.fromMs],
    between,
    atMs: between.fromMs,
    cause,
    evidence: where.evidence ?? ['Succeeded registration: 2, before: 1'],
    repeated: where.repeated === true ? 3 : null,
    stated: null,
  });
}

export function rekeyOverdue(where: Where = {}): GdoiEvent {
  const { place, between } = placed(where);
  return rekeyOverdueEvent(place, {
    key: 'KEK',
    occurrence: [1],
    between,
    evidence: ['KEK lifetime: 150 s'],
    timeLeft: 'soon',
    stated: null,
  });
}

export function rekeyed(where: Where = {}): GdoiEvent {
  const { place, between } = placed(where);
  return kekRekeyEvent(place, { occurrence: [1], between, evidence: [] });
}

/** Of a type whose words do not matter. */
export function anEventOfType(
  type: GdoiEvent['type'],
  changes: Pick<GdoiEvent, 'severity'> & { readonly device?: string | null },
): GdoiEvent {
  return { ...rekeyed(), type, device: 'gm1', ...changes };
}
