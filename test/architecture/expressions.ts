/** The regular expressions of a source file, and which of them some text can hold up. */
import { parseSync } from 'oxc-parser';
import { analyse } from 'scslre';

export interface Expression {
  readonly line: number;
  /** null: it is put together at run time. */
  readonly pattern: { readonly source: string; readonly flags: string } | null;
}

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

export function expressionsOf(file: string, text: string): readonly Expression[] {
  const found: Expression[] = [];
  walk(parseSync(file, text).program, (node) => {
    const line = () => text.slice(0, node.start).split('\n').length;
    if (isPattern(node['regex'])) {
      found.push({ line: line(), pattern: { source: node['regex'].pattern, flags: node['regex'].flags } });
    } else if (makesExpression(node)) found.push({ line: line(), pattern: null });
  });
  return found;
}

function walk(value: unknown, look: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) {
    for (const each of value) walk(each, look);
  } else if (typeof value === 'object' && value !== null) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the parser makes, told by its type
    if ('type' in value && typeof value.type === 'string') look(value as SyntaxNode);
    for (const inner of Object.values(value)) walk(inner, look);
  }
}

function isPattern(value: unknown): value is { readonly pattern: string; readonly flags: string } {
  return typeof value === 'object' && value !== null && 'pattern' in value && 'flags' in value;
}

function makesExpression(node: SyntaxNode): boolean {
  const { callee } = node;
  const name = typeof callee === 'object' && callee !== null && 'name' in callee ? callee.name : null;
  return (node.type === 'NewExpression' || node.type === 'CallExpression') && name === 'RegExp';
}

/** Repetitions that are bounded by less than this are few enough, whatever they are in. */
const FEW = 6;

/**
 * What text can do to it; null: nothing. As it is written, its time must grow no faster than the text. With its bounded
 * repetitions taken for endless ones, it must not double with each character: `(?:-{3,100} ?){1,8}` took five seconds for
 * a line of sixty dashes.
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
