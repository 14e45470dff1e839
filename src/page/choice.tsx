/** The filters of a list: a drop-down, a name. */
import { shortened } from './names.tsx';
import type { VNode } from 'preact';

const MAX_OPTION = 40;

export function Choice(props: {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly string[];
  /** How an option is shown. */
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

/** Filters a list by name. */
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
