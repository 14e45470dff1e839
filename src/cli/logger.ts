/** The process's logger: pino to stderr, as JSON lines or readable ones. */
import { destination, pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export function createLogger(level: string, format: LogFormat): Logger {
  const stream =
    format === 'json'
      ? destination({ dest: 2, sync: true })
      : pretty({
          destination: 2,
          sync: true,
          colorize: process.stderr.isTTY,
          translateTime: 'SYS:HH:MM:ss',
          ignore: 'pid,hostname',
        });
  return pino(
    { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    stream,
  );
}
