import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findingLine } from '../../src/config/finding.ts';
import type { LoadedConfig } from '../../src/config/load/load.ts';
import { load } from './given-config.ts';
import { anyCodePoint } from '../builders/any-code-point.ts';

/** Planted wherever a secret may stand; no message of ours holds it by chance. */
const PLANTED = 'hUnter2-Zq9';

function shownOf(loaded: LoadedConfig): string {
  const findings = loaded.kind === 'ok' ? loaded.warnings : loaded.findings;
  return [JSON.stringify(loaded), inspect(loaded, { depth: 20, showHidden: true }), ...findings.map(findingLine)].join(
    '\n',
  );
}

/** Text that is half a configuration: its words and marks in any order. */
const junk = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'devices:',
        'credentials:',
        '\n',
        '\n  ',
        '\n    ',
        '- ',
        'name: a',
        'host: h',
        'main: ',
        'password: ',
        'snmp: ',
        '{ ',
        ' }',
        '[',
        ']',
        ', ',
        ': ',
        '&a ',
        '*a',
        '"',
        "'",
        '|\n',
        '? ',
        '#',
        '---\n',
        '!x ',
        '%',
        '\t',
        '__proto__: ',
        'constructor: ',
        '1e999',
        '.nan',
        '~',
        '\u0000',
        '\ud800',
      ),
      fc.string({ maxLength: 8, unit: anyCodePoint }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -1, 1.5, 30, '30s', 'main', 'ssh', 'gm', '2c', 3, 'P', 'x'),
    fc.string({ maxLength: 10 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'name',
        'host',
        'main',
        'username',
        'password_env',
        'snmp',
        'version',
        'auth',
        'ssh',
        'labels',
        'x',
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

const wrongConfig = fc
  .dictionary(
    fc.constantFrom(
      'listen',
      'log',
      'limits',
      'web',
      'store',
      'record',
      'defaults',
      'credentials',
      'ssh',
      'devices',
      'targets',
      'syslog',
      'traps',
      'alertmanager',
    ),
    value,
  )
  .map((config) => stringify(config));

describe('whatever the file holds', () => {
  it('loading ends in a value, and each finding is one line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(junk, wrongConfig, fc.string({ unit: anyCodePoint })), async (text) => {
        const loaded = await load({ text, env: { P: 'x' } });
        if (loaded.kind === 'ok') return;
        expect(loaded.findings.some(({ severity }) => severity === 'error')).toBe(true);
        for (const finding of loaded.findings) expect(findingLine(finding)).toMatch(/^[^\p{Cc}]+$/u);
      }),
      { numRuns: 350 },
    );
  });

  it('no secret is shown: not of a right file, a wrong one, or one with the secret in the wrong place', async () => {
    const spoilt = fc.tuple(junk, fc.nat(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(spoilt, async ([noise, at, spoil]) => {
        const right = `credentials:
  main: { username: u, password_env: P, enable_password_file: secret }
  v2: { snmp: { version: 2c, community_file: secret } }
  v3: { snmp: { version: 3, username: u, auth: { protocol: sha, password_env: P } } }
  open: { username: u, password: ${PLANTED} }
  odd: { username: u, password_file: secret, password_env: ${PLANTED} }
  bare: ${PLANTED}
store: { postgres: "postgres://me:${PLANTED}@db/x" }
alertmanager: { urls: ["http://me:${PLANTED}@am", "htp://me:${PLANTED}@am"], password_env: P }
targets: { http_sd: ["http://me:${PLANTED}@sd", { url: "http://sd", authorization: ${PLANTED}, authorization_env: P }] }
web: { config_file: web.yml, tokens_file: tokens }
devices:
  - { name: a, host: h, labels: { site: taipei } }
`;
        const cut = at % right.length;
        // The noise must not take the secret out of its place; a secret that became a device's name is no secret.
        const text = spoil ? `${right.slice(0, cut)}${noise.replaceAll(/[\w?]/g, '')}${right.slice(cut)}` : right;
        const files = {
          secret: PLANTED,
          'web.yml': `tls_server_config: { cert_file: secret, key: ${PLANTED} }\nbasic_auth_users: { a: ${PLANTED} }\n`,
          tokens: `${PLANTED}\na ${PLANTED}\na read ${PLANTED}\na read ${PLANTED}-longer\n`,
        };
        const loaded = await load({ text, env: { P: PLANTED }, files });
        fc.pre(text.startsWith('credentials:\n'));
        expect(shownOf(loaded)).not.toContain(PLANTED);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    `credentials: { main: { username: u, password:, ${PLANTED}, password_env: P } }`,
    `targets: { http_sd: [{ url: "http://sd", authorization:, ${PLANTED}, authorization_env: P }] }`,
    `alertmanager: { urls: ["http://am"], username: u, password:, ${PLANTED}, password_env: P }`,
    `webhooks: [{ url: "http://w", secret:, ${PLANTED} }]`,
    `store: { postgres:, ${PLANTED} }`,
    `web: { tokens_file: t, token:, ${PLANTED} }`,
    `jump_hosts: { j: { host: h, credentials: main, password:, ${PLANTED} } }`,
    `defaults: { credentials: main, password:, ${PLANTED} }`,
    `log: { level: info, token:, ${PLANTED} }`,
  ])('nor where a comma too many makes it the name of a setting: %s', async (section) => {
    const shown = shownOf(await load({ text: `${section}\ndevices: []\n`, env: { P: 'x' } }));
    expect(shown).toContain('"error"');
    expect(shown).not.toContain(PLANTED);
  });

  it('a loaded configuration shows [secret] for each secret', async () => {
    const text = `credentials:
  main: { username: u, password_env: P, enable_password_file: secret }
  v2: { snmp: { version: 2c, community_file: secret } }
  v3: { snmp: { version: 3, username: u, auth: { protocol: sha, password_env: P }, privacy: { protocol: aes128, password_env: P } } }
devices: [{ name: a, host: h }, { name: b, host: h, transport: snmp, credentials: v3 }]
traps: { listen: "udp://127.0.0.1:1162", credentials: [v2, v3] }
alertmanager: { urls: ["http://am"], username: u, password_env: P }
targets: { http_sd: [{ url: "http://sd", authorization_env: P }] }
web: { tokens_file: tokens }
`;
    const files = { secret: `${PLANTED}\n`, tokens: `noc read ${PLANTED}-longer\n` };
    const loaded = await load({ text, env: { P: PLANTED }, files });
    expect(loaded.kind).toBe('ok');
    expect(shownOf(loaded)).not.toContain(PLANTED);
    expect(JSON.stringify(loaded)).toContain('"password":"[secret]"');
  });
});
