import { expect, it } from 'vitest';
import { ENV, errorsOf, loadOk } from './given-config.ts';

const given = (webhooks: string) => ({ text: `devices: []\nwebhooks:\n${webhooks}`, env: ENV });

it('a webhook has the name of its host, its key, and all types by default', async () => {
  const { config, warnings } = await loadOk(
    given(
      '  - { url: "https://noc.example/hook", secret_env: P }\n  - { name: b, url: "http://127.0.0.1/", types: [reload] }\n',
    ),
  );
  expect(config.webhooks).toEqual([
    { name: 'noc.example', url: 'https://noc.example/hook', secret: expect.anything(), types: null },
    { name: 'b', url: 'http://127.0.0.1/', secret: null, types: new Set(['reload']) },
  ]);
  expect(warnings).toEqual([expect.stringContaining('webhooks[1]: not signed')]);
});

it('mistakes are one line each, and a key is not repeated', async () => {
  expect(
    await errorsOf(given('  - { url: "https://u:hunter2@noc/" }\n  - { url: "https://a/", secret: hunter2 }\n')),
  ).toEqual([
    expect.stringContaining('webhooks[0].url: the value (not shown) is not a URL without user and password'),
    'gdoiwatch.yml:4:26: webhooks[1].secret: a secret does not belong in the configuration: use secret_env, secret_file or secret_command',
  ]);
  expect(await errorsOf(given('  - { url: "https://a/1", secret_env: P, types: [reloads] }\n'))).toEqual([
    expect.stringMatching(/webhooks\[0\]\.types\[0\]: "reloads" is not one of reregistration, /),
  ]);
  expect(
    await errorsOf(given('  - { url: "https://a/1", secret_env: P }\n  - { url: "https://a/2", secret_env: P }\n')),
  ).toEqual(['gdoiwatch.yml:4:5: webhooks[1]: "a" is already the name of another webhook: set a name']);
});
