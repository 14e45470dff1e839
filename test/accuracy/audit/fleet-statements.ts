/** Sentences about a group as a whole: roles, peers, divergent keys, mixed releases. */
import type { KsAnswer } from './history.ts';
import { type Audited, form, INSTANT, msOf, NUMBER, statement, type Statement, unless } from './statement.ts';

const ROLE = statement(/Local KS Role: (\w+) \(before: (\w+)\)/u, ({ history, event }, now = '', before = '') => {
  const roles = history.kss.filter(({ device, ks }) => device === event.device && ks.localRole !== null);
  const shown = roles.map(({ ks }) => ks.localRole);
  return unless(shown.at(-1) === now && shown.includes(isRole(before)), `shown are ${[...new Set(shown)].join(', ')}`);
});

function isRole(word: string): 'primary' | 'secondary' | 'unknown' {
  return word === 'primary' || word === 'secondary' ? word : 'unknown';
}

const KS_ADDRESS = statement(/KS address (\S+)/u, ({ history, event }, address = '') =>
  unless(
    history.kss.some(({ device, ks }) => device === event.device && ks.localAddress === address),
    'no answer showed it',
  ),
);

const SPI = '0x[0-9A-F]+';

const CURRENT_TEK = statement(
  form(`current TEK of (.+): ((?:${SPI})(?:, ${SPI})*)`),
  ({ history }, _source = '', spis = '') => {
    const shown = new Set([
      ...history.kss.flatMap(({ ks }) => ks.teks?.map(({ spi }) => spi) ?? []),
      ...history.gms.flatMap(({ gm }) => gm.teks?.map(({ spi }) => spi) ?? []),
    ]);
    const unseen = spis.split(', ').filter((spi) => !shown.has(spi));
    return unless(unseen.length === 0, `nobody showed ${unseen.join(', ')}`);
  },
);

const OTHER_TEK = statement(
  form(String.raw`(\S+): (no TEK|(?:${SPI})(?:, ${SPI})*), registered with (no KS|\S+)`),
  ({ history }, device = '', spis = '', keyServer = '') => {
    const last = history.gms.findLast((answer) => answer.device === device && answer.gm.teks !== null)?.gm;
    if (last === undefined) return `${device} showed no TEKs`;
    const held = new Set(last.teks?.map(({ spi }) => spi));
    const unseen = spis === 'no TEK' ? [] : spis.split(', ').filter((spi) => !held.has(spi));
    if (unseen.length > 0) return `${device} did not show ${unseen.join(', ')}`;
    return unless((last.keyServer ?? 'no KS') === keyServer, `it is registered with ${last.keyServer}`);
  },
);

const LEGACY_KS = statement(
  /KS without KEK rekey before expiry \(older than 15\.2\(1\)T \/ XE 3\.5S\): (\S+) \((.+)\)/u,
  ({ history }, device = '', version = '') => {
    if (!history.kss.some((answer) => answer.device === device)) return 'no such KS answered';
    const known = history.versions.get(device) ?? [];
    return unless(version === 'release unknown' || known.includes(version), `it shows ${known.join(', ')}`);
  },
);

const TIMER_GM = statement(/GM with KEK timer: (\S+) \((.+)\)/u, ({ history }, device = '', version = '') => {
  const answers = history.gms.filter((answer) => answer.device === device);
  if (answers.length === 0) return 'no such GM answered';
  const showsLifetime = answers.some(({ gm }) => gm.kek?.remainingSeconds != null);
  const known = history.versions.get(device) ?? [];
  return unless(version === 'shows a KEK lifetime' ? showsLifetime : known.includes(version), 'it does not show that');
});

const PRIMARY = statement(
  form(
    String.raw`(\S+?)(?: \((\S+)\))?: Local KS Role: Primary at the end of every look that tells a role, for `,
    NUMBER,
    ' s',
  ),
  ({ history }, device = '', address, seconds = '') => {
    const looks = looksAt(history.kss.filter((answer) => answer.device === device)).filter(({ role }) => role !== null);
    const since = looks.slice(looks.findLastIndex(({ role }) => role !== 'primary') + 1);
    const [first, last] = [since[0], since.at(-1)];
    if (first === undefined || last === undefined) return 'it was not shown as primary';
    const forSeconds = (last.toMs - first.fromMs) / 1000;
    if (Number(seconds) > forSeconds + 2) return `it was for ${forSeconds} s`;
    const answers = history.kss.filter((answer) => answer.device === device);
    return unless(address === undefined || answers.some(({ ks }) => ks.localAddress === address), 'another address');
  },
);

