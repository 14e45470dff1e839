/**
 * PostgreSQL's text cannot contain NUL, but a device's text may: NUL, and the backslash that marks it, are escaped. Half of
 * a surrogate pair, as a text has that was cut inside a character, becomes U+FFFD: in JSON it would refuse a whole batch.
 */
import { withoutHalves } from '../../kernel/parse-json.ts';

export function toText(value: string): string {
  const text = withoutHalves(value);
  return /[\0\\]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0') : text;
}

export function fromText(text: string): string {
  return text.includes('\\')
    ? text.replaceAll(/\\(.)/gs, (_, escaped: string) => (escaped === '0' ? '\0' : escaped))
    : text;
}
