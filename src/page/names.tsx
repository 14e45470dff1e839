/** Names of devices and groups: foreign text of any length and direction, isolated from the text around it. */
import { DEFAULT_CELL } from '../gdoi/seen/cell.ts';
import { Fragment, type VNode } from 'preact';
import { devicePath, type GroupName, groupPath } from './route.ts';
import { addressOf } from './root.ts';

/** Most of a name that is shown; its title has the whole. */
const MAX_SHOWN = 60;

export function shortened(text: string, most = MAX_SHOWN): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function Name({ text }: { readonly text: string }): VNode {
  return text.length > MAX_SHOWN ? <bdi title={text}>{shortened(text)}</bdi> : <bdi>{text}</bdi>;
}

export function DeviceLink({ name }: { readonly name: string }): VNode {
  return (
    <a href={addressOf(devicePath(name))}>
      <Name text={name} />
    </a>
  );
}

/** With its cell, if groups have one; a group of the default cell has none beside it. */
export function GroupLink({ name, cell }: GroupName): VNode {
  return (
    <a href={addressOf(groupPath({ name, cell }))}>
      <Name text={name} />
      {cell !== undefined && cell !== DEFAULT_CELL && (
        <Fragment>
          {' ('}
          <Name text={cell} />)
        </Fragment>
      )}
    </a>
  );
}

/** Names separated by commas; of many, the first ones and how many more there are. */
export function NameList({
  names,
  most = 20,
  link = false,
}: {
  readonly names: readonly string[];
  readonly most?: number;
  readonly link?: boolean;
}): VNode {
  const rest = names.length - most;
  return (
    <Fragment>
      {names.slice(0, most).map((name, index) => (
        <span key={name}>
          {index > 0 ? ', ' : ''}
          {link ? <DeviceLink name={name} /> : <Name text={name} />}
        </span>
      ))}
      {rest > 0 ? ` and ${rest} more` : ''}
    </Fragment>
  );
}
