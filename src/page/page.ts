/** What the shell asks of each page. */
import type { VNode } from 'preact';

export interface Page {
  readonly title: string;
  /** Ask again for what is shown. */
  refresh(): Promise<void>;
  render(): VNode;
}
