import type { ExplanationCause } from '../gdoi/explain/explanation.ts';

/**
 * Where the last rekey was lost, only if the group's explanations are about a loss: beside others it would contradict
 * them.
 */
export function placeOfLoss(causes: readonly ExplanationCause[]): string {
  if (causes.includes('legacy_ks')) return 'their KS sends none before expiry';
  if (causes.includes('ks_rekeys_lost')) return 'the loss is at the KS';
  return causes.includes('path_loss') ? 'the loss is on the path' : '';
}
