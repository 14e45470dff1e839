/** A group's health as text for a terminal, from the API's document. */
import type {
  ExplanationDocument,
  HealthCheckDocument,
  HealthDocument,
  NextDocument,
} from '../../gdoi/health/health-document.ts';
import { naturalOrder } from '../../gdoi/events/name-list.ts';
import { checkLines, explanationLines, field, weight, whenFromNow } from './health-text.ts';
import { PLUGIN_STATUS } from './plugin-status.ts';

/** The part of the API's document of a group that is read here. */
export interface GroupHealthDocument extends Pick<HealthDocument, 'status' | 'summary' | 'action'> {
  readonly group: string;
  readonly members: number;
  readonly gms: readonly { readonly device: string; readonly reachable: boolean }[];
  readonly kss: readonly { readonly device: string; readonly role: string | null; readonly reachable: boolean }[];
  readonly explanations: readonly ExplanationDocument[];
  readonly checks: HealthCheckDocument[];
  readonly at_risk: readonly { readonly gm: string; readonly reason: string; readonly reregisters_at: string | null }[];
  readonly next_kek_rekey: NextDocument | null;
  readonly next_tek_rekey: NextDocument | null;
}

const LISTS = ['gms', 'kss', 'explanations', 'checks', 'at_risk'];
/** Most GMs at risk that are listed. */
const MAX_AT_RISK = 10;

export function isGroupHealth(document: unknown): document is GroupHealthDocument {
  if (document === null || typeof document !== 'object') return false;
  const read = (name: string): unknown => Reflect.get(document, name);
  return (
    typeof read('group') === 'string' &&
    Object.hasOwn(PLUGIN_STATUS, String(read('status'))) &&
    LISTS.every((name) => Array.isArray(read(name)))
  );
}

export function groupText(health: GroupHealthDocument, nowMs: number, from: string): string {
  const { status, summary, explanations, kss, gms, members, action, at_risk: atRisk } = health;
  const [first] = explanations;
  const servers = kss
    .toSorted((a, b) => naturalOrder(a.device, b.device))
    .map(({ device, role, reachable }) => `${device} (${reachable ? (role ?? 'KS') : 'no answer'})`);
  const next = [health.next_kek_rekey, health.next_tek_rekey].flatMap((each) => each ?? []);
  const lines = [
    `${status.toUpperCase()}  ${summary}`,
    '',
    ...(first === undefined ? [] : explanationLines(first, nowMs)),
    ...field('asked', from),
    ...field('members', `${members}, ${gms.length} of them matched to a device`),
    ...(servers.length === 0 ? [] : field('servers', servers.join(', '))),
    ...next.flatMap(({ what, at }) => field('next', `${what}, ${whenFromNow(at, nowMs)}`)),
    ...atRisk
      .slice(0, MAX_AT_RISK)
      .flatMap(({ gm, reason, reregisters_at: at }) =>
        field('at risk', `${gm}: ${reason}${at === null ? '' : `; re-registers ${whenFromNow(at, nowMs)}`}`),
      ),
    ...(action === null ? [] : field('first step', action)),
    ...explanations.slice(1).flatMap(({ summary: also }) => field('also', also)),
    '',
    ...health.checks.toSorted((a, b) => weight(b) - weight(a)).flatMap((check) => checkLines(check, false)),
  ];
  return `${lines.join('\n')}\n`;
}
