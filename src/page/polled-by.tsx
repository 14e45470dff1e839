/** Which agent polls this, if several share the work. */
import type { VNode } from 'preact';
import { durationText } from '../gdoi/events/duration-text.ts';
import type { OwnerDocument } from '../http/schemas/owner-schema.ts';
import { Fact } from './facts.tsx';

/** Nothing if there is one agent. */
export function PolledBy({ owner }: { readonly owner: OwnerDocument | undefined }): VNode | null {
  if (owner === undefined) return null;
  return (
    <Fact name="Polled by">
      {owner.agent === null ? 'nobody now' : <bdi>{owner.agent}</bdi>}
      {owner.source === 'kept' &&
        `${owner.agent === null ? '' : ', which cannot be asked'}: shown as stored, ${age(owner)}`}
    </Fact>
  );
}

function age({ age_seconds: seconds }: OwnerDocument): string {
  return seconds === null ? 'no answer yet' : `last answer ${durationText(seconds)} ago`;
}
