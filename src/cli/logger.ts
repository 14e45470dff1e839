/** The process's logger: pino to stderr, as JSON lines or readable ones. */
import { type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { LogOutput } from './log-output.ts';

export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface OpenLog {
  readonly logger: Logger;
  /** Failed writes so far. */
  readonly errors: () => number;
}

/** `to`: the descriptor that lines are written to, each at once. */
export function openLog(level: string, format: LogFormat, to: number = process.stderr.fd): OpenLog {
  const output: LogOutput = new LogOutput(to, (lines) =>
    logger.warn({ lines }, 'the log could not be written for a while; some of its lines are lost'),
  );
  const logger = pino(
    { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    format === 'json' ? output : readable(output),
  );
  return { logger, errors: () => output.errors };
}

export function createLogger(level: string, format: LogFormat, to?: number): Logger {
  return openLog(level, format, to).logger;
}

function readable(output: LogOutput): { write(line: string): void } {
  const prettified = prettyFactory({
    colorize: process.stderr.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  });
  return { write: (line) => output.write(prettified(line)) };
}
