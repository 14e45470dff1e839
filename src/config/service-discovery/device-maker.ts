/** A device of settings from outside the configuration file: checked by the same schema, completed by the same defaults. */
import type { DeviceResolver } from '../device-resolver.ts';
import { type Problem, pathText } from '../finding.ts';
import { problemsOfIssue } from '../issue-text.ts';
import type { MakeDevice } from '../resolved-config.ts';
import { deviceSchema } from '../schema.ts';

export function deviceMaker(resolver: DeviceResolver): MakeDevice {
  return (settings) => {
    const checked = deviceSchema.safeParse(settings);
    if (!checked.success) {
      const problems = checked.error.issues.flatMap((issue) => problemsOfIssue(issue, settings));
      return { device: null, problems: problems.map(problemLine) };
    }
    const problems: Problem[] = [];
    const device = resolver(checked.data, [], problems);
    return problems.some(({ severity }) => severity === 'error')
      ? { device: null, problems: problems.map(problemLine) }
      : { device, problems: [] };
  };
}

function problemLine({ path, message }: Problem): string {
  return path.length === 0 ? message : `${pathText(path)}: ${message}`;
}
