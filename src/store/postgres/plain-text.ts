/** PostgreSQL's text cannot contain NUL, but a device's text may: NUL, and the backslash that marks it, are escaped. */

export function toText(value: string): string {
  return /[\0\\]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('\0', '\\0') : value;
}

export function fromText(text: string): string {
  return text.includes('\\')
    ? text.replaceAll(/\\(.)/gs, (_, escaped: string) => (escaped === '0' ? '\0' : escaped))
    : text;
}
