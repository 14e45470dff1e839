/** The entry to the parsers: which command it is, whether its answer is whole, cut off or refused, and size limits. */
import { describe, expect, it } from 'vitest';
import { membersAnswer } from '../bench/parse.ts';
import { canonicalCommand } from '../../src/ios/text/command-name.ts';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import { goldenText } from './golden-texts.ts';

const GM = goldenText('show-crypto-gdoi/ios15-multicast-two-servers.txt');
const POLICY = goldenText('ks-policy/xe17-two-teks.txt');

describe('a command line', () => {
  it.each([
    ['sh cry gdoi ks mem', 'show crypto gdoi ks members'],
    ['show crypto gkm ks mem sum', 'show crypto gkm ks members summary'],
    ['sh crypto gdoi ks members 10.1.1.1', 'show crypto gdoi ks members 10.1.1.1'],
    ['sho cry gd gro My-Group.1', 'show crypto gdoi group My-Group.1'],
    ['show crypto gdoi gm dataplan counter', 'show crypto gdoi gm dataplane counters'],
    ['sh ver', 'show version'],
    ['sh clo', 'show clock'],
    ['show log | include GDOI', 'show logging'],
  ])('`%s` is recognised as `%s`', (typed, canonical) => {
    expect(canonicalCommand(typed)).toBe(canonical);
  });

  it.each(['show', 'show crypto', 'show ip route', 'conf t', 'show crypto gdoi ks p p p', '', '*', 'show *'])(
    '"%s" is not recognised as a command of ours',
    (typed) => {
      expect(canonicalCommand(typed)).toBeNull();
    },
  );
});

describe('an answer to a command that was sent', () => {
  it('means the same with or without the echo and the next prompt around it', () => {
    const bare = POLICY.trimEnd();
    const whole = parseCommandOutput('show crypto gdoi ks policy', POLICY);
    for (const text of [
      `show crypto gdoi ks policy\n${bare}\nKS1#`,
      `KS1#show crypto gdoi ks policy\r\n${bare}\r\n\r\nKS1#`,
      `KS1#sh cry gd ks pol\nshow crypto gdoi ks policy\n${bare}\nKS1>`,
    ]) {
      const result = parseCommandOutput('show crypto gdoi ks policy', text);
      expect({ ...result, lines: null }).toEqual({ ...whole, lines: null });
    }
  });

  it('keeps the spelling `gkm` of the command', () => {
    expect(parseCommandOutput('show crypto gkm ks policy', POLICY)).toMatchObject({
      kind: 'parsed',
      command: 'show crypto gkm ks policy',
    });
  });

  it.each([
    "                ^\n% Invalid input detected at '^' marker.\n",
    '% Incomplete command.\n',
    '% Ambiguous command:  "show crypto gd"\n',
    'Command authorization failed.\n',
    '% Authorization failed.\n',
    '% Unknown command or computer name, or unable to find computer address\n',
  ])('is rejected, with the line of the refusal as its message: %s', (text) => {
    expect(parseCommandOutput('show crypto gdoi', text)).toMatchObject({
      kind: 'failed',
      reason: 'rejected',
      message: text.trim().split('\n').at(-1),
    });
  });

  it('is cut off when it is empty, unless the prompt was seen behind it: then it is parsed and has no snapshot', () => {
    expect(parseCommandOutput('show crypto gdoi', '')).toMatchObject({ kind: 'failed', reason: 'cut-off' });
    expect(parseCommandOutput('show crypto gdoi', 'show crypto gdoi\n')).toMatchObject({ reason: 'cut-off' });
    expect(parseCommandOutput('show crypto gdoi', '\n', 'prompt')).toMatchObject({ kind: 'parsed', snapshots: [] });
    expect(parseCommandOutput('show crypto gdoi', 'R1#show crypto gdoi\nR1#')).toMatchObject({
      kind: 'parsed',
      snapshots: [],
    });
  });

  it.each([
    '% GDOI is not configured',
    '% GDOI process is not running',
    '% No group member configured',
    'There is no key server configured',
  ])('has no snapshot when it says that nothing is configured: %s', (line) => {
    expect(parseCommandOutput('show crypto gdoi', `${line}\n`)).toMatchObject({
      kind: 'parsed',
      snapshots: [],
      unknownLines: [],
    });
  });

  it('is unrecognised when it is the output of another command', () => {
    expect(parseCommandOutput('show crypto gdoi', 'Codes: L - local\nGateway of last resort\n')).toMatchObject({
      kind: 'failed',
      reason: 'unrecognised',
    });
  });

  it('is unrecognised when there is no parser for the command', () => {
    expect(parseCommandOutput('show ip route', 'x\n')).toMatchObject({ kind: 'failed', reason: 'unrecognised' });
  });

  it('is cut off when it ends inside a number, even if the part of the number would parse', () => {
    expect(parseCommandOutput('show crypto gdoi ks policy', POLICY.slice(0, POLICY.indexOf('2746') + 3))).toMatchObject(
      {
        reason: 'cut-off',
      },
    );
  });

  it('is too large when it is longer than 16 MiB', () => {
    expect(parseCommandOutput('show logging', 'x'.repeat(16 * 1024 * 1024 + 1))).toMatchObject({ reason: 'too-large' });
    expect(parseCapturedText('x'.repeat(16 * 1024 * 1024 + 1))).toMatchObject([{ reason: 'too-large' }]);
  });

  it('may be a `ks members` list of 8,000 GMs', () => {
    const result = parseCommandOutput('show crypto gdoi ks members', membersAnswer(8000));
    expect(result).toMatchObject({ kind: 'parsed', unknownLines: [] });
    const snapshot = result.kind === 'parsed' ? result.snapshots[0] : undefined;
    expect(snapshot?.role === 'ks' ? snapshot.memberDetails?.length : 0).toBe(8000);
  });
});

