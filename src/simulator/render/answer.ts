/** What a device prints for a command line: the table of commands, and how IOS refuses others. */
import type { EpochMs } from '../../kernel/clock.ts';
import type { GroupMember } from '../world/group-member.ts';
import type { KeyServer } from '../world/key-server.ts';
import { renderPkiCertificates } from './render-certificates.ts';
import { renderProcessesCpu, renderShowClock, renderShowLogging, renderShowVersion } from './render-device.ts';
import { renderGmDataplane, renderGmRekeyDetail, renderGmReplay, renderGmShowCryptoGdoi } from './render-gm.ts';
import {
  renderKs,
  renderKsCoop,
  renderKsMembers,
  renderKsMembersSummary,
  renderKsPolicy,
  renderKsShowCryptoGdoi,
} from './render-ks.ts';
import type { SimDevice } from '../world/world.ts';

export interface AnswerSource {
  readonly device: SimDevice;
  readonly memberships: readonly GroupMember[];
  readonly keyServers: readonly KeyServer[];
}

type Render = (source: AnswerSource, nowMs: EpochMs) => string;

const DEVICE_COMMANDS: ReadonlyMap<string, Render> = new Map(
  Object.entries<Render>({
    'show version': ({ device }, nowMs) => renderShowVersion(device, nowMs),
    'show clock': ({ device }, nowMs) => renderShowClock(device, nowMs),
    'show logging': ({ device }) => renderShowLogging(device),
    'show processes cpu': ({ device }) => renderProcessesCpu(device),
    'show crypto pki certificates': ({ device }, nowMs) => renderPkiCertificates(device, nowMs),
  }),
);

const GM_COMMANDS: ReadonlyMap<string, Render> = new Map(
  Object.entries<Render>({
    '': ({ memberships }, nowMs) => renderGmShowCryptoGdoi(memberships, nowMs),
    ' gm rekey detail': ({ memberships }) => renderGmRekeyDetail(memberships),
    ' gm replay': ({ memberships }, nowMs) => renderGmReplay(memberships, nowMs),
    ' gm dataplane counters': ({ memberships }, nowMs) => renderGmDataplane(memberships, nowMs),
  }),
);

const KS_COMMANDS: ReadonlyMap<string, Render> = new Map(
  Object.entries<Render>({
    '': ({ keyServers }, nowMs) => renderKsShowCryptoGdoi(keyServers, nowMs),
    ' ks': ({ keyServers }) => renderKs(keyServers),
    ' ks policy': ({ keyServers }, nowMs) => renderKsPolicy(keyServers, nowMs),
    ' ks members': ({ keyServers }) => renderKsMembers(keyServers),
    ' ks members summary': ({ keyServers }) => renderKsMembersSummary(keyServers),
    ' ks coop': ({ keyServers }, nowMs) => renderKsCoop(keyServers, nowMs),
  }),
);

const CRYPTO_COMMAND = /^show crypto (gdoi|gkm)( .+)?$/u;
const TERMINAL_COMMAND = /^terminal (length|width) \d{1,3}$/u;

/** `show ... | include PATTERN`: IOS prints the lines that match. */
const INCLUDE_FILTER = / \| include (.+)$/u;

/** The answer with LF line ends, without echo and prompt. Blanks and case of the command do not matter. */
export function renderAnswer(source: AnswerSource, command: string, nowMs: EpochMs): string {
  const filter = INCLUDE_FILTER.exec(command);
  if (filter === null) return renderWhole(source, command, nowMs);
  const pattern = new RegExp(filter[1] ?? '', 'u');
  const lines = renderWhole(source, command.slice(0, filter.index), nowMs).split('\n');
  return lines
    .filter((line) => pattern.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

function renderWhole(source: AnswerSource, command: string, nowMs: EpochMs): string {
  const words = command.trim().replace(/\s+/gu, ' ').toLowerCase();
  if (words === '' || TERMINAL_COMMAND.test(words)) return '';
  const deviceRender = DEVICE_COMMANDS.get(words);
  if (deviceRender !== undefined) return deviceRender(source, nowMs);
  const crypto = CRYPTO_COMMAND.exec(words);
  if (crypto !== null && (crypto[1] === 'gdoi' || source.device.release.gkm)) {
    const table = source.device.role === 'ks' ? KS_COMMANDS : GM_COMMANDS;
    const render = table.get(crypto[2] ?? '');
    if (render !== undefined) return render(source, nowMs);
  }
  return invalidInput(source, command, words);
}

/** The caret is under the first word that no known command has at that place. */
function invalidInput(source: AnswerSource, command: string, words: string): string {
  const gdoi = source.device.release.gkm ? ['gdoi', 'gkm'] : ['gdoi'];
  const known = [
    ...DEVICE_COMMANDS.keys(),
    ...gdoi.flatMap((word) =>
      [...(source.device.role === 'ks' ? KS_COMMANDS : GM_COMMANDS).keys()].map((tail) => `show crypto ${word}${tail}`),
    ),
  ].map((line) => line.split(' '));
  const typed = words.split(' ');
  let good = 0;
  while (good < typed.length && known.some((line) => typed.slice(0, good + 1).every((word, i) => line[i] === word))) {
    good += 1;
  }
  if (good === typed.length) return '% Incomplete command.\n\n';
  const column = [...command.matchAll(/\S+/gu)][good]?.index ?? 0;
  const prompt = source.device.hostname.length + 1;
  return `${' '.repeat(prompt + column)}^\n% Invalid input detected at '^' marker.\n\n`;
}
