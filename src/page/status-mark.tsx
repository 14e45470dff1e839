/** A status as a word with a sign, never by colour alone. */
import type { HealthStatus } from '../gdoi/health/health-check.ts';
import type { VNode } from 'preact';

const SIGNS: Readonly<Record<HealthStatus, string>> = { ok: '✓', unknown: '?', warning: '!', critical: '✕' };

export function StatusMark({ status }: { readonly status: HealthStatus }): VNode {
  return (
    <span class={`mark ${status}`}>
      <span class="sign" aria-hidden="true">
        {SIGNS[status]}
      </span>
      {status}
    </span>
  );
}
