/** The text of a file or answer with target groups: JSON, or YAML if the file's name says so. */
import { placeFinder } from '../place.ts';
import { pathText } from '../finding.ts';
import { readYaml } from '../yaml-text.ts';
import { type TargetList, targetsOfGroups } from './target-groups.ts';

export function targetsOfJson(text: string): TargetList {
  try {
    return targetsOfGroups(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The message itself may quote the text.
    const offset = /at position (\d{1,10})/.exec(error.message)?.[1];
    const place = offset === undefined ? null : placeFinder(text)(Number(offset));
    const where = place === null ? '' : ` (line ${place.line}, column ${place.column})`;
    return { kind: 'malformed', reason: `is not JSON${where}` };
  }
}

export function targetsOfYaml(text: string): TargetList {
  const yaml = readYaml(text);
  const [syntaxError] = yaml.syntaxErrors;
  if (syntaxError !== undefined) {
    const { line, column } = syntaxError.place;
    return { kind: 'malformed', reason: `line ${line}, column ${column}: ${syntaxError.message}` };
  }
  const [problem] = yaml.problems;
  if (problem !== undefined) return { kind: 'malformed', reason: `${pathText(problem.path)}: ${problem.message}` };
  return targetsOfGroups(yaml.value);
}
