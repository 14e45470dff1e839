/** A sentence form that events may use, and how to check it against what was seen. */
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import type { GmAnswer, History } from './history.ts';

export interface Audited {
  readonly event: GdoiEvent;
  readonly history: History;
  /** Earlier events of the same device and group. */
  readonly earlier: readonly GdoiEvent[];
  readonly around: Around;
}

/** The answers between which the event lies. */
export interface Around {
  /** The last one before `between`; null: none. */
  readonly before: GmAnswer | null;
  /** The last one before it that shows a registered member: the registration is judged by it. */
  readonly held: GmAnswer | null;
  /** The first one after it. */
  readonly after: GmAnswer | null;
  readonly slackMs: number;
}

/** What is false in the sentence; null: it is true. */
type Check = (audited: Audited, ...quoted: readonly string[]) => string | null;

export interface Statement {
  /** Anchored at both ends. */
  readonly form: RegExp;
  readonly check: Check;
}

export function statement(form: RegExp, check: Check): Statement {
  return { form: new RegExp(`^(?:${form.source})$`, 'u'), check };
}

/** Parts of sentence forms. */
export const INSTANT = String.raw`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)`;
export const NUMBER = String.raw`(-?\d+)`;

export function form(...parts: readonly string[]): RegExp {
  return new RegExp(parts.join(''), 'u');
}

export function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`), 'u');
}

export function msOf(instant: string | undefined): number {
  return Date.parse(instant ?? '');
}

export function unless(holds: boolean, what: string): string | null {
  return holds ? null : what;
}
