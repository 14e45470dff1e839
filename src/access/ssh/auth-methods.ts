/**
 * Which authentication method comes next, so that each credential is offered once and no more.
 *
 * `none` asks what the device takes. Then the key, if there is one and the device takes keys; then the password by one
 * method only: `password` where offered, else keyboard-interactive. A device that lists nothing gets `password`.
 */
export type AuthMethod = 'none' | 'publickey' | 'password' | 'keyboard-interactive';

export interface AuthSequence {
  /** The next method, or null when there is nothing left to try. `offered` is null before the first answer. */
  next(offered: readonly string[] | null): AuthMethod | null;
}

export function createAuthSequence(has: { readonly key: boolean; readonly password: boolean }): AuthSequence {
  let asked = false;
  let keyTried = false;
  let passwordTriedBy: AuthMethod | null = null;
  const takes = (offered: readonly string[] | null, method: AuthMethod) =>
    offered === null || offered.length === 0 || offered.includes(method);
  return {
    next(offered) {
      if (!asked) {
        asked = true;
        return 'none';
      }
      if (has.key && !keyTried && takes(offered, 'publickey')) {
        keyTried = true;
        return 'publickey';
      }
      if (!has.password) return null;
      if (passwordTriedBy === null) {
        passwordTriedBy = takes(offered, 'password')
          ? 'password'
          : takes(offered, 'keyboard-interactive')
            ? 'keyboard-interactive'
            : null;
        return passwordTriedBy;
      }
      return null;
    },
  };
}
