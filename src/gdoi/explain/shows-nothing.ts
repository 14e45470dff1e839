/** Devices that are there and show nothing of their group: what they do, and where to look first. */
import { verb } from '../events/counted.ts';
import { CHECK_EXEC, CHECK_SHOWN } from '../events/first-steps.ts';
import { isNoShellResult } from '../seen/result-signs.ts';
import type { MemberContext } from './group-facts.ts';

/** `what`: of which they show nothing. */
export function showNothing(
  mute: readonly Pick<MemberContext, 'failure'>[],
  what: string,
): { readonly does: string; readonly firstStep: string } {
  const shut = mute.filter(({ failure }) => failure !== null && isNoShellResult(failure.result));
  if (mute.length > 0 && shut.length === mute.length)
    return {
      does: verb(
        mute.length,
        'accepts the agent’s login and ends the session before a prompt',
        'accept the agent’s login and end the session before a prompt',
      ),
      firstStep: CHECK_EXEC,
    };
  return {
    does: `${verb(mute.length, 'answers and shows', 'answer and show')} nothing of ${what}`,
    firstStep: shut.length === 0 ? CHECK_SHOWN : `${CHECK_SHOWN} ${CHECK_EXEC}`,
  };
}
