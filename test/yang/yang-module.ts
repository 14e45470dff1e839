/**
 * Reads as much of a YANG module (RFC 7950, section 6) as shows which leaves a list has: statements and `uses`.
 */

interface Statement {
  readonly keyword: string;
  readonly argument: string;
  readonly inner: readonly Statement[];
}

export interface ListedNode {
  readonly leaves: ReadonlySet<string>;
  readonly inner: ReadonlyMap<string, ListedNode>;
}

const TOKEN = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\]|\\[^])*"|'[^']*'|[{};]|[^\s{};"']+/g;

/** The children of a container or list by name, with all groupings resolved. */
export function nodesOf(text: string, container: string): ReadonlyMap<string, ListedNode> {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token).filter((token) => !/^\/[/*]/.test(token));
  const [module] = statements(tokens);
  if (module === undefined) throw new Error('no module');
  const groupings = new Map(
    module.inner.filter(({ keyword }) => keyword === 'grouping').map((one) => [one.argument, one] as const),
  );
  const root = module.inner.find(({ keyword, argument }) => keyword === 'container' && argument === container);
  if (root === undefined) throw new Error(`no container ${container}`);
  return listed(root, groupings).inner;
}

function listed(of: Statement, groupings: ReadonlyMap<string, Statement>): ListedNode {
  const leaves = new Set<string>();
  const inner = new Map<string, ListedNode>();
  for (const child of of.inner) {
    if (child.keyword === 'leaf' || child.keyword === 'leaf-list') leaves.add(child.argument);
    else if (child.keyword === 'list' || child.keyword === 'container')
      inner.set(child.argument, listed(child, groupings));
    else if (child.keyword === 'uses') {
      const grouping = groupings.get(child.argument.slice(child.argument.indexOf(':') + 1));
      if (grouping === undefined) throw new Error(`no grouping ${child.argument}`);
      const used = listed(grouping, groupings);
      for (const leaf of used.leaves) leaves.add(leaf);
      for (const [name, node] of used.inner) inner.set(name, node);
    }
  }
  return { leaves, inner };
}

function statements(tokens: string[]): Statement[] {
  const stack: { keyword: string; argument: string; inner: Statement[] }[] = [{ keyword: '', argument: '', inner: [] }];
  let words: string[] = [];
  for (const token of tokens) {
    if (token === '{' || token === ';') {
      const statement = { keyword: words[0] ?? '', argument: words.slice(1).join(' ').replaceAll('"', ''), inner: [] };
      stack.at(-1)?.inner.push(statement);
      if (token === '{') stack.push(statement);
      words = [];
    } else if (token === '}') stack.pop();
    else words.push(token);
  }
  return stack[0]?.inner ?? [];
}
