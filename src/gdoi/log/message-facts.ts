/** What a message states, looked up in the table of messages (`known-messages.ts`). */
import type { Stated } from '../events/gdoi-events.ts';
import type { GroupType } from '../seen/snapshot.ts';
import { messageMeaning, mnemonicMeaning } from './known-messages.ts';
import type { MessageFact } from './message-meaning.ts';

/** What a message states: nothing, one thing, or several, such as one of a GM and another of a KS that writes it. */
export function messageFacts(facility: string, mnemonic: string): readonly MessageFact[] {
  return messageMeaning(facility, mnemonic)?.facts ?? [];
}

/** A GM writes these when its own configuration was changed: no KS ordered anything. */
const OWN_CHANGES: ReadonlySet<string> = new Set(['GM_CM_ATTACH', 'GM_CM_DETACH']);

export function isOwnChange(mnemonic: string): boolean {
  return OWN_CHANGES.has(mnemonic);
}

/** Is this message of a KS about its whole group? */
export function isAboutGroup(mnemonic: string): boolean {
  return mnemonicMeaning(mnemonic)?.meaning.facts.some(({ about }) => about === 'group') ?? false;
}

/**
 * A KS may write this about any of its peers, and does not say whose registration failed for it: it is shown as
 * evidence, and is no reason.
 */
export function isOfAnyPeer(mnemonic: string): boolean {
  const family = mnemonicMeaning(mnemonic)?.family;
  return family === 'pki' || family === 'ikev2';
}

const IKEV1 = /^IKMP_/u;

/**
 * A failure of the IKE that a group of this type does not use: a router has other peers than the KSs of its groups. A
 * group whose type is not shown may use either.
 */
export function isOfOtherIke(mnemonic: string, groupType: GroupType | null): boolean {
  if (groupType === 'gdoi') return mnemonicMeaning(mnemonic)?.family === 'ikev2';
  return groupType === 'gikev2' && IKEV1.test(mnemonic);
}

/** The reason that a kept message states, by its mnemonic alone; null: it states none. */
export function statedReason(mnemonic: string, by: MessageFact['by']): Stated | null {
  const facts = mnemonicMeaning(mnemonic)?.meaning.facts ?? [];
  const fact = facts.find((each) => each.by === by && each.reason !== null);
  return fact === undefined || fact.reason === null ? null : { reason: fact.reason, firstStep: fact.firstStep };
}
