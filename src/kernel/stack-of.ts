/** The stack of whatever was thrown, for the log. Even that may throw when it is looked at. */
export function stackOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? String(error)) : String(error);
  } catch {
    return 'something that has no text';
  }
}
