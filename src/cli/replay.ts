/** `gdoiwatch replay FILE...`: a recorded timeline through the tracker of live polling; one event per line as JSON. */
import { createReadStream } from 'node:fs';
import { Command } from 'commander';
import { MAX_LINE_CHARS, TOO_LONG } from '../agent/record/recorded-line.ts';
import { Replay } from '../agent/record/replay.ts';
import { type ReplaySettings, settingsOfConfig } from '../agent/record/recorded-settings.ts';
import { timelineLines } from '../agent/record/timeline-lines.ts';
import { counted } from '../gdoi/events/counted.ts';
import type { GdoiEvent } from '../gdoi/events/event.ts';
import { systemReason } from '../kernel/system-reason.ts';
import { incidentDocument } from '../gdoi/incidents/incident-document.ts';
import { UserError } from '../kernel/user-error.ts';
import { readConfig } from './read-config.ts';
import { noTimeline } from './text/no-timeline.ts';
import { ReplayedEvents } from './replayed-events.ts';

const BAD_LINES = 1;
/** Of a line that is no line of a timeline. */
const SHOWN_CHARS = 400;

export function replayCommand(): Command {
  return new Command('replay')
    .description('run a recorded timeline through the tracker of live polling; prints one event per line as JSON')
    .argument('<files...>', 'the recording (JSON Lines), of several days in their order; - is standard input')
    .option('--config <file>', 'take settings that the recording lacks from this configuration')
    .option('--incidents', 'after the events, also print the incidents: one per line as JSON')
    .action(async (files: string[], flags: { readonly config?: string; readonly incidents?: boolean }) => {
      const replay = new Replay(await settingsGiven(flags.config));
      const events = new ReplayedEvents(replay);
      let bad = 0;
      for (const file of files) bad += await replayFile(file, replay, (found) => print(events.take(found)));
      print(events.end(replay.end()));
      if (replay.linesBack > 0) {
        process.stderr.write(
          `gdoiwatch: ${files.join(', ')}: not in time order for each device: taken as a clock that was set back, ${counted(replay.linesBack, 'time')}\n`,
        );
      }
      if (flags.incidents === true) {
        print(replay.incidents.map((incident) => incidentDocument(incident, events.of(incident.id))));
      }
      if (bad > 0) process.exitCode = BAD_LINES;
    });
}

/** Tells `onEvents` what each line brings; returns how many lines were skipped. */
async function replayFile(
  file: string,
  replay: Pick<Replay, 'line'>,
  onEvents: (events: readonly GdoiEvent[]) => void,
): Promise<number> {
  let number = 0;
  let blank = 0;
  let bad = 0;
  let firstBad: string | null = null;
  try {
    for await (const line of timelineLines(file === '-' ? process.stdin : createReadStream(file), MAX_LINE_CHARS)) {
      number += 1;
      if (line?.trim() === '') {
        blank += 1;
        continue;
      }
      const step = line === null ? ({ kind: 'bad', reason: TOO_LONG } as const) : replay.line(line);
      if (step.kind === 'events') onEvents(step.events);
      else {
        bad += 1;
        firstBad ??= line?.slice(0, SHOWN_CHARS) ?? '';
        process.stderr.write(`gdoiwatch: ${file}:${number}: skipped: ${step.reason}\n`);
      }
    }
  } catch (error) {
    throw new UserError('file_unreadable', `cannot read ${file}: ${systemReason(error)}`, { cause: error });
  }
  if (firstBad !== null && bad === number - blank)
    process.stderr.write(`gdoiwatch: ${file}: none of its lines is of a timeline: ${noTimeline(firstBad)}\n`);
  if (number === blank) process.stderr.write(`gdoiwatch: ${file}: no lines to replay\n`);
  return bad;
}

async function settingsGiven(file: string | undefined): Promise<ReplaySettings | undefined> {
  return file === undefined ? undefined : settingsOfConfig((await readConfig(file)).config);
}

function print(documents: readonly object[]): void {
  for (const document of documents) process.stdout.write(`${JSON.stringify(document)}\n`);
}
