#!/usr/bin/env node
/** The `gdoiwatch` command as a process. */
import { endSoon } from '../kernel/end-soon.ts';
import { runCommandLine } from './command-line.ts';

// A reader that went away (`gdoiwatch parse x | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

await runCommandLine(process.argv.slice(2));
endSoon();
