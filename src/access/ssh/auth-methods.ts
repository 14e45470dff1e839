/**
 * Which authentication method comes next, so that each credential is offered only once.
 *
 * `none` asks what the device accepts. Then the key, if there is one and the device accepts keys, or the keys of an SSH
 * agent; then the password by one method only: `password` if offered, otherwise keyboard-interactive. A device that
 * lists nothing gets `password`.
 */
export type AuthMethod = 'none' | 'publickey' | 'agent' | 'password' | 'keyboard-interactive';

export interface AuthSequence {
  /** The next method, or null if there is none left. `offered` is null before the first answer. */
  next(offered: readonly string[] | null): AuthMethod | null;
}

export interface AuthMeans {
  readonly key: boolean;
  readonly agent: boolean;
  readonly password: boolean;
}

export function createAuthSequence(has: AuthMeans): AuthSequence {
  const tried = new Set<AuthMethod>();
  const once = (method: AuthMethod): AuthMethod | null => {
    if (tried.has(method)) return null;
    tried.add(method);
    return method;
  };
  return {
    next(offered) {
      const takes = (method: string) => offered === null || offered.length === 0 || offered.includes(method);
      const first = once('none');
      if (first !== null) return first;
      if (takes('publickey')) {
        const key = (has.key ? once('publickey') : null) ?? (has.agent ? once('agent') : null);
        if (key !== null) return key;
      }
      if (!has.password || tried.has('password') || tried.has('keyboard-interactive')) return null;
      if (takes('password')) return once('password');
      return takes('keyboard-interactive') ? once('keyboard-interactive') : null;
    },
  };
}
