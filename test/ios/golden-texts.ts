/** The golden texts, for tests that hold for every layout. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCapturedText } from '../../src/ios/captured-text.ts';

export interface GoldenText {
  readonly name: string;
  readonly text: string;
}

const root = join(dirname(fileURLToPath(import.meta.url)), 'goldens');

export function allGoldenTexts(): GoldenText[] {
  return readdirSync(root).flatMap((command) =>
    readdirSync(join(root, command))
      .filter((name) => name.endsWith('.txt'))
      .map((name) => ({ name: `${command}/${name}`, text: readFileSync(join(root, command, name), 'utf8') })),
  );
}

/** Golden texts in which all answers are whole. */
export function wholeGoldenTexts(): GoldenText[] {
  return allGoldenTexts().filter(({ text }) => parseCapturedText(text).every((result) => result.kind === 'parsed'));
}

export function goldenText(name: string): string {
  return readFileSync(join(root, name), 'utf8');
}
