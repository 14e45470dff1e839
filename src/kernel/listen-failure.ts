/** Why a server or listener of ours could not have its address, as what the user can mend. */
import { codeOf } from './error-code.ts';
import { UserError, type UserErrorCode } from './user-error.ts';

const REASONS = new Map<string, readonly [UserErrorCode, string]>([
  ['EADDRINUSE', ['port_in_use', 'the port is in use; stop the other process or choose another port']],
  ['EACCES', ['port_forbidden', 'this user may not use the port; take one above 1023']],
  ['EADDRNOTAVAIL', ['address_not_local', 'this machine has no such address']],
  ['ENOTFOUND', ['address_not_local', 'no such host name']],
]);

/** `what` begins the line: `listen: cannot listen on 127.0.0.1:9848`. null: not a failure to listen. */
export function listenFailure(what: string, cause: unknown): UserError | null {
  const found = REASONS.get(codeOf(cause));
  return found === undefined ? null : new UserError(found[0], `${what}: ${found[1]}`, { cause });
}
