/** Notes in SQL. */
import type { Clock } from '../../kernel/clock.ts';
import type { Note, NoteKind, Notes } from '../notes.ts';
import type { SqliteFile } from './sqlite-file.ts';

const PUT = `
INSERT INTO notes (kind, name, text, at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, name) DO UPDATE SET text = excluded.text, at_ms = excluded.at_ms`;
const PUT_FIRST = 'INSERT INTO notes (kind, name, text, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO NOTHING';
const SELECT_ALL = 'SELECT CAST(name AS BLOB), CAST(text AS BLOB), at_ms FROM notes WHERE kind = ? ORDER BY name';
const SELECT_ONE = 'SELECT CAST(text AS BLOB) FROM notes WHERE kind = ? AND name = ?';
const DELETE = 'DELETE FROM notes WHERE kind = ? AND name = ?';

export class SqliteNotes implements Notes {
  readonly #file: SqliteFile;
  readonly #clock: Clock;

  constructor(file: SqliteFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  async all(kind: NoteKind): Promise<readonly Note[]> {
    const nowMs = this.#clock.wallMs();
    return this.#file
      .prepare(SELECT_ALL)
      .rows([kind])
      .map(([name, text, atMs]) => ({
        name: String(name),
        text: String(text),
        ageMs: Math.max(0, nowMs - Number(atMs)),
      }));
  }

  async get(kind: NoteKind, name: string): Promise<string | null> {
    const [row] = this.#file.prepare(SELECT_ONE).rows([kind, name]);
    return row === undefined ? null : String(row[0]);
  }

  async put(kind: NoteKind, name: string, text: string): Promise<void> {
    this.#file.transaction(() => this.#file.prepare(PUT).run([kind, name, text, this.#clock.wallMs()]));
  }

  async putFirst(kind: NoteKind, name: string, text: string): Promise<string> {
    this.#file.transaction(() => this.#file.prepare(PUT_FIRST).run([kind, name, text, this.#clock.wallMs()]));
    return (await this.get(kind, name)) ?? text;
  }

  async remove(kind: NoteKind, name: string): Promise<boolean> {
    return this.#file.transaction(() => this.#file.prepare(DELETE).run([kind, name])) > 0;
  }
}
