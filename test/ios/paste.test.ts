/**
 * What people do to a router's output before it arrives: however it was copied, it is parsed as the original output.
 * Every form is tried on every golden text whose answers are whole.
 */
import { describe, expect, it } from 'vitest';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { decodeBytes } from '../../src/ios/paste/decode-bytes.ts';
import { goldenText, wholeGoldenTexts } from './golden-texts.ts';

type Form = (text: string) => string;

function lines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

function each(change: (line: string, index: number) => string): Form {
  return (text) => `${lines(text).map(change).join('\n')}\n`;
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function two(index: number): string {
  return String(index % 60).padStart(2, '0');
}

const FORMS: readonly (readonly [name: string, form: Form])[] = [
  ['a time in brackets before each line', each((line, i) => `[2026-03-01 10:11:${two(i)}.120] ${line}`)],
  ['a time in brackets without a blank', each((line, i) => `[10:11:${two(i)}]${line}`)],
  ['an ISO time before each line', each((line, i) => `2026-03-01T10:11:${two(i)}.123456+01:00 ${line}`)],
  ['a time of day before each line', each((line, i) => `10:11:${two(i)} ${line}`)],
  ['a time in the format of ctime before each line', each((line, i) => `Sun Mar  1 10:11:${two(i)} 2026 ${line}`)],
  ['the time of a syslog file before each line', each((line, i) => `Mar  1 10:11:${two(i)} ${line}`)],
  [
    'the time, host and program of a syslog file before each line',
    each((line, i) => `Mar  1 10:11:${two(i)} jump1 script[123]: ${line}`),
  ],
  ['a time with the month in letters before each line', each((line, i) => `01-Mar-2026 10:11:${two(i)} ${line}`)],
  [
    'a time with the month in letters and blanks before each line',
    each((line, i) => `1 Mar 2026 10:11:${two(i)} ${line}`),
  ],
  ['a time with the zone in letters before each line', each((line, i) => `2026-03-01 10:11:${two(i)} UTC ${line}`)],
  [
    'the output of `date` in brackets before each line',
    each((line, i) => `[Sun Mar  1 10:11:${two(i)} CET 2026] ${line}`),
  ],
  ['a time as in file names before each line', each((line, i) => `20260301T1011${two(i)} ${line}`)],
  ['a date and time joined by an underscore before each line', each((line, i) => `2026-03-01_10:11:${two(i)} ${line}`)],
  [
    'the seconds since the recording began before each line',
    each((line, i) => `[${(i / 8).toFixed(6).padStart(12)}] ${line}`),
  ],
  ['the time since the recording began before each line', each((line, i) => `[+00:00:${two(i)}.125] ${line}`)],
  ['bullets before the lines', each((line) => `\u2022 ${line}`)],
  ['a mail quote of lines with the time of a syslog file', each((line, i) => `> Mar  1 10:11:${two(i)} ${line}`)],
  ['seconds since 1970 before each line', each((line, i) => `17723598${two(i)}.001 ${line}`)],
  ['a mail quote', each((line) => `> ${line}`)],
  ['a mail quote without a blank', each((line) => `>${line}`)],
  ['a quote of a quote of a quote', each((line) => `> >> ${line}`)],
  ['bars before the lines', each((line) => `| ${line}`)],
  ['bars on both sides', each((line) => `| ${line} |`)],
  ['line numbers of `cat -n`', each((line, i) => `${String(i + 1).padStart(6)}\t${line}`)],
  ['line numbers of an editor', each((line, i) => `${String(i + 1).padStart(4)} ${line}`)],
  ['line numbers of `grep -n`', each((line, i) => `${i + 41}:${line}`)],
  ['line numbers with a bar', each((line, i) => `${String(i + 1).padStart(3, '0')}| ${line}`)],
  ["the router's name before each line", each((line) => `gm1: ${line}`)],
  ['the name of a container before each line', each((line) => `agent-1  | ${line}`)],
  ['a quote of numbered lines with times', each((line, i) => `> ${i + 1}: [10:11:${two(i)}] ${line}`)],
  ['HTML entities', html],
  ['HTML entities escaped twice', (text) => html(html(text))],
  [
    'a preformatted block of an HTML page',
    (text) => `<html><body>\n<pre class="x">\n${html(text)}</pre>\n</body></html>\n`,
  ],
  ['HTML line breaks', (text) => `<p>${lines(html(text)).join('<br>\n')}</p>\n`],
  ['HTML line breaks with all text in one line', (text) => `<div>${lines(html(text)).join('<br/>')}</div>`],
  [
    'HTML paragraphs of a word processor',
    each((line) => `<p class=X><span lang=EN>${html(line)}<o:p></o:p></span></p>`),
  ],
  ['HTML colours', each((line) => `<span style="color: red">${html(line)}</span>`)],
  ['HTML no-break spaces', (text) => html(text).replaceAll(' ', '&nbsp;')],
  ['a fenced Markdown block', (text) => `\`\`\`text\n${text.replace(/\n?$/, '\n')}\`\`\`\n`],
  ['a Jira block', (text) => `{noformat}\n${text.replace(/\n?$/, '\n')}{noformat}\n`],
  ['indentation', each((line) => `        ${line}`)],
  ['CR in place of LF', (text) => text.replaceAll('\n', '\r')],
  ['CR LF and LF mixed', each((line, i) => (i % 2 === 0 ? `${line}\r` : line))],
  ['Unicode line separators', (text) => text.replaceAll('\n', '\u2028')],
  ['no-break spaces', (text) => text.replaceAll(' ', '\u00a0')],
  ['a byte order mark and zero-width spaces', (text) => `\ufeff${text.replaceAll(': ', ':\u200b ')}`],
  ['terminal colours', each((line) => `\u001b[32m${line}\u001b[0m`)],
  ['terminal colours with colons', each((line) => `\u001b[38:5:10m${line}\u001b[m`)],
  ['terminal colours in 8-bit controls', each((line) => `\u009b32m${line}\u009b0m`)],
  ['private modes of a terminal', each((line) => `\u001b[>4;1m${line}\u001b[?25h`)],
  ['reverse line feeds', each((line) => `\u001bM${line}`)],
  ['a question to the terminal', (text) => `\u001bP$q"p\u001b\\${text}`],
  ['terminal colours as `cat -v` shows them', each((line) => `^[[32m${line}^[[0m`)],
  ['CR LF as an editor shows it', each((line) => `${line}^M`)],
  ['the time of MobaXterm before each line', each((line, i) => `[2026-03-01 10:11.${two(i)}] ${line}`)],
  ['a month, day and time before each line', each((line, i) => `03-01 10:11:${two(i)} ${line}`)],
  ['a time and a level before each line', each((line, i) => `2026-03-01 10:11:${two(i)},120 INFO ${line}`)],
  ['a time and a level in brackets before each line', each((line, i) => `2026-03-01 10:11:${two(i)} [DEBUG] ${line}`)],
  ['level and logger of Python before each line', each((line) => `INFO:netmiko:${line}`)],
  ['hours and minutes before each line', each((line) => `10:11 | ${line}`)],
  ['days and time since the recording began before each line', each((line, i) => `[0 00:00:${two(i)}.234] ${line}`)],
  [
    'a recording of script(1)',
    (text) =>
      `Script started on Sun 01 Mar 2026 10:11:12 AM CET [TERM="xterm"]\n${text}\nScript done on Sun 01 Mar 2026 10:11:14 AM CET [COMMAND_EXIT_CODE="0"]\n`,
  ],
  [
    'a log of PuTTY',
    (text) => `=~=~=~=~=~=~=~=~=~=~=~= PuTTY log 2026.03.01 10:11:12 =~=~=~=~=~=~=~=~=~=~=~=\n${text}`,
  ],
  ['a block of AsciiDoc', (text) => `----\n${text.replace(/\n?$/, '\n')}----\n`],
  ['a block of Org', (text) => `#+BEGIN_EXAMPLE\n${text.replace(/\n?$/, '\n')}#+END_EXAMPLE\n`],
  ['a block of a wiki', (text) => `<nowiki>\n${text.replace(/\n?$/, '\n')}</nowiki>\n`],
  ['a section of XML', (text) => `<output><![CDATA[${text}]]></output>\n`],
  ['the answer to an RPC', (text) => `<rpc-reply>\n<data>\n${html(text)}\n</data>\n</rpc-reply>\n`],
  ['mathematical colons', (text) => text.replaceAll(':', '\u2236')],
  ['one line, its breaks escaped', (text) => `${text.replaceAll('\n', '\\n')}\n`],
  ['octets as Python prints them', (text) => `b'${text.replaceAll("'", "\\'").replaceAll('\n', '\\r\\n')}'\n`],
  ['JSON with the output as a string', (text) => JSON.stringify([{ host: 'gm1', output: `${text}\n` }], null, 2)],
  [
    'a list of quoted strings, one per line',
    (text) =>
      `${lines(text)
        .map((line) => `    ${JSON.stringify(line)},`)
        .join('\n')}\n`,
  ],
];

/** A single line has no other to compare its prefix with, and a line of colons may look like the end of a time. */
const UNDECIDABLE: ReadonlySet<string> = new Set(['show-clock/never-set.txt', 'show-crypto-gdoi/hostile-labels.txt']);
const texts = wholeGoldenTexts().filter(
  ({ name, text }) =>
    !UNDECIDABLE.has(name) && !['More', '\b', '\u001b'].some((mark) => text.includes(mark)) && text.endsWith('\n'),
);

function meaning(text: string): unknown {
  return parseCapturedText(text).flatMap((result) =>
    result.kind === 'parsed'
      ? [{ command: result.command, snapshots: result.snapshots, unknown: result.unknownLines }]
      : [],
  );
}

describe.each(FORMS)('%s', (_, form) => {
  it.each(texts)('does not change the meaning of $name', ({ text }) => {
    expect(meaning(form(text))).toEqual(meaning(text));
  });
});

describe('a time before a line', () => {
  const stampedOutput = (text: string) =>
    lines(text)
      .map((line) => `Mar  1 10:11:12 ${line}\n`)
      .join('');

  it('is kept if the router itself printed it, so that debugging output is not taken for an answer', () => {
    const debug = Array.from({ length: 6 }, (_, i) => `Mar  1 10:11:1${i}.120 UTC: ISAKMP: Group Name : X\n`).join('');
    const [result] = parseCapturedText(debug);
    expect(result).not.toMatchObject({ snapshots: [expect.objectContaining({ role: 'gm' })] });
  });

  it('is removed even if a log message or a one-word label stands between the lines', () => {
    const text = goldenText('beside/ipsec-sa-with-errors.txt');
    const message =
      'Mar  1 10:11:12.001 UTC: %GDOI-5-GM_REGS_COMPL: Registration to KS 192.0.2.9 complete for group G1\n';
    const [first = '', ...others] = lines(stampedOutput(text));
    expect(meaning([first, message.trimEnd(), ...others, ''].join('\n'))).toEqual(meaning(text));
  });
});

describe('a text whose lines were wrapped at a fixed width', () => {
  const policy = goldenText('ks-policy/xe17-two-teks.txt');
  const version = goldenText('show-version/xe17.txt');
  const log =
    '*Mar  2 00:01:00.001: %GDOI-5-GM_REGS_COMPL: Registration to KS 192.0.2.1 complete for group WAN using address 198.51.100.7 fvrf default ivrf default\n';

  function hard(text: string, width: number): string {
    return text.replaceAll(new RegExp(`(.{${width}})(?=.)`, 'g'), '$1\n');
  }

  function soft(text: string, width: number): string {
    return text
      .split('\n')
      .map((line) => wrapAtBlanks(line, width))
      .join('\n');
  }

  function wrapAtBlanks(line: string, width: number): string {
    if (line.length <= width) return line;
    const at = line.lastIndexOf(' ', width);
    if (at < width / 2) return line;
    return `${line.slice(0, at)}\n${wrapAtBlanks(line.slice(at + 1), width)}`;
  }

  it.each([80, 79, 72])('of %i columns, even inside words, is parsed as the original', (width) => {
    for (const text of [policy, version, log]) {
      expect(snapshotsOf(hard(text, width))).toEqual(snapshotsOf(text));
    }
  });

  it('by a mail program, at blanks, is parsed as the original', () => {
    expect(snapshotsOf(soft(policy, 72))).toEqual(snapshotsOf(policy));
    expect(snapshotsOf(soft(log, 76))).toEqual(snapshotsOf(log));
  });

  it('is not assumed when a single line of odd width is followed by an unknown line', () => {
    const message =
      '*Mar  1 01:12:10.919: %CRYPTO-5-GM_REGSTER: Start registration to KS 10.0.0.1 for group g using 10.0.0.2';
    const text = `R1#show crypto isakmp sa\nIPv4 Crypto ISAKMP SA\n${message}\n203.0.113.3 198.51.100.9 XX_UNHEARD 1016 ACTIVE\nR1#\n`;
    expect(parseCapturedText(text)).toMatchObject([
      {
        snapshots: [{ sas: [{ remote: '203.0.113.3', established: null }] }],
        unknownLines: [expect.stringContaining('XX_UNHEARD')],
      },
    ]);
  });

  it('counts as ending inside a line when its last line has no newline and may be the rest of one', () => {
    const name = 'a'.repeat(22);
    const ace = `   access-list ${name}  deny udp any port = 848 any port = 848`.padEnd(80, '8');
    const text = `KS1#show crypto gdoi ks acl\nGroup Name: WAN\n Configured ACL:\n${ace}\n   access-list ${name}  deny t`;
    expect(parseCapturedText(text)).toMatchObject([
      {
        snapshots: [{ acl: [ace.slice(ace.indexOf('deny'))] }],
        unknownLines: [`access-list ${name}  deny t`],
      },
    ]);
  });

  function snapshotsOf(text: string): unknown {
    return parseCapturedText(text).map((result) => (result.kind === 'parsed' ? result.snapshots : result.message));
  }
});

describe('bytes', () => {
  const text = goldenText('gm-rekey/detail-two-groups.txt');
  const wide = Buffer.from(text, 'utf16le');

  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 without a byte order mark', wide],
    ['big-endian UTF-16 with a byte order mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['big-endian UTF-16 without a byte order mark', Buffer.from(wide).swap16()],
    ['a Windows code page', Buffer.from(`${text.replaceAll('  ', '\u00a0 ')}\u00fc\n`, 'latin1')],
  ])('in %s are decoded to text', (_, bytes) => {
    const decoded = decodeBytes(bytes);
    const results = parseCapturedText(decoded.kind === 'text' ? decoded.text : '');
    expect(results[0]).toMatchObject({ kind: 'parsed', command: 'show crypto gdoi gm rekey detail' });
  });

  it.each([
    ['a picture', [0x89, 0x50, 0x4e, 0x47, 13, 10], 'screenshot'],
    ['a compressed file', [0x1f, 0x8b, 8, 0], 'unpack'],
    ['an Office document', [0x50, 0x4b, 3, 4], 'plain text'],
    ['a PDF', [0x25, 0x50, 0x44, 0x46, 0x2d], 'copy the text'],
    ['a packet capture', [0xd4, 0xc3, 0xb2, 0xa1], 'packet capture'],
    ['UTF-32', [0xff, 0xfe, 0, 0, 65, 0, 0, 0], 'UTF-8'],
  ])('of %s are refused, with advice what to do', (_, bytes, advice) => {
    const decoded = decodeBytes(Uint8Array.from(bytes));
    expect(decoded).toMatchObject({ kind: 'refused' });
    expect(decoded.kind === 'refused' ? decoded.message : '').toContain(advice);
  });
});

