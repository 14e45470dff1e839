import { expect, test } from 'vitest';
import type { Explanation, ExplanationCause } from '../../src/gdoi/explain/explanation.ts';
import { placeOfLoss } from '../../src/page/place-of-loss.ts';

const explains = [{ check: 'reregistrations', devices: ['gm1'] }] as const;
const known = (cause: ExplanationCause) => ({ cause, phase: 'present' as const, explains });
const open = (cause: ExplanationCause) => ({ cause, phase: 'unclear' as const, explains });
const standing = { ...known('legacy_ks'), explains: [{ check: 'mixed_versions', devices: [] }] } as const;

test.each<[explanations: Pick<Explanation, 'cause' | 'phase' | 'explains'>[], said: string]>([
  [[known('path_loss')], 'the loss is on the path'],
  [[{ ...known('path_loss'), phase: 'over' }], 'the loss is on the path'],
  [[known('ks_rekeys_lost')], 'the loss is at the KS'],
  [[known('legacy_ks')], 'their KS sends none before expiry'],
  [[known('legacy_ks'), known('ks_rekeys_lost')], 'their KS sends none before expiry'],
  [[standing, known('path_loss')], 'the loss is on the path'],
  [[standing], ''],
  [[open('path_loss')], ''],
  [[open('legacy_ks')], ''],
  [[open('ks_rekeys_lost'), known('path_loss')], 'the loss is on the path'],
  [[known('ks_down')], ''],
  [[known('coop_split')], ''],
  [[], ''],
])('of a rekey that was missed, explained by %j: %j', (explanations, said) => {
  expect(placeOfLoss(explanations)).toBe(said);
});
