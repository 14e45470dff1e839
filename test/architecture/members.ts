/** Members of interfaces and classes, and which names of members anybody reads: what an export checker cannot see. */
import { parseSync } from 'oxc-parser';

interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface Members {
  /** Public members of interfaces, type literals and classes. */
  readonly declared: ReadonlySet<string>;
  /**
   * Names that are read: after a dot, taken apart, set in JSX, or as a text. A private `#name` is no reader of `name`.
   */
  readonly read: ReadonlySet<string>;
}

export function membersOf(file: string, text: string): Members {
  const declared = new Set<string>();
  const read = new Set<string>();
  const look = (node: SyntaxNode, parent: SyntaxNode | null, place: string): void => {
    const declares = declaredName(node);
    if (declares !== null) declared.add(declares);
    for (const name of readNames(node, parent, place)) read.add(name);
  };
  walk(parseSync(file, text).program, null, '', look);
  return { declared, read };
}

type Look = (node: SyntaxNode, parent: SyntaxNode | null, place: string) => void;

function walk(value: unknown, parent: SyntaxNode | null, place: string, look: Look): void {
  if (Array.isArray(value)) {
    for (const each of value) walk(each, parent, place, look);
  } else if (isNode(value)) {
    look(value, parent, place);
    for (const [key, inner] of Object.entries(value)) walk(inner, value, key, look);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

const DECLARATIONS = new Set(['TSPropertySignature', 'TSMethodSignature', 'PropertyDefinition', 'MethodDefinition']);

function declaredName(node: SyntaxNode): string | null {
  return DECLARATIONS.has(node.type) && node['computed'] !== true && node['kind'] !== 'constructor'
    ? nameOf(node['key'])
    : null;
}

function readNames(node: SyntaxNode, parent: SyntaxNode | null, place: string): readonly string[] {
  switch (node.type) {
    case 'MemberExpression': {
      const assigned = parent?.type === 'AssignmentExpression' && place === 'left' && parent['operator'] === '=';
      return assigned ? [] : [nameOf(node['property'])].filter((name) => name !== null);
    }
    case 'ObjectPattern': {
      const parts: readonly unknown[] = Array.isArray(node['properties']) ? node['properties'] : [];
      return parts.flatMap((part) => (isNode(part) ? (nameOf(part['key']) ?? []) : []));
    }
    case 'JSXAttribute':
      return isNode(node['name']) && typeof node['name']['name'] === 'string' ? [node['name']['name']] : [];
    case 'Literal':
      return typeof node['value'] === 'string' ? [node['value']] : [];
    default:
      return [];
  }
}

function nameOf(key: unknown): string | null {
  if (!isNode(key)) return null;
  if (key.type === 'Identifier' && typeof key['name'] === 'string') return key['name'];
  return key.type === 'Literal' && typeof key['value'] === 'string' ? key['value'] : null;
}