describe('a text that cannot be restored is refused, with advice what to do', () => {
  it('an answer whose line breaks are gone', () => {
    const text = lines(goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt')).join(' ');
    expect(parseCapturedText(text)).toMatchObject([
      { reason: 'unreadable', message: expect.stringContaining('line breaks') },
    ]);
  });

  it('a recorded timeline', () => {
    const text = '{"at": 1772359200, "device": "gm1", "command": "show clock", "output": "x"}\n';
    expect(parseCapturedText(text)).toMatchObject([
      { reason: 'unreadable', message: expect.stringContaining('replay') },
    ]);
  });
});

describe('a page or mail around one or more answers', () => {
  it('in Markdown: takes headings for the commands, and no words around the blocks for an answer', () => {
    const text = [
      '# Incident',
      'We looked at the branch.',
      '## `show clock`',
      '```',
      '14:25:36.204 UTC Sun Mar 1 2026',
      '```',
      '2. **show crypto gdoi gm rekey**',
      '~~~',
      'Group WAN (Unicast)',
      'Number of Rekeys received (cumulative)       : 4',
      'Number of Rekeys received after registration : 4',
      'Number of Rekey Acks sent                    : 4',
      '~~~',
      'Regards',
      '',
    ].join('\n');
    expect(parseCapturedText(text).map(({ kind, command, line }) => [kind, command, line])).toEqual([
      ['failed', null, 1],
      ['parsed', 'show clock', 3],
      ['parsed', 'show crypto gdoi gm rekey', 7],
      ['failed', null, 14],
    ]);
  });

  it('in a table of two columns: reads labels and values', () => {
    const text =
      '| Field | Value |\n|---|---|\n| Group Name | WAN |\n| Group Identity | 5 |\n| Registration status | Registered |\n| Attempted registration | 3 |\n| Succeeded registration | 2 |\n';
    const results = parseCapturedText(`R1#show crypto gdoi\n${text}R1#\n`);
    expect(results).toMatchObject([{ snapshots: [{ group: 'WAN', registered: true }] }]);
  });

  it('in mail: does not take headers and the line above a quote for an answer', () => {
    const mail =
      'From: a@example.net\nTo: b@example.net\nSubject: GM\n\nOn Mon, 1 Mar 2026, Ann wrote:\n> R1#show clock\n> 14:25:36.204 UTC Sun Mar 1 2026\n> R1#\n';
    expect(parseCapturedText(mail)).toMatchObject([{ kind: 'parsed', command: 'show clock', device: 'R1', line: 6 }]);
  });

  it('in mail: does not take the subjects of certificates for headers, even if only they are not indented', () => {
    const text = goldenText('pki-certificates/not-captured-xe17-device-and-ca.txt');
    const moved = lines(text).map((line) =>
      line === '' ? '   ' : line.replace(/^ */, line.includes('Subject') ? '' : ' '),
    );
    expect(meaning(`${moved.join('\n')}\n`)).toEqual(meaning(text));
  });

  it.each([
    [
      'quoted-printable',
      (text: string) =>
        text.replaceAll('=', '=3D').replaceAll('Number of ', 'Number=20of=\n ').replaceAll('  ', ' =20'),
    ],
    [
      'base64',
      (text: string) =>
        `${Buffer.from(text)
          .toString('base64')
          .replaceAll(/(.{76})/g, '$1\n')}\n`,
    ],
  ])('in mail: decodes a body in %s', (encoding, encode) => {
    const text = goldenText('gm-rekey/detail-two-groups.txt');
    const mail = `Subject: GM\nContent-Transfer-Encoding: ${encoding}\n\n${encode(text)}`;
    expect(meaning(mail)).toEqual(meaning(text));
  });
});

describe('several routers in one file', () => {
  it('each answer carries the router that its prompt names and the line number of its command', () => {
    const text =
      'gm1#show clock\n10:00:00.000 UTC Mon Jan 1 2024\ngm1#\n\nks-1/admin>show clock\n10:00:01.000 UTC Mon Jan 1 2024\ngm2-stby%WAN#sh clo\n10:00:02.000 UTC Mon Jan 1 2024\ngm2-stby%WAN#ping 192.0.2.1\nSuccess rate is 100 percent (5/5)\ngm2-stby%WAN#\n';
    expect(parseCapturedText(text).map(({ command, device, line }) => [command, device, line])).toEqual([
      ['show clock', 'gm1', 1],
      ['show clock', 'ks-1/admin', 5],
      ['show clock', 'gm2-stby%WAN', 7],
      ['ping 192.0.2.1', 'gm2-stby%WAN', 9],
    ]);
  });
});

describe('filtered output', () => {
  it.each([
    [
      'include',
      'R1#show crypto gdoi | include Registration status\n  Registration status   : Registered\nR1#\n',
      { registered: true },
    ],
    [
      'section',
      'R1#sh cry gdoi | s KEK\nKEK POLICY:\n    Lifetime (secs)          : 815\nR1#\n',
      { kek: { remainingSeconds: 815 } },
    ],
    [
      'begin',
      'R1#sh cry gdoi | b TEK POLICY\nTEK POLICY:\n  Serial0/0:\n    IPsec SA:\n     spi: 0x1(1)\nR1#\n',
      { teks: [{ spi: '0x00000001' }] },
    ],
  ])('by `%s` gives the values that it shows, and is marked as partial', (kind, text, shown) => {
    const [result] = parseCapturedText(text);
    expect(result).toMatchObject({
      kind: 'parsed',
      unnamed: [{ role: 'gm', group: null, ...shown }],
      unknownLines: [],
    });
    expect(result?.kind === 'parsed' ? result.partial : null).toContain(kind);
  });

  it('that counts lines shows nothing of them, and its count is understood', () => {
    const text = 'GM1#show crypto gdoi | count spi\nNumber of lines which match regexp = 2\nGM1#\n';
    expect(parseCapturedText(text)).toMatchObject([{ nothing: 'filtered-away', unknownLines: [] }]);
  });

  it('that lets nothing through is reported as filtered away, not as nothing configured', () => {
    expect(parseCapturedText('R1#show crypto gdoi | include Foo\nR1#\n')).toMatchObject([{ nothing: 'filtered-away' }]);
  });

  it('of a command for one group gets the group name from the command', () => {
    const text = 'R1#show crypto gdoi group WAN | include status\n Registration status   : Registered\nR1#\n';
    expect(parseCapturedText(text)).toMatchObject([{ snapshots: [{ group: 'WAN', registered: true }] }]);
  });
});
