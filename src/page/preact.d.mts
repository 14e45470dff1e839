/** `preact.mjs` beside this page is the package's own file, as the server hands it out; its types are the package's. */
export { Fragment, h, render } from 'preact';
export type { ComponentChildren, JSX, VNode } from 'preact';
