/** JSON that somebody else wrote; null: it is none, and the schema it is held against says what is wanted. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
