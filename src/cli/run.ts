/** `gdoiwatch run`: the agent. */
import { Command, Option } from 'commander';
import type { Agent } from '../agent/agent.ts';
import { createSystemClock } from '../ports/clock.ts';
import { UserError } from '../ports/user-error.ts';
import { createLogger, LOG_FORMATS, type LogFormat } from './logger.ts';
import { startProduct } from './product.ts';
import { readConfig } from './read-config.ts';
import { stopRequested } from './signals.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('run the agent: poll the devices of the configuration and export what they show')
    .requiredOption('--config <file>', 'the configuration file; SIGHUP and POST /-/reload read it again')
    .addOption(
      new Option('--log-format <format>', 'how log lines look on stderr')
        .choices(LOG_FORMATS)
        .default(process.stderr.isTTY ? 'pretty' : 'json'),
    )
    .action(async (options: { config: string; logFormat: LogFormat }) => {
      const { config, warnings } = await readConfig(options.config);
      const logger = createLogger(config.log.level, options.logFormat);
      for (const warning of warnings) logger.warn({ finding: warning }, 'doubt about the configuration');

      let reloading: Promise<unknown> = Promise.resolve();
      /** One reload after the other. */
      const reload = (agent: Agent) => {
        const next = reloading.then(() => reloadOnce(agent));
        reloading = next;
        return next;
      };
      const reloadOnce = async (agent: Agent) => {
        try {
          const fresh = await readConfig(options.config);
          for (const warning of fresh.warnings) logger.warn({ finding: warning }, 'doubt about the configuration');
          const { added, removed, changed, kept, restartNeeded } = await agent.reload(fresh.config);
          const restart = restartNeeded.length === 0 ? '' : `; needs a restart: ${restartNeeded.join(', ')}`;
          return {
            ok: true,
            message: `reloaded: ${added} added, ${removed} removed, ${changed} changed, ${kept} kept${restart}`,
          };
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          agent.reloadRefused();
          logger.error({ file: options.config, reason: error.message }, 'configuration refused, the old one goes on');
          return { ok: false, message: error.message };
        }
      };

      await using product = await startProduct({ config, clock: createSystemClock(), logger, reload });
      logger.info({ url: product.url, config: options.config }, 'gdoiwatch is up');
      const signal = await stopRequested(() => {
        // The reload logs how it ended; `reloading` keeps the order.
        void reload(product.agent);
      });
      logger.info({ signal }, 'stopping');
    });
}
