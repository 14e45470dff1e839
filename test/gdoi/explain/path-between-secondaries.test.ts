/** Of three KSs two no longer hear each other: whether the set falls apart depends on the one that is primary. */
import { expect, test } from 'vitest';
import { Fleet, ks } from '../../builders/fleet-group.ts';

const [KS1, KS2, KS3] = ['10.1.0.1', '10.1.0.2', '10.1.0.3'] as const;
const server = (number: 1 | 2 | 3, second: number, peers: Readonly<Record<string, string>>) =>
  ks(second, {
    device: `ks${number}`,
    address: `10.1.0.${number}`,
    role: number === 2 ? 'primary' : 'secondary',
    peers,
  });

function saidOf(...look: readonly ((second: number) => ReturnType<typeof ks>)[]) {
  const fleet = new Fleet();
  for (const second of [0, 60]) fleet.see(...look.map((each) => each(second)));
  return fleet.see(...look.map((each) => each(120))).explanations.find(({ cause }) => cause === 'coop_peer_lost');
}

test('a peer that is dead for a secondary and alive for the primary goes on sharing keys', () => {
  const first = saidOf(
    (second) => server(1, second, { [KS2]: 'Alive', [KS3]: 'Dead' }),
    (second) => server(2, second, { [KS1]: 'Alive', [KS3]: 'Alive' }),
  );
  expect(first).toMatchObject({
    phase: 'present',
    summary: expect.stringMatching(
      /^COOP peer 10\.1\.0\.3 of G1 is dead for ks1 since 08:00:00 UTC, and alive for ks2$/u,
    ),
    consequence: null,
  });
});

test('two secondaries that are dead for each other, and alive for the primary, as well', () => {
  const first = saidOf(
    (second) => server(1, second, { [KS2]: 'Alive', [KS3]: 'Dead' }),
    (second) => server(2, second, { [KS1]: 'Alive', [KS3]: 'Alive' }),
    (second) => server(3, second, { [KS1]: 'Dead', [KS2]: 'Alive' }),
  );
  expect(first).toMatchObject({ phase: 'present', consequence: null });
});

test('a peer that is dead for the primary may become primary of its side', () => {
  const first = saidOf(
    (second) => server(1, second, { [KS2]: 'Alive', [KS3]: 'Dead' }),
    (second) => server(2, second, { [KS1]: 'Alive', [KS3]: 'Dead' }),
  );
  expect(first).toMatchObject({
    phase: 'present',
    summary: expect.stringMatching(/is dead for its peers since/u),
    consequence: { what: expect.stringMatching(/no longer share keys/u) },
  });
});

test('nor does one that only a secondary hears share keys with the primary', () => {
  const first = saidOf(
    (second) => server(1, second, { [KS2]: 'Alive', [KS3]: 'Alive' }),
    (second) => server(2, second, { [KS1]: 'Alive', [KS3]: 'Dead' }),
  );
  expect(first).toMatchObject({
    summary: expect.stringMatching(/is dead for ks2 since 08:00:00 UTC, and alive for ks1$/u),
    consequence: { what: expect.stringMatching(/no longer share keys/u) },
  });
});
