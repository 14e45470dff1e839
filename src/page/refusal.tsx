/** Why the agent did not give what a view asked for. */
import { h, type VNode } from './preact.mjs';

export function Refusal({ of }: { readonly of: { readonly detail: string } | null }): VNode | false {
  return (
    of !== null && (
      <p class="note refused" role="alert">
        {of.detail}
      </p>
    )
  );
}
