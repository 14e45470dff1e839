/** What the shell needs from each page. */
import type { VNode } from 'preact';

export interface Page {
  readonly title: string;
  /** Requests again what is shown. */
  refresh(): Promise<void>;
  render(): VNode;
}
