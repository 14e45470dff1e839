/** `gdoiwatch run`: the agent. */
import { Command, Option } from 'commander';
import { createSystemClock } from '../kernel/clock.ts';
import { keepHeapsSmall } from '../product/heap-settings.ts';
import { LOG_FORMATS, type LogFormat, openLog } from './logger.ts';
import { configFile, readConfig } from './read-config.ts';
import { keepRunning, takeSignals } from './signals.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('run the agent: poll the devices of the configuration and export what they show')
    .addOption(configFile('the configuration file; SIGHUP and POST /-/reload read it again'))
    .addOption(
      new Option('--log-format <format>', 'format of the log lines on stderr')
        .choices(LOG_FORMATS)
        .default(process.stderr.isTTY ? 'pretty' : 'json'),
    )
    .action(async (options: { config: string; logFormat: LogFormat }) => {
      using signals = takeSignals();
      keepHeapsSmall();
      // Before the configuration is read there is no log level, and no login.
      let secretTrouble = (_message: string): void => undefined;
      const read = () => readConfig(options.config, (message) => secretTrouble(message));
      const { config, warnings } = await read();
      const log = openLog(config.log.level, options.logFormat);
      const { logger } = log;
      secretTrouble = (reason) => logger.warn({ reason }, 'a secret cannot be read again; the old one stays in use');
      for (const warning of warnings) logger.warn({ finding: warning }, 'doubt about the configuration');

      const reread = async () => {
        const fresh = await read();
        for (const warning of fresh.warnings) logger.warn({ finding: warning }, 'doubt about the configuration');
        return fresh.config;
      };
      // Never rejects, and logs at once that the signal arrived.
      void signals.stopped.then((signal) => logger.info({ signal }, 'stopping'));
      const clock = createSystemClock();
      // Most of the code: help and configuration errors do not need it.
      const { startProduct } = await import('../product/product.ts');
      await using product = await startProduct({
        config,
        clock,
        logger,
        logErrors: log.errors,
        reread,
        signal: signals.stop,
      });
      using _boundary = keepRunning(product.errors);
      logger.info({ url: product.url, config: options.config }, 'gdoiwatch is up');
      // The reload logs how it ended.
      signals.onHangup(() => void product.reload());
      await signals.stopped;
    });
}
