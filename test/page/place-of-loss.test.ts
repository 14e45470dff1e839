import { expect, test } from 'vitest';
import type { Explanation, ExplanationCause } from '../../src/gdoi/explain/explanation.ts';
import { placeOfLoss } from '../../src/page/place-of-loss.ts';

const known = (cause: ExplanationCause) => ({ cause, phase: 'present' as const });
const open = (cause: ExplanationCause) => ({ cause, phase: 'unclear' as const });

test.each<[explanations: Pick<Explanation, 'cause' | 'phase'>[], said: string]>([
  [[known('path_loss')], 'the loss is on the path'],
  [[{ cause: 'path_loss', phase: 'over' }], 'the loss is on the path'],
  [[known('ks_rekeys_lost')], 'the loss is at the KS'],
  [[known('legacy_ks')], 'their KS sends none before expiry'],
  [[known('legacy_ks'), known('ks_rekeys_lost')], 'their KS sends none before expiry'],
  [[open('path_loss')], ''],
  [[open('legacy_ks')], ''],
  [[open('ks_rekeys_lost'), known('path_loss')], 'the loss is on the path'],
  [[known('ks_down')], ''],
  [[known('coop_split')], ''],
  [[], ''],
])('of a rekey that was missed, explained by %j: %j', (explanations, said) => {
  expect(placeOfLoss(explanations)).toBe(said);
});
