/** Why the agent did not give what a page requested. */
import type { VNode } from 'preact';

export function Refusal({ of }: { readonly of: { readonly detail: string } | null }): VNode | false {
  return (
    of !== null && (
      <p class="note refused" role="alert">
        {of.detail}
      </p>
    )
  );
}
