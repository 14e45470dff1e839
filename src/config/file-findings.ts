/** Problems of a YAML file as findings with their places in it. */
import { type Finding, type Problem, pathText } from './finding.ts';
import { placeFinder } from './place.ts';
import type { YamlText } from './yaml-text.ts';

type FileText = Pick<YamlText, 'places' | 'syntaxErrors'>;

/** A finding on the file as a whole. */
export function fileFinding(file: string, message: string): Finding {
  return { severity: 'error', file, line: null, column: null, path: '', message };
}

/** Why the text is not YAML; empty if it is. */
export function syntaxFindings(file: string, yaml: FileText): readonly Finding[] {
  return yaml.syntaxErrors.map(
    ({ place, message }): Finding => ({ severity: 'error', file, ...place, path: '', message }),
  );
}

/** In the file's order. */
export function placedFindings(
  file: string,
  source: string,
  yaml: FileText,
  problems: readonly Problem[],
): readonly Finding[] {
  // Without findings, no tree is built for their places.
  if (problems.length === 0) return [];
  const placeOf = placeFinder(source);
  const offsetOf = yaml.places();
  return problems
    .map(({ severity, path, on, message }): Finding => {
      const offset = offsetOf(path, on);
      const { line, column } = offset === null ? { line: null, column: null } : placeOf(offset);
      return { severity, file, line, column, path: pathText(path), message };
    })
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
