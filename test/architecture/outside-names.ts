/**
 * Where source text could look up a name from outside in a plain object, which answers to `constructor` and
 * `__proto__`.
 *
 * TypeScript refuses `value[name]` for a text `name` unless the value's type says that any text is a key of it. So it
 * is enough that no such type is written (`Record<string, T>`, index signatures), that the ones which come unwritten
 * (`Object.fromEntries`) are not kept in a variable, and that nobody asks by `in`.
 */
import { parseSync, Visitor } from 'oxc-parser';

export interface OpenKey {
  /** Line, from 1. */
  readonly line: number;
  /** The text found, cut to its first line. */
  readonly text: string;
}

export function openKeysOf(file: string, text: string): readonly OpenKey[] {
  const found: OpenKey[] = [];
  const at = ({ start, end }: { readonly start: number; readonly end: number }) => {
    const line = text.slice(0, start).split('\n').length;
    found.push({ line, text: text.slice(start, end).split('\n', 1)[0] ?? '' });
  };
  /** A table of ours that only has to satisfy such a type keeps its own, closed keys. */
  const satisfied: { readonly start: number; readonly end: number }[] = [];
  const isSatisfied = ({ start }: { readonly start: number }) =>
    satisfied.some((range) => range.start <= start && start < range.end);
  const visitor = new Visitor({
    TSSatisfiesExpression(node) {
      satisfied.push(node.typeAnnotation);
    },
    TSTypeReference(node) {
      const [key] = node.typeArguments?.params ?? [];
      if (
        node.typeName.type === 'Identifier' &&
        node.typeName.name === 'Record' &&
        isAnyText(key) &&
        !isSatisfied(node)
      )
        at(node);
    },
    TSIndexSignature(node) {
      if (node.parameters.some(({ typeAnnotation }) => isAnyText(typeAnnotation.typeAnnotation))) at(node);
    },
    TSMappedType(node) {
      if (isAnyText(node.constraint)) at(node);
    },
    VariableDeclarator({ id, init }) {
      if (id.type === 'Identifier' && init?.type === 'CallExpression' && isFromEntries(init.callee)) at(init);
    },
    BinaryExpression(node) {
      if (node.operator === 'in' && node.left.type !== 'Literal') at(node);
    },
  });
  visitor.visit(parseSync(file, text).program);
  return found;
}

function isAnyText(key: { readonly type: string } | undefined): boolean {
  return (
    key === undefined ||
    ['TSStringKeyword', 'TSTemplateLiteralType', 'TSAnyKeyword'].includes(key.type) ||
    isPropertyKey(key)
  );
}

function isPropertyKey(key: object): boolean {
  return 'typeName' in key && JSON.stringify(key.typeName).includes('"PropertyKey"');
}

function isFromEntries(callee: object): boolean {
  return 'property' in callee && JSON.stringify(callee.property).includes('"fromEntries"');
}
