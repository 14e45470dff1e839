import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerReader, MOST_LINES } from '../../src/access/ssh/answer-reader.ts';
import { leastCost } from '../builders/least-cost.ts';

const PAGER_ERASED = ' --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b';

function read(stream: string, chunks: readonly string[], command = 'show crypto gdoi') {
  expect(chunks.join('')).toBe(stream);
  const reader = new AnswerReader(command, 'GM1#');
  let pagers = 0;
  for (const chunk of chunks) if (reader.feed(chunk) === 'pager') pagers += 1;
  return { complete: reader.complete, ...reader.answer(false), pagers, bytes: reader.bytes };
}

function everyWay(stream: string) {
  const lump = read(stream, [stream]);
  const { pagers: _pagers, ...oneByte } = read(stream, stream.split(''));
  expect(oneByte).toEqual({ complete: lump.complete, lines: lump.lines, logLines: lump.logLines, bytes: lump.bytes });
  return lump;
}

describe('an answer on the terminal', () => {
  test('is the text between the echo and the prompt', () => {
    const answer = everyWay('show crypto gdoi\r\nGROUP INFORMATION\r\n\r\n    Group Name : G1\r\nGM1#');
    expect(answer.complete).toBe(true);
    expect(answer.lines).toEqual(['GROUP INFORMATION', '', '    Group Name : G1']);
  });

  test('is not complete before the echo: an older prompt ends nothing', () => {
    expect(everyWay('\r\nGM1#').complete).toBe(false);
    expect(everyWay('\r\nGM1#show crypto gdoi\r\n').complete).toBe(false);
    const answer = everyWay('\r\nGM1#show crypto gdoi\r\nfine\r\nGM1#');
    expect(answer.complete).toBe(true);
    expect(answer.lines).toEqual(['fine']);
  });

  test('is not complete at a prompt with text behind it', () => {
    expect(everyWay('show crypto gdoi\r\nGM1#something').complete).toBe(false);
    expect(everyWay('show crypto gdoi\r\n  GM1#').complete).toBe(false);
    const answer = everyWay('show crypto gdoi\r\nGM1#config was printed\r\nend\r\nGM1# ');
    expect(answer.complete).toBe(true);
    expect(answer.lines).toEqual(['GM1#config was printed', 'end']);
  });

  test('may be empty', () => {
    expect(everyWay('show crypto gdoi\r\nGM1#')).toMatchObject({ complete: true, lines: [] });
  });

  test('does not contain log lines printed within it, which are kept separately', () => {
    const answer = everyWay(
      'show crypto gdoi\r\nGROUP INFORMATION\r\n*Mar  1 01:12:10.919: %GDOI-5-GM_REGS_COMPL: Registration to KS 1.1.1.1 complete for group G1\r\n    Group Name : G1\r\n%SNMP agent not enabled\r\nGM1#',
    );
    expect(answer.lines).toEqual(['GROUP INFORMATION', '    Group Name : G1', '%SNMP agent not enabled']);
    expect(answer.logLines).toHaveLength(1);
    expect(answer.logLines[0]).toContain('GM_REGS_COMPL');
  });

  test.each([
    '*Mar  1 01:12:10.919: %SYS-5-CONFIG_I: Configured from console by vty0',
    '.Aug 14 15:26:31.204: %GDOI-5-GM_RECV_REKEY: Received Rekey',
    'Jun  5 07:23:09.318 EST: %CRYPTO-5-GM_REGSTER: Start registration',
    '031402: Jun 19 06:17:42: %LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/0, changed state to up',
    'Jan 22 2026 10:00:00.000: %SEC_LOGIN-5-LOGIN_SUCCESS: Login Success',
    '%SYS-5-RESTART: System restarted --',
    '1w2d: %LINK-3-UPDOWN: Interface Gi0/1',
  ])('has no line %j', (line) => {
    expect(everyWay(`show crypto gdoi\r\none\r\n${line}\r\ntwo\r\nGM1#`)).toMatchObject({
      complete: true,
      lines: ['one', 'two'],
      logLines: [line],
    });
  });

  test('is complete when a log line was printed behind the prompt, and the prompt is not printed again', () => {
    const log = '*Mar  1 01:12:10.919: %SYS-5-CONFIG_I: Configured from console';
    expect(everyWay(`show crypto gdoi\r\none\r\nGM1#\r\n${log}\r\n`)).toMatchObject({
      complete: true,
      lines: ['one'],
      logLines: [log],
    });
    expect(everyWay(`show crypto gdoi\r\none\r\nGM1#\r\n${log}\r\nGM1#`)).toMatchObject({
      complete: true,
      lines: ['one'],
    });
  });

  test('keeps log lines if they are the answer', () => {
    const reader = new AnswerReader('show logging', 'GM1#');
    reader.feed('show logging\r\n*Mar  1 01:12:10.919: %SYS-5-RESTART: System restarted --\r\nGM1#');
    expect(reader.answer(true).lines).toHaveLength(1);
  });

  test('is found behind an echo that a log message cut in two', () => {
    const log = '\r\n*Mar  1 01:12:10.919: %SYS-5-CONFIG_I: Configured\r\n';
    expect(everyWay(`show cry${log}pto gdoi\r\none\r\nGM1#`).lines).toEqual(['one']);
    expect(everyWay(`show ${log}crypto gdoi\r\none\r\nGM1#`).lines).toEqual(['one']);
    expect(everyWay(`show cry${log}GM1#show crypto gdoi\r\none\r\nGM1#`).lines).toEqual(['one']);
    expect(everyWay(`${log}NEWNAME#show crypto gdoi\r\none\r\nGM1#`).lines).toEqual(['one']);
  });

  test('is found behind an echo that IOS scrolled to the left', () => {
    expect(everyWay('$ow crypto gdoi\r\none\r\nGM1#').lines).toEqual(['one']);
  });

  test('keeps nothing of a pager that erases itself', () => {
    const byBackspaces = everyWay(`show crypto gdoi\r\none\r\n${PAGER_ERASED}two\r\nGM1#`);
    expect(byBackspaces.lines).toEqual(['one', 'two']);
    expect(everyWay('show crypto gdoi\r\none\r\n--More--\r        \rtwo\r\nGM1#').lines).toEqual(['one', 'two']);
    expect(everyWay('show crypto gdoi\r\none\r\n<--- More --->\r\n\u001b[Ktwo\r\nGM1#').lines).toEqual(['one', 'two']);
  });

  test('asks for one blank per pager, however its bytes arrive', () => {
    const reader = new AnswerReader('show crypto gdoi', 'GM1#');
    const asked = `show crypto gdoi\r\none\r\n${PAGER_ERASED}two\r\n --More-- `
      .split('')
      .map((byte) => reader.feed(byte));
    expect(asked.filter((what) => what === 'pager')).toHaveLength(2);
    expect(reader.complete).toBe(false);
  });

  test('is free of escape sequences, NUL, bell and lone carriage returns', () => {
    expect(
      everyWay('show crypto gdoi\r\n\u001b[2J\u001b[1;1Hone\u0000 \u0007line\r\r\n\u001b]0;title\u0007two\r\nGM1#')
        .lines,
    ).toEqual(['one line', 'two']);
  });

  test('keeps UTF-8 that a chunk boundary cuts', () => {
    const stream = Buffer.from('show crypto gdoi\r\nDescription : Zürich – Genève\r\nGM1#').toString('latin1');
    expect(everyWay(stream).lines).toEqual(['Description : Zürich – Genève']);
  });

  test('is refused when it is larger than the bound, or one line is', () => {
    const reader = new AnswerReader('show crypto gdoi', 'GM1#', { maxBytes: 100, maxLineLength: 50 });
    expect(reader.feed('show crypto gdoi\r\n')).toBe('more');
    expect(reader.feed('x'.repeat(51))).toBe('too_large');
    const other = new AnswerReader('show crypto gdoi', 'GM1#', { maxBytes: 100, maxLineLength: 50 });
    expect(other.feed(`show crypto gdoi\r\n${'short\r\n'.repeat(20)}`)).toBe('too_large');
  });

  test.each(['\r\n', '\n', 'x\r\n', ' --More-- \r\n'])(
    'is refused when it has more lines than memory is given to, each of them %j',
    (line) => {
      const fedWith = (lines: number) => {
        const reader = new AnswerReader('show crypto gdoi', 'GM1#');
        return reader.feed(`show crypto gdoi\r\n${line.repeat(lines - 1)}`);
      };
      expect(fedWith(MOST_LINES)).toBe('more');
      expect(fedWith(MOST_LINES + 1)).toBe('too_large');
    },
  );

  test('takes time in proportion to its bytes, one at a time as well', () => {
    const cost = (lines: number) => {
      const bytes = `show crypto gdoi\r\n${'a line of a key server with many members\r\n'.repeat(lines)}`;
      return leastCost(() => {
        const reader = new AnswerReader('show crypto gdoi', 'GM1#');
        for (const byte of bytes) reader.feed(byte);
        reader.feed('GM1#');
        expect(reader.complete).toBe(true);
        expect(reader.answer(false).lines).toHaveLength(lines);
      });
    };
    cost(1_000);
    // 8 times the bytes; quadratic work would take 64 times as long.
    expect(cost(8_000) / cost(1_000)).toBeLessThan(32);
  });

  test.each([
    ['backspaces', 'x\b'],
    ['backspaces that take the line away', '\b'],
    ['carriage returns that write over it', '\rx'],
    ['sequences that erase it', '\u001b[Kx\b'],
    ['sequences without end', '\u001b['],
    ['titles without end', '\u001b]0;'],
    ['bells and NULs', '\u0007\u0000'],
    ['carriage returns alone', '\r'],
  ])('costs as much behind a long line as behind a short one: %s', (_, noise) => {
    const chunk = noise.repeat(Math.floor(8192 / noise.length));
    const cost = (width: number) =>
      leastCost(() => {
        const reader = new AnswerReader('show crypto gdoi', 'GM1#');
        reader.feed('show crypto gdoi\r\n');
        reader.feed('a'.repeat(width));
        let atItsEnd = false;
        for (const piece of [...Array.from({ length: 16 }, () => chunk), ...chunk.slice(0, 512).split('')]) {
          reader.feed(piece);
          atItsEnd ||= reader.complete || reader.strangePrompt !== null;
        }
        expect(atItsEnd).toBe(false);
      });
    cost(100);
    // A copy of the line for each of them would cost hundreds of times as much.
    expect(cost(60_000) / cost(100)).toBeLessThan(10);
  });

  test('is the same for all chunks and all noise', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\r\n',
        'GM1#',
        'GM1# ',
        'GM1>',
        'NEW#',
        ' --More-- ',
        '\b',
        '\r',
        '\u001b[K',
        '\u001b[',
        '\u0000',
        '*Mar  1 01:12:10.919: %SYS-5-CONFIG_I: x\r\n',
        '% Invalid input detected',
        'show crypto gdoi',
        'show crypto gdoi\r\n',
        '$',
        '',
      ),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.nat({ max: 30 }), { minLength: 1 }),
        (pieces, sizes) => {
          const stream = `show crypto gdoi\r\n${pieces.join('')}`;
          const chunks: string[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const size = (sizes[turn % sizes.length] ?? 0) + 1;
            chunks.push(stream.slice(at, at + size));
            at += size;
          }
          const { pagers: _one, ...lump } = read(stream, [stream]);
          const { pagers: _two, ...cut } = read(stream, chunks);
          const { pagers: _three, ...bytes } = read(stream, stream.split(''));
          expect(cut).toEqual(lump);
          expect(bytes).toEqual(lump);
        },
      ),
      { numRuns: 500 },
    );
  });
});