/** Within a look, the next command follows the last answer within this. */
const NEXT_COMMAND_MS = 1000;

interface Look {
  readonly fromMs: number;
  readonly toMs: number;
  /** From the last answer that shows a role; null while it is `Unknown`, as during an election. */
  readonly role: string | null;
}

function looksAt(answers: readonly KsAnswer[]): readonly Look[] {
  return answers.reduce<readonly Look[]>((looks, { sentMs, receivedMs, ks }) => {
    const last = looks.at(-1);
    const told = ks.localRole === 'unknown' ? null : ks.localRole;
    return last === undefined || Math.abs(sentMs - last.toMs) > NEXT_COMMAND_MS
      ? [...looks, { fromMs: sentMs, toMs: receivedMs, role: told }]
      : [...looks.slice(0, -1), { fromMs: last.fromMs, toMs: receivedMs, role: told ?? last.role }];
  }, []);
}

const PEER_DEAD = statement(
  /(\S+): peer (\S+) status Dead(?:, IKE status ([\w ]+))?/u,
  ({ history }, device = '', address = '', ike = '') => {
    const last = history.kss.findLast((answer) => answer.device === device && answer.ks.peers !== null);
    const peer = last?.ks.peers?.find((each) => each.address === address);
    const shown = `${peer?.status ?? 'nothing'}, IKE ${peer?.ike ?? ''}`;
    return unless(shown === `Dead, IKE ${ike}`, `shown is ${shown}`);
  },
);

const REPLACED = statement(
  form(String.raw`KS (\S+) replaced its KEK between `, INSTANT, ' and ', INSTANT),
  ({ history }, device = '', from = '', to = '') => {
    const answers = history.kss.filter((answer) => answer.device === device && answer.ks.kek?.remainingSeconds != null);
    const old = answers.findLast(({ sentMs }) => sentMs <= msOf(from) + 1000);
    // If several answers came within that second, as over SSH and SNMP, the last counts.
    const fresh = answers.findLast(({ receivedMs }) => Math.abs(receivedMs - msOf(to)) <= 1000);
    if (old === undefined || fresh === undefined) return 'no two answers around it';
    return unless(kekEnd(fresh) - kekEnd(old) > 10_000, 'they show the same KEK');
  },
);

function kekEnd({ sentMs, ks }: KsAnswer): number {
  return sentMs + (ks.kek?.remainingSeconds ?? 0) * 1000;
}

const REKEYS_SINCE = statement(
  form(String.raw`(Rekeys received|Succeeded registration): (\d+|not shown), before(?: the new KEK)?: (\d+|not shown)`),
  ({ history, event }, label = '', now = '', before = '') => {
    const figures = history.gms
      .filter(({ device, origin }) => device === event.device && origin === 'cli')
      .map(({ gm }) => (label === 'Rekeys received' ? gm.rekeys.received : gm.registrations.succeeded))
      .map((figure) => String(figure ?? 'not shown'));
    return unless(figures.at(-1) === now && figures.includes(before), `shown is ${figures.at(-1)}`);
  },
);

const LAST_REKEY = statement(form('last rekey received at ', INSTANT), ({ history, event }, at = '') => {
  const shown = history.gms.some(({ device, gm, receivedMs }) => {
    const age = gm.rekeys.lastAgeSeconds;
    return device === event.device && age !== null && Math.abs(receivedMs - age * 1000 - msOf(at)) <= 3000;
  });
  return unless(shown, 'no answer showed it');
});

export const FLEET_STATEMENTS: ReadonlyMap<string, readonly Statement[]> = new Map([
  ['ks_role_changed', [ROLE, KS_ADDRESS]],
  ['tek_divergence', [CURRENT_TEK, OTHER_TEK]],
  ['mixed_versions', [LEGACY_KS, TIMER_GM]],
  ['coop_split', [PRIMARY]],
  ['coop_peer_lost', [PEER_DEAD]],
  ['kek_expired_in_use', [REPLACED, REKEYS_SINCE, LAST_REKEY]],
]);

/** Summaries must name the device and the group of their event. */
export function namesItsDevices({ event }: Audited): string | null {
  const { summary, device, group } = event;
  const named = (device === null || summary.includes(device)) && (group === null || summary.includes(group));
  return unless(named, 'the summary does not name where');
}
