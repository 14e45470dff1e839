/**
 * The head of a table's column. Its role is explicit, because the style sheet turns tables into other boxes, which
 * loses it.
 */
import type { ComponentChildren, VNode } from 'preact';

export function Column(props: { readonly class?: 'n' | 'c-track'; readonly children: ComponentChildren }): VNode {
  return (
    <th role="columnheader" scope="col" class={props.class}>
      {props.children}
    </th>
  );
}
