/** The regular expressions of a source file, and which of them some text can hold up. */
import { parseSync, Visitor } from 'oxc-parser';
import { analyse } from 'scslre';

export interface Expression {
  readonly line: number;
  /** null: it is put together at run time. */
  readonly pattern: { readonly source: string; readonly flags: string } | null;
}

export function expressionsOf(file: string, text: string): readonly Expression[] {
  const found: Expression[] = [];
  const add = ({ start }: { readonly start: number }, pattern: Expression['pattern']) =>
    found.push({ line: text.slice(0, start).split('\n').length, pattern });
  const made = (node: { readonly start: number; readonly callee: object }) => {
    if ('name' in node.callee && node.callee.name === 'RegExp') add(node, null);
  };
  const visitor = new Visitor({
    Literal(node) {
      if ('regex' in node) add(node, { source: node.regex.pattern, flags: node.regex.flags });
    },
    NewExpression: made,
    CallExpression: made,
  });
  visitor.visit(parseSync(file, text).program);
  return found;
}

/** Repetitions that are bounded by less than this are few enough, whatever they are in. */
const FEW = 6;

/**
 * What text can do to it; null: nothing. As it is written, its time must grow no faster than the text. With its bounded
 * repetitions taken for endless ones, it must not double with each character: `(?:-{3,100} ?){1,8}` took five seconds
 * for a line of sixty dashes.
 */
export function weaknessOf({ source, flags }: NonNullable<Expression['pattern']>): string | null {
  const [asWritten] = analyse({ source, flags }).reports;
  if (asWritten !== undefined) return `${asWritten.exponential ? 'exponential' : 'polynomial'} (${asWritten.type})`;
  const { reports } = analyse({ source: withoutUpperBounds(source), flags });
  return reports.some(({ exponential }) => exponential) ? 'exponential within its bounds' : null;
}

/** `a{2,40}` as `a{2,}`, but not in a character class or behind a backslash. */
function withoutUpperBounds(source: string): string {
  return source.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]|\{(\d+),(\d+)\}/gs, (part, least?: string, most?: string) =>
    most !== undefined && Number(most) >= FEW ? `{${least ?? ''},}` : part,
  );
}
