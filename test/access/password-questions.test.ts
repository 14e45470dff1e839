import { describe, expect, test } from 'vitest';
import { passwordQuestion } from '../../src/access/ssh/ios-dialogue.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { accessUnderTest, poll, target } from './access-under-test.ts';
import { type Manners, ScriptedIos } from './scripted-ios.ts';

describe('a question for the password of a login', () => {
  test.each([
    'Password:',
    'Password: ',
    'password: ',
    'Enable password:',
    "monitor@gm1's password: ",
    'Enter password:',
    'Please enter your password:',
    'Enter PASSCODE:',
    'Password for monitor:',
    'news-gw password:',
  ])('%j is answered', (line) => {
    expect(passwordQuestion(line)).toBe('login');
  });

  test('is recognised below a banner that mentions passwords', () => {
    const banner = ['Never tell anybody your password.', 'Passwords are changed every 90 days.', ''];
    expect(passwordQuestion('Password: ', banner)).toBe('login');
  });
});

describe('a question that belongs to a change of the password', () => {
  test.each([
    'New password:',
    'Enter new password: ',
    'Enter a new password:',
    'New Password (8 characters or more): ',
    'Old password:',
    'Enter old password: ',
    'Enter current password:',
    'Retype password:',
    'Retype new password: ',
    'Re-enter password:',
    'Reenter password:',
    'Confirm password:',
    'Verify password: ',
    'Password (again):',
    'Password again:',
    'Enter new secret: ',
    'new PASSCODE:',
    'Enter next passcode:',
  ])('%j is not answered', (line) => {
    expect(passwordQuestion(line)).toBe('change');
  });

  test.each([
    ['Your password has expired.'],
    ['You must change your password now.'],
    ['Password expired', '', 'Please choose a new one.'],
    ['WARNING: the password needs to be changed'],
    ['You are required to set a new password'],
  ])('a bare "Password:" below %j is not answered', (...lines) => {
    expect(passwordQuestion('Password: ', lines)).toBe('change');
  });
});

describe('a device that asks for a change of the password', () => {
  const secret = { password: new Secret('pw-of-today'), enablePassword: new Secret('enable-of-today') };

  async function typedAt(manners: Manners): Promise<{ readonly typed: string; readonly failure: string | null }> {
    await using server = new ScriptedIos({ password: 'pw-of-today', ...manners });
    const port = await server.listen();
    await using under = accessUnderTest();
    const { failure, message } = await poll(under.access, target(port, secret), 'show clock');
    expect(message).toMatch(/change of the password/);
    return { typed: server.typed, failure };
  }

  test.each(['New password: ', 'Enter old password: ', 'Retype password: ', 'Password has expired\r\n\r\nPassword: '])(
    'in the shell with %j is told nothing, and the poll ends as auth',
    async (question) => {
      const { typed, failure } = await typedAt({ motdPieces: [`\r\n${question}`], noPrompt: true });
      expect(failure).toBe('auth');
      expect(typed).not.toContain('of-today');
    },
  );

  test('at enable gets no answer', async () => {
    const { typed, failure } = await typedAt({ userExec: true, enableQuestion: 'Enter new password: ' });
    expect(failure).toBe('auth');
    expect(typed).not.toContain('of-today');
  });

  test('by keyboard-interactive gets no answer', async () => {
    await using server = new ScriptedIos({ methods: ['keyboard-interactive'], keyboardPrompts: ['New password: '] });
    const port = await server.listen();
    await using under = accessUnderTest();
    expect(await poll(under.access, target(port, secret), 'show clock')).toMatchObject({ failure: 'auth' });
    expect(server.keyboardAnswers).toEqual([]);
  });
});