describe('captured text', () => {
  it('is recognised by its content when it has neither prompt nor echo', () => {
    const commands = [
      'ks-policy/xe17-two-teks.txt',
      'gm/xe17.txt',
      'feature/suite-b-mixed.txt',
      'show-version/xe17.txt',
    ];
    expect(commands.map((name) => parseCapturedText(goldenText(name))[0]?.command)).toEqual([
      'show crypto gdoi ks policy',
      'show crypto gdoi gm',
      'show crypto gdoi feature',
      'show version',
    ]);
  });

  it('gives one result per command, in order, when it holds several commands', () => {
    const text = `GM-4#show clock\n10:00:00.000 UTC Mon Jan 1 2024\n${GM}GM-4#sh cry gdoi gm rek\n% Ambiguous command:  "x"\nGM-4#`;
    expect(parseCapturedText(text).map((result) => [result.command, result.kind])).toEqual([
      ['show clock', 'parsed'],
      ['show crypto gdoi', 'parsed'],
      ['show crypto gdoi gm rekey', 'failed'],
    ]);
  });

  it('gives no result for text before the first prompt, but keeps the log messages in it', () => {
    const banner = '*Mar  1 00:00:01.000: %SYS-5-CONFIG_I: Configured from console by console\n';
    const results = parseCapturedText(`${banner}${GM}`);
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ kind: 'parsed', logMessages: [{ mnemonic: 'CONFIG_I' }] });
  });

  it('is a log when it consists of log messages alone', () => {
    expect(parseCapturedText('*Mar  1 00:00:01.000: %GDOI-5-SA_KEK_UPDATED: SA KEK was updated\n')).toMatchObject([
      {
        kind: 'parsed',
        command: 'show logging',
        snapshots: [{ role: 'log', messages: [{ mnemonic: 'SA_KEK_UPDATED' }] }],
      },
    ]);
  });

  it('is cut off when it is empty, and unrecognised when it is text of no known command', () => {
    expect(parseCapturedText('')).toMatchObject([{ kind: 'failed', reason: 'cut-off' }]);
    expect(parseCapturedText('hello\nworld\n')).toMatchObject([{ kind: 'failed', reason: 'unrecognised' }]);
  });
});

