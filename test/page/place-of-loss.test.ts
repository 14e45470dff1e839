import { expect, test } from 'vitest';
import type { ExplanationCause } from '../../src/gdoi/explain/explanation.ts';
import { placeOfLoss } from '../../src/page/place-of-loss.ts';

test.each<[causes: ExplanationCause[], said: string]>([
  [['path_loss'], 'the loss is on the path'],
  [['ks_rekeys_lost'], 'the loss is at the KS'],
  [['legacy_ks'], 'their KS sends none before expiry'],
  [['legacy_ks', 'ks_rekeys_lost'], 'their KS sends none before expiry'],
  [['ks_down'], ''],
  [['coop_split'], ''],
  [[], ''],
])('of a rekey that was missed, explained by %j: %j', (causes, said) => {
  expect(placeOfLoss(causes)).toBe(said);
});
