/**
 * Several routers in one capture: whose an answer is. Prompts say it; without them it is said by titles over the
 * answers, by what tools write before each host's output, or by answers that cannot be one router's.
 */
import { describe, expect, test } from 'vitest';
import { verdictsOf } from '../../src/cli/text/parse-verdict.ts';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { goldenText } from '../ios/golden-texts.ts';

/** Of branch-7, without its prompts. */
const ONE = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt').replace(/^branch-7#.*\n/gm, '');
const REGISTERING = ONE.replace('status   : Registered', 'status   : Registering');
const OTHER = REGISTERING.replaceAll('198.51.100.7', '198.51.100.8');

function told(text: string): readonly (readonly [device: string, status: string])[] {
  const answers = parseCapturedText(text).filter((result) => result.kind === 'parsed');
  return [...verdictsOf(answers, 0).values()].map(({ device, status }) => [device, status] as const);
}

const NAMED = [
  ['gm1', 'ok'],
  ['gm2', 'critical'],
];

describe('the name of a router', () => {
  const each = (heading: (name: string) => string, before = '') =>
    `${heading('gm1')}\n${before}${ONE}\n${heading('gm2')}\n${before}${OTHER}\n`;

  test.each<[string, string]>([
    ['in a title of equals signs', each((name) => `===== ${name} =====`)],
    ['in a title of asterisks, over the command', each((name) => `*** ${name} ***`, 'show crypto gdoi\n')],
    ['in a title with the word router', each((name) => `----- Router: ${name} -----`)],
    ['in a line of its own with the word host', each((name) => `Host: ${name}`)],
    ['over the command, with a colon', each((name) => `${name}:`, 'show crypto gdoi\n')],
    ['alone before the answer, with a colon', each((name) => `${name}:`)],
    ['as Ansible writes it for one command', each((name) => `${name} | CHANGED | rc=0 >>`)],
    ['as parallel-ssh writes it', each((name) => `[1] 10:11:12 [SUCCESS] ${name}`)],
    [
      'as Ansible writes it for a task',
      [
        ['gm1', ONE],
        ['gm2', OTHER],
      ]
        .map(([name, text]) => `ok: [${name}] => ${JSON.stringify({ changed: false, stdout: [text] })}\n`)
        .join(''),
    ],
    [
      'as Ansible writes it for a task, over several lines',
      [
        ['gm1', ONE],
        ['gm2', OTHER],
      ]
        .map(([name, text]) => `ok: [${name}] => ${JSON.stringify({ stdout_lines: [text?.split('\n')] }, null, 4)}\n`)
        .join(''),
    ],
    [
      'beside the output in JSON',
      JSON.stringify([
        { host: 'gm1', output: ONE },
        { output: OTHER, device: 'gm2' },
      ]),
    ],
    ['as the key of the output in JSON', JSON.stringify({ gm1: ONE, gm2: OTHER })],
  ])('%s is the name of what follows', (_, text) => {
    expect(told(text)).toEqual(NAMED);
  });

  test('is none in the name of a task, and none in that of a certificate', () => {
    expect(told(JSON.stringify({ name: 'show_gdoi', stdout: ONE }))).toEqual([['device', 'ok']]);
    const certificate =
      'gm1#show crypto pki certificates\nCertificate\n  Status: Available\n  Certificate Serial Number (hex): 02\n  Certificate Usage: General Purpose\n  Issuer:\n    cn=CA\n  Subject:\n    Name: gm1.example\n    hostname=gm1.example\n  Validity Date:\n    start date: 10:00:00 UTC Jan 1 2026\n    end   date: 10:00:00 UTC Jan 1 2027\n  Associated Trustpoints: CA\n\ngm1#\n';
    expect(parseCapturedText(certificate)).toMatchObject([{ device: 'gm1', unknownLines: [] }]);
  });

  test('gives way to that of a prompt', () => {
    const text = `===== gm1 =====\nbranch-7#show crypto gdoi\n${ONE}branch-7#\n===== gm2 =====\nbranch-8#show crypto gdoi\n${OTHER}branch-8#\n`;
    expect(told(text).map(([device]) => device)).toEqual(['branch-7', 'branch-8']);
  });

  test.each(['===== before the change =====', '----- Step 1 -----', '##### Output #####', '===== Test-1 ====='])(
    'is not in the title %s, and what follows is read',
    (title) => {
      expect(told(`${title}\n${ONE}`)).toEqual([['device', 'ok']]);
    },
  );
});

