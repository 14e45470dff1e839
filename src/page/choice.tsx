/** What a list is narrowed by: a drop-down, a name. */
import { shortened } from './names.tsx';
import type { VNode } from 'preact';

const MAX_OPTION = 40;

export function Choice(props: {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[];
  /** What an option is shown as. */
  readonly say?: (option: string) => string;
  readonly onChoose: (value: string) => void;
}): VNode {
  return (
    <label>
      {props.label}{' '}
      <select value={props.value ?? ''} onChange={(event) => props.onChoose(event.currentTarget.value)}>
        <option value="">any</option>
        {props.options.map((option) => (
          <option key={option} value={option}>
            {shortened(props.say?.(option) ?? option, MAX_OPTION)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A name to narrow a list by. */
export function NameChoice({ label, value, onChoose }: NameChoiceProps): VNode {
  return (
    <label>
      {label}{' '}
      <input
        type="search"
        maxLength={256}
        placeholder="exact name"
        value={value ?? ''}
        onInput={(event) => onChoose(event.currentTarget.value)}
      />
    </label>
  );
}

interface NameChoiceProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChoose: (value: string) => void;
}
