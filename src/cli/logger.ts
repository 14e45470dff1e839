/** The process's logger: pino to stderr, as JSON lines or readable ones. */
import { destination, pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** `to`: the descriptor that lines are written to, each at once. */
export function createLogger(level: string, format: LogFormat, to: number = process.stderr.fd): Logger {
  const stream =
    format === 'json'
      ? destination({ dest: to, sync: true })
      : pretty({
          destination: to,
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
