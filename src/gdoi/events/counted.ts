/** `1 GM`, `2 GMs`: a number with its noun. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `all 4 GMs`, `both GMs`, `the GM`: each one of so many. */
export function everyOne(number: number, noun: string): string {
  if (number === 1) return `the ${noun}`;
  return number === 2 ? `both ${noun}s` : `all ${counted(number, noun)}`;
}

/** `all of them`, `both of them`. */
export function everyOneOfThem(number: number): string {
  return number === 2 ? 'both of them' : 'all of them';
}

/** `is` after one, `are` after more. */
export function verb(count: number, one: string, more: string): string {
  return count === 1 ? one : more;
}
