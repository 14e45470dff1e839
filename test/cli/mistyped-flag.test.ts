import { Command } from 'commander';
import { expect, test } from 'vitest';
import { mistypedFlag } from '../../src/cli/mistyped-flag.ts';

const COMMANDS = [
  new Command('check').option('--host <host>').option('--watch [seconds]').option('--json'),
  new Command('config').addCommand(new Command('check').option('--config <file>')),
];

test.each([
  [
    ['check', 'gm1', '--grup', 'G1'],
    ['check', '--grup'],
  ],
  [['check', '--host', '--odd-host-name', '--json'], null],
  [
    ['check', '--host=h', '--jsn'],
    ['check', '--jsn'],
  ],
  [
    ['check', '--watch', '--jsn'],
    ['check', '--jsn'],
  ],
  [['check', '--help'], null],
  [['check', '--', '--no-flag'], null],
  [
    ['config', 'check', '--confg', 'x'],
    ['config', 'check', '--confg'],
  ],
  [['unknown', '--flag'], null],
])('%j: %j', (given, expected) => {
  expect(mistypedFlag(COMMANDS, given)).toEqual(expected);
});