describe('answers without any name', () => {
  test.each([
    ['one after the other', `${ONE}\n${OTHER}`],
    ['each behind its command', `show crypto gdoi\n${ONE}\nshow crypto gdoi\n${OTHER}`],
  ])('that are of two addresses, %s, are of two routers', (_, text) => {
    expect(told(text)).toEqual([
      ['device', 'ok'],
      ['device 2', 'critical'],
    ]);
  });

  test('are of two routers in the other order as well: the one that is well does not hide the other', () => {
    expect(told(`${OTHER}\n${ONE}`)).toEqual([
      ['device', 'critical'],
      ['device 2', 'ok'],
    ]);
  });

  test('that are of one address are of one router, of which the last one counts', () => {
    expect(told(`${ONE}\n${REGISTERING}`)).toEqual([['device', 'critical']]);
  });

  test.each([
    'gm/xe17.txt',
    'ks/xe17-with-and-without-redundancy.txt',
    'ks-coop/ios15-without-versions.txt',
    'ks-policy/xe17-two-teks.txt',
    'ks-members/xe17-two-groups.txt',
    'gm-rekey/detail-two-groups.txt',
    'gm-replay/enabled-and-not.txt',
  ])('to the same command are told apart: %s twice', (name) => {
    const text = goldenText(name).replace(/^[\w-]+[#>].*\n?/gm, '');
    const parsed = (of: string) =>
      parseCapturedText(of).map((result) => [result.command, result.kind === 'parsed' ? result.snapshots : result]);
    expect(parsed(`${text}\n${text}`)).toEqual([...parsed(text), ...parsed(text)]);
  });

  test('that show two host names are of two routers', () => {
    const version = (name: string) =>
      `show version\nCisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version 15.7(3)M6, RELEASE SOFTWARE (fc1)\n${name} uptime is 4 weeks\ncisco CISCO2911/K9 (revision 1.0) with 475136K/49152K bytes of memory.\n`;
    const text = `${version('gm1')}show crypto gdoi\n${ONE}\n${version('gm2')}show crypto gdoi\n${OTHER}`;
    expect(told(text)).toEqual(NAMED);
  });
});

describe('a log file of several routers', () => {
  const hosts = (text: string) =>
    parseCapturedText(text).map((result) =>
      result.kind === 'parsed'
        ? [
            result.device,
            result.line,
            result.snapshots.flatMap((each) =>
              each.role === 'log' ? each.messages.map(({ mnemonic }) => mnemonic) : [],
            ),
            result.unknownLines,
          ]
        : result.message,
    );
  const body = (mnemonic: string) => `Mar  3 10:11:13.123: %GDOI-5-${mnemonic}: text`;

  test.each<[string, (host: string) => string]>([
    ['of a relay', (host) => `Mar  3 10:11:12 ${host} 48: `],
    ['of a relay with ISO times', (host) => `2026-03-03T10:11:12.123+00:00 ${host} 48: `],
    ['with priorities', (host) => `<189>Mar  3 10:11:12 ${host} 48: `],
    ['with the names that routers put first', (host) => `<189>48: ${host}: `],
    ['with names alone', (host) => `${host}: `],
    ['in RFC 5424', (host) => `<189>1 2026-03-03T10:11:12Z ${host} - - - - `],
  ])('%s is one log for each, in its order', (_, header) => {
    const text = `${header('gm1')}${body('ONE')}\n${header('192.0.2.1')}${body('TWO')}\n${header('gm1')}${body('THREE')}\n${header('gm1')}${body('FOUR')}\n`;
    expect(hosts(text)).toEqual([
      ['gm1', 1, ['ONE', 'THREE', 'FOUR'], []],
      ['192.0.2.1', 2, ['TWO'], []],
    ]);
  });

  test('of JSON Lines, as a log search exports it, is one for each as well', () => {
    const record = (host: string, mnemonic: string) =>
      JSON.stringify({ _time: '2026-03-03T10:11:12', host, _raw: `<189>48: ${body(mnemonic)}` });
    const text = `${record('gm1', 'ONE')}\n${record('gm2', 'TWO')}\n`;
    expect(hosts(text).map((each) => [each[0], each[2], each[3]])).toEqual([
      ['gm1', ['ONE'], []],
      ['gm2', ['TWO'], []],
    ]);
    expect(parseCapturedText(text)[0]).toMatchObject({ snapshots: [{ messages: [{ text: 'text' }] }] });
  });

  test('keeps the lines of a message with their router', () => {
    const text = `Mar  3 10:11:12 gm1 48: ${body('ONE')}\n-Traceback= 1#abc\nMar  3 10:11:12 gm2 48: ${body('TWO')}\n`;
    expect(hosts(text)).toEqual([
      ['gm1', 1, ['ONE'], []],
      ['gm2', 3, ['TWO'], []],
    ]);
  });

  test('that names none is nobody’s, and so is what follows one that does', () => {
    expect(hosts(`${body('ONE')}\n000123: ${body('TWO')}\n*${body('THREE')}\n`)).toEqual([
      [null, 1, ['ONE', 'TWO', 'THREE'], []],
    ]);
    for (const zone of ['CET', 'UTC', 'UTC+1', 'EST5EDT', '+0100']) {
      const text = `Mar  3 10:11:13.123 ${zone}: %GDOI-5-ONE: text\n*Mar  3 10:11:13 ${zone}: %GDOI-5-TWO: text\n`;
      expect(hosts(text)).toEqual([[null, 1, ['ONE', 'TWO'], []]]);
    }
    expect(told(`Mar  3 10:11:12 gm1 48: ${body('ONE')}\n\n\n${ONE}`)).toContainEqual(['device', 'ok']);
  });
});
