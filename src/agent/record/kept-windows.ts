/** Maintenance windows that were announced through the API, as notes in the store. */
import type { Logger } from '../../kernel/logger.ts';
import type { MaintenanceWindow, WindowKeeper } from '../../model/maintenance.ts';
import type { Notes } from '../../store/notes.ts';
import { StoreError } from '../../store/store-error.ts';

export function keptWindows(notes: Notes, logger: Logger): WindowKeeper {
  /** A failure to store is reported to the one who asked for it. */
  const or = async <T>(otherwise: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      logger.debug({ reason: error.message }, 'announced maintenance could not be read or stored');
      return otherwise;
    }
  };
  return {
    all: () =>
      or(null, async () => (await notes.all('maintenance')).flatMap(({ name, text }) => windowOf(name, text) ?? [])),
    keep: ({ id, source: _api, ...work }) =>
      or(false, async () => {
        await notes.put('maintenance', id, JSON.stringify(work));
        return true;
      }),
    forget: (id) =>
      or(false, async () => {
        await notes.remove('maintenance', id);
        return true;
      }),
  };
}

/** Null: the text is not one of ours. */
function windowOf(id: string, text: string): MaintenanceWindow | null {
  let work: unknown;
  try {
    work = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof work !== 'object' || work === null) return null;
  const instant = (name: string) => {
    const value: unknown = Reflect.get(work, name);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  const names = (name: string) => {
    const value: unknown = Reflect.get(work, name);
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  };
  const [fromMs, untilMs] = [instant('fromMs'), instant('untilMs')];
  const reason: unknown = Reflect.get(work, 'reason');
  if (fromMs === null || untilMs === null) return null;
  const concerned = { devices: names('devices'), groups: names('groups'), cells: names('cells') };
  return { id, source: 'api', fromMs, untilMs, ...concerned, reason: typeof reason === 'string' ? reason : '' };
}
