/** Parses JSON that somebody else wrote; null: it is not JSON, and the caller's schema will say what is expected. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
