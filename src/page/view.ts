/** What the shell asks of each view. */
import type { VNode } from 'preact';

export interface View {
  readonly title: string;
  /** Ask again for what is shown. */
  refresh(): Promise<void>;
  render(): VNode;
}
