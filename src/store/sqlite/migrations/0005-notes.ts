/** `at_ms` by the writer's clock. */
export const notes = `
CREATE TABLE notes (
  kind  TEXT NOT NULL,
  name  TEXT NOT NULL,
  text  TEXT NOT NULL,
  at_ms REAL NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
`;
