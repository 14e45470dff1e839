/**
 * What the pages of a device and of a group have in common: name and status, then what is known of it, or why nothing
 * is.
 */
import type { HealthStatus } from '../gdoi/health/health-check.ts';
import { Name } from './names.tsx';
import { Fragment, type VNode } from 'preact';
import { Refusal } from './refusal.tsx';
import type { Kept } from './session.ts';
import { StatusMark } from './status-mark.tsx';

export function NamedPage<Body extends { readonly status: HealthStatus }>(props: {
  readonly title: string;
  readonly of: 'device' | 'group';
  readonly kept: Pick<Kept<Body>, 'body' | 'refusal'>;
  readonly draw: (body: Body) => VNode;
}): VNode {
  const { body, refusal } = props.kept;
  return (
    <Fragment>
      <h1 tabIndex={-1}>
        <Name text={props.title} /> {body !== null && <StatusMark status={body.status} />}
      </h1>
      <Refusal of={refusal} />
      {body === null ? refusal === null && <p class="note">Loading the {props.of} ...</p> : props.draw(body)}
    </Fragment>
  );
}
