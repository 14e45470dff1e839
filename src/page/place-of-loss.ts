import type { Explanation, ExplanationCause } from '../gdoi/explain/explanation.ts';

/**
 * Where the last rekey was lost, only if the group's explanations are about a loss, and say so: beside others, or while
 * they leave it open, it would contradict them.
 */
export function placeOfLoss(explanations: readonly Pick<Explanation, 'cause' | 'phase' | 'explains'>[]): string {
  const isSaid = (cause: ExplanationCause) =>
    explanations.some(
      ({ cause: said, phase, explains }) =>
        said === cause && phase !== 'unclear' && (cause !== 'legacy_ks' || explains.some(isOfGms)),
    );
  if (isSaid('legacy_ks')) return 'their KS sends none before expiry';
  if (isSaid('ks_rekeys_lost')) return 'the loss is at the KS';
  return isSaid('path_loss') ? 'the loss is on the path' : '';
}

/** That releases are mixed is said as long as they are: it explains a loss only where it explains what a GM shows. */
function isOfGms({ check }: Explanation['explains'][number]): boolean {
  return check !== 'mixed_versions' && check !== 'reachable';
}
