/**
 * What of the operational model a device has, from its list of modules (RFC 7895): GDOI came into
 * `Cisco-IOS-XE-crypto-oper` with the revision of 2021-03-01, IOS XE 17.5.1.
 */
import { withoutModule } from './leaves.ts';

/** `none`: the module is not there, or older than GDOI in it; null: the document does not tell. */
export type GdoiModel = { readonly revision: string } | 'none';

const MODULE = 'Cisco-IOS-XE-crypto-oper';
const FIRST_REVISION = '2021-03-01';
const REVISION = /^\d{4}-\d{2}-\d{2}$/;

export function gdoiModelOf(body: unknown): GdoiModel | null {
  const modules = member(member(body, 'modules-state'), 'module');
  if (!Array.isArray(modules)) return null;
  const revisions = (modules as readonly unknown[]).flatMap((module) => {
    const revision = member(module, 'revision');
    return member(module, 'name') === MODULE && typeof revision === 'string' && REVISION.test(revision)
      ? [revision]
      : [];
  });
  const newest = revisions.toSorted().at(-1);
  if (newest === undefined) return modules.length === 0 ? null : 'none';
  return newest < FIRST_REVISION ? 'none' : { revision: newest };
}

/** A member whatever module's name stands before its own. */
function member(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  return Object.entries(value).find(([key]) => withoutModule(key) === name)?.[1];
}
