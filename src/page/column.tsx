/** The head of a table's column. Its role is said: the style sheet makes other boxes of tables, which loses it. */
import type { ComponentChildren, VNode } from 'preact';

export function Column(props: { readonly class?: 'n' | 'c-track'; readonly children: ComponentChildren }): VNode {
  return (
    <th role="columnheader" scope="col" class={props.class}>
      {props.children}
    </th>
  );
}