describe('a log message that lands in an answer', () => {
  it('is taken out of the answer and kept', () => {
    const text = GM.replace('KEK POLICY:', '*Mar  1 00:00:01.000: %GDOI-5-SA_KEK_UPDATED: SA KEK was updated\n$&');
    expect(parseCommandOutput('show crypto gdoi', text)).toMatchObject({
      kind: 'parsed',
      logMessages: [{ mnemonic: 'SA_KEK_UPDATED', timestamp: 'Mar  1 00:00:01.000' }],
      unknownLines: [],
    });
  });

  it('does not hide the prompt that ends the answer when it lands right behind that prompt', () => {
    const log = '*Mar  1 00:00:01.000: %GDOI-5-SA_KEK_UPDATED: SA KEK was updated';
    const text = goldenText('show-crypto-gdoi/registered-without-keys.txt').replace(/hub-2#\n$/, `hub-2#${log}\n`);
    expect(parseCapturedText(text)).toMatchObject([
      { kind: 'parsed', unknownLines: [], logMessages: [{ mnemonic: 'SA_KEK_UPDATED' }] },
    ]);
  });

  it('makes a line unknown when it lands inside it: half a number is not read as a number', () => {
    const text = GM.replace('86258', '86*Mar  1 00:00:01.000: %GDOI-5-SA_KEK_UPDATED: SA KEK was updated\n258');
    const result = parseCommandOutput('show crypto gdoi', text);
    expect(result).toMatchObject({ kind: 'parsed', snapshots: [{ kek: { remainingSeconds: null } }] });
    expect(result.kind === 'parsed' ? result.unknownLines : []).toEqual(['Lifetime (secs)          : 86', '258']);
  });
});

describe('a console that breaks off a line for a message, and goes on behind it', () => {
  const XE17 = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');
  const MESSAGE = '*Mar  1 00:00:01.000: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (192.0.2.99)';
  const DEBUG = '*Mar  1 00:00:01.000: GDOI:GM REKEY:DETAIL:(retail.eu-1:0):Received rekey message';

  it.each([
    ['KEK lifetime', 'Lifetime (secs)          : 71|234', { kek: { remainingSeconds: null } }],
    ['countdown', 'Re-registers in       : 28|71 sec', { reregistersInSeconds: null }],
    ['key server', 'Registered with       : 192.0.2.1|2', { keyServer: null }],
    ['counter', 'Succeeded registration: |3', { registrations: { succeeded: null } }],
    ['SPI', 'spi: 0x0A6|9F51E(174716190)', { teks: [{ spi: null, remainingSeconds: 3051 }, { spi: '0xC553AC4C' }] }],
  ])('leaves no half %s', (_, line, shown) => {
    const [half = '', rest = ''] = line.split('|');
    for (const between of [MESSAGE, DEBUG, `${DEBUG}\n${DEBUG}`, `${MESSAGE}\n${MESSAGE}`]) {
      const text = XE17.replace(`${half}${rest}`, `${half}\n${between}\n${rest}`);
      const result = parseCommandOutput('show crypto gdoi', text, 'prompt');
      expect(result).toMatchObject({ kind: 'parsed', snapshots: [shown] });
      expect(result.kind === 'parsed' ? result.unknownLines : []).toEqual(
        expect.arrayContaining([half.trim(), rest.trim()]),
      );
    }
  });

  it('leaves the lines around a message as they are if what follows it is whole', () => {
    const text = XE17.replace('    Rekey Transport Type', `${MESSAGE}\n$&`);
    expect(parseCommandOutput('show crypto gdoi', text, 'prompt')).toMatchObject({
      snapshots: [{ kek: { transport: 'unicast', remainingSeconds: 71234 } }],
      unknownLines: [],
    });
  });

  it('leaves no half row in a list of members, and the list is not taken for whole', () => {
    const text = goldenText('ks-members-summary/two-key-servers.txt').replace(
      /(198\.51\.100\.7 .*)\n/,
      `$1\n${MESSAGE}\n7\n`,
    );
    const result = parseCommandOutput('show crypto gdoi ks members summary', text, 'prompt');
    expect(result).toMatchObject({ kind: 'parsed', snapshots: [{ membersUnread: true }] });
  });
});

describe('an answer that the router ends with an error before its prompt', () => {
  const XE17 = goldenText('show-crypto-gdoi/xe17-unicast-two-teks.txt');

  it.each([
    ['KEK POLICY:', '% Low on memory; try again later'],
    ['  GigabitEthernet0/0/2.150:', '%Error: command timed out'],
    ['    IPsec SA:', '% Invalid input detected at marker.'],
  ])('is cut off, so that no key counts as lost, if the error stands where "%s" is due', (due, error) => {
    const text = `${XE17.slice(0, XE17.indexOf(due))}${error}\n`;
    expect(parseCommandOutput('show crypto gdoi', text, 'prompt')).toMatchObject({
      kind: 'failed',
      reason: 'cut-off',
      message: `the router ended it with: ${error}`,
    });
  });

  it('is parsed if nothing is due any more', () => {
    expect(parseCommandOutput('show crypto gdoi', `${XE17}\n% Low on memory\n`, 'prompt')).toMatchObject({
      kind: 'parsed',
      snapshots: [{ teks: [{}, {}] }],
      unknownLines: ['% Low on memory'],
    });
  });
});

describe('the status of an ISAKMP SA', () => {
  const shown = (status: string) =>
    parseCapturedText(`GM1#show crypto isakmp sa\n203.0.113.1 198.51.100.9 GDOI_IDLE 1014 ${status}`);

  it('is null, and the line is reported as unknown, when its word is not known', () => {
    const text = 'GM1#show crypto isakmp sa\n203.0.113.1 198.51.100.9 GDOI_IDLE 1014 SLEEPING\nGM1#\n';
    expect(parseCapturedText(text)).toMatchObject([
      {
        snapshots: [{ sas: [{ established: true, status: null }] }],
        unknownLines: [expect.stringContaining('SLEEPING')],
      },
    ]);
  });

  it('is null when the text ends after ACTIVE, since (deleted) may have followed', () => {
    expect(shown('ACTIVE')).toMatchObject([{ snapshots: [{ sas: [{ status: null }] }], unknownLines: [] }]);
    expect(shown('ACTIVE (deleted)')).toMatchObject([{ snapshots: [{ sas: [{ status: 'ACTIVE (deleted)' }] }] }]);
  });
});
