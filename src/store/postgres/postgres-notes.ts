/** Notes in SQL; their age is by the database's clock. */
import type { NoteKind, Notes } from '../notes.ts';
import type { PostgresConnections, ResultRow } from './connections.ts';
import { fromText, toText } from './plain-text.ts';

const PUT = `
INSERT INTO notes (kind, name, text) VALUES ($1, $2, $3)
ON CONFLICT (kind, name) DO UPDATE SET text = excluded.text, at = clock_timestamp()`;
/** The update changes nothing and returns the existing row: several simultaneous writers all get the same. */
const PUT_FIRST = `
INSERT INTO notes AS known (kind, name, text) VALUES ($1, $2, $3)
ON CONFLICT (kind, name) DO UPDATE SET text = known.text RETURNING text`;
const SELECT_ALL = `
SELECT name, text, extract(epoch FROM clock_timestamp() - at) * 1000 AS age_ms FROM notes WHERE kind = $1 ORDER BY name`;
const SELECT_ONE = 'SELECT text FROM notes WHERE kind = $1 AND name = $2';
const DELETE = 'DELETE FROM notes WHERE kind = $1 AND name = $2 RETURNING 1';

export function createNotes(connections: PostgresConnections): Notes {
  const run = (sql: string, ...values: readonly string[]): Promise<readonly ResultRow[]> =>
    connections.use((session) => session.run(sql, values.map(toText)));
  const textIn = (row: ResultRow) => fromText(String(row['text']));
  return {
    async all(kind: NoteKind) {
      const rows = await run(SELECT_ALL, kind);
      return rows.map((row) => ({
        name: fromText(String(row['name'])),
        text: textIn(row),
        ageMs: Math.max(0, Number(row['age_ms'])),
      }));
    },
    async get(kind, name) {
      const [row] = await run(SELECT_ONE, kind, name);
      return row === undefined ? null : textIn(row);
    },
    async put(kind, name, text) {
      await run(PUT, kind, name, text);
    },
    async putFirst(kind, name, text) {
      const [row] = await run(PUT_FIRST, kind, name, text);
      return row === undefined ? text : textIn(row);
    },
    async remove(kind, name) {
      return (await run(DELETE, kind, name)).length > 0;
    },
  };
}
