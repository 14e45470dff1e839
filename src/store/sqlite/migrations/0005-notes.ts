/** `at_ms` by the clock of whoever wrote it. */
export const notes = `
CREATE TABLE notes (
  kind  TEXT NOT NULL,
  name  TEXT NOT NULL,
  text  TEXT NOT NULL,
  at_ms REAL NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
`;
