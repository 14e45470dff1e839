/** Parameters of functions whose type lets the function change what it was given: `X[]`, `Array`, `Map` and `Set`. */
import { parseSync, Visitor } from 'oxc-parser';

const COLLECTIONS: ReadonlySet<string> = new Set(['Array', 'Map', 'Set']);

interface Parameter {
  /** As `function(parameter)`; a function without a name is `(parameter)`. */
  readonly name: string;
  readonly line: number;
}

type Node = { readonly type: string; readonly [key: string]: unknown };

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const nodesIn = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

/** `Row[]`, not `readonly Row[]`; also in a union or an intersection, and with a default. Not what such a list holds. */
function isChangeable(type: unknown): boolean {
  if (!isNode(type)) return false;
  switch (type.type) {
    case 'TSArrayType':
      return true;
    case 'TSTypeReference':
      return isNode(type['typeName']) && COLLECTIONS.has(String(type['typeName']['name']));
    case 'TSIntersectionType':
    case 'TSUnionType':
      return nodesIn(type['types']).some(isChangeable);
    default:
      return false;
  }
}

/** The pattern and its type, without a default. */
function ofParameter(node: Node): Node {
  return node.type === 'AssignmentPattern' && isNode(node['left']) ? node['left'] : node;
}

/** Empty: it has none. */
function nameOf(id: unknown): string {
  return isNode(id) && typeof id['name'] === 'string' ? id['name'] : '';
}

export function changeableParameters(file: string, text: string): readonly Parameter[] {
  const found: Parameter[] = [];
  const look = (node: unknown, name = '') => {
    if (!isNode(node)) return;
    for (const given of nodesIn(node['params'])) {
      // the rest of the arguments is a list of the function's own
      if (given.type === 'RestElement') continue;
      const parameter = ofParameter(given);
      const annotation = parameter['typeAnnotation'];
      if (!isNode(annotation) || !isChangeable(annotation['typeAnnotation'])) continue;
      const start = Number(given['start']);
      found.push({
        name: `${name}(${nameOf(parameter) || '{}'})`,
        line: text.slice(0, start).split('\n').length,
      });
    }
  };
  new Visitor({
    FunctionDeclaration: (node) => look(node, nameOf(node.id)),
    FunctionExpression: (node) => look(node),
    ArrowFunctionExpression: (node) => look(node),
  }).visit(parseSync(file, text).program);
  return found;
}
