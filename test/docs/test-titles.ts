/**
 * The titles of the tests of a file, as the parser reads them: each after those of its `describe`s, joined by ` > `.
 */
import { type CallExpression, type Expression, parseSync, Visitor } from 'oxc-parser';

const BETWEEN_TITLES = ' > ';

export function testTitles(file: string, text: string): readonly string[] {
  const around: string[] = [];
  const titles: string[] = [];
  new Visitor({
    CallExpression(call) {
      const title = titleOf(call);
      if (title === null) return;
      if (rootOf(call.callee) === 'describe') around.push(title);
      else titles.push([...around, title].join(BETWEEN_TITLES));
    },
    'CallExpression:exit'(call) {
      if (titleOf(call) !== null && rootOf(call.callee) === 'describe') around.pop();
    },
  }).visit(parseSync(file, text).program);
  return titles;
}

/** Its first argument, where it is the call that declares a test or a group of tests. */
function titleOf(call: CallExpression): string | null {
  const root = rootOf(call.callee);
  if (root !== 'describe' && root !== 'test' && root !== 'it') return null;
  const [title] = call.arguments;
  if (title?.type === 'Literal' && typeof title.value === 'string') return title.value;
  return title?.type === 'TemplateLiteral' && title.expressions.length === 0
    ? (title.quasis[0]?.value.cooked ?? null)
    : null;
}

/** What may stand behind `test.`: a test that is skipped or still to be written proves nothing. */
const WAYS_TO_RUN: ReadonlySet<string> = new Set(['concurrent', 'each', 'runIf', 'sequential', 'skipIf']);

/** `test` of `test`, `test.each(rows)`, `test.skipIf(without)`. */
function rootOf(callee: Expression): string | null {
  switch (callee.type) {
    case 'Identifier':
      return callee.name;
    case 'MemberExpression':
      return callee.property.type === 'Identifier' && WAYS_TO_RUN.has(callee.property.name)
        ? rootOf(callee.object)
        : null;
    case 'CallExpression':
      return rootOf(callee.callee);
    default:
      return null;
  }
}
