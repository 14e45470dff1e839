/** Where a page ended: the time and id of its last event, as opaque text for the client. */
import type { EpochMs } from '../gdoi/seen/instant.ts';
import { UserError } from '../kernel/user-error.ts';

export interface EventPosition {
  readonly atMs: EpochMs;
  readonly id: string;
}

export function encodeCursor({ atMs, id }: EventPosition): string {
  return Buffer.from(JSON.stringify([atMs, id])).toString('base64url');
}

/** Throws a `UserError` for text that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): EventPosition {
  const position = parsed(Buffer.from(cursor, 'base64url').toString());
  if (Array.isArray(position) && position.length === 2) {
    const [atMs, id]: unknown[] = position;
    if (typeof atMs === 'number' && typeof id === 'string') return { atMs, id };
  }
  throw new UserError('cursor_invalid', `cursor: "${cursor.slice(0, 80)}" is not the next_cursor of a page`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
