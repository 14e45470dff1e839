/** `gdoiwatch config check`: is this file good, and if not, every reason. */
import { counted } from '../gdoi/events/counted.ts';
import { Command } from 'commander';
import { configFile, readConfig } from './read-config.ts';

export function configCheckCommand(): Command {
  const check = new Command('check')
    .description('validate a configuration; errors name the path in the file, the value and what is allowed')
    .addOption(configFile('the configuration file'))
    .action(async (options: { config: string }) => {
      const { config, warnings } = await readConfig(options.config);
      for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
      process.stdout.write(
        `${options.config}: good, ${counted(config.devices.length, 'device')}${config.targets === null ? '' : ' and those of targets'}\n`,
      );
    });
  return new Command('config').description('work with configuration files').addCommand(check);
}
