/**
 * PostgreSQL's text holds no NUL, and a device's text may: both it and the backslash that stands for it are escaped.
 */

export function toText(value: string): string {
  return /[\0\\]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('\0', '\\0') : value;
}

export function fromText(text: string): string {
  return text.includes('\\')
    ? text.replaceAll(/\\(.)/gs, (_, escaped: string) => (escaped === '0' ? '\0' : escaped))
    : text;
}
