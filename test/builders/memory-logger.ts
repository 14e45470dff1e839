/** A logger that keeps its lines. */
import type { Logger } from '../../src/kernel/logger.ts';

type Level = keyof Logger;

export class MemoryLogger implements Logger {
  readonly #entries: { level: Level; fields: object; message: string }[] = [];

  debug = (fields: object, message: string): void => void this.#entries.push({ level: 'debug', fields, message });
  info = (fields: object, message: string): void => void this.#entries.push({ level: 'info', fields, message });
  warn = (fields: object, message: string): void => void this.#entries.push({ level: 'warn', fields, message });
  error = (fields: object, message: string): void => void this.#entries.push({ level: 'error', fields, message });

  /** In the order in which they were logged. */
  lines(...levels: readonly Level[]): object[] {
    return this.#entries.filter((entry) => levels.includes(entry.level)).map((entry) => entry.fields);
  }

  messages(level: Level): string[] {
    return this.#entries.filter((entry) => entry.level === level).map((entry) => entry.message);
  }
}
