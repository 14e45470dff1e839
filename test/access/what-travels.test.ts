/** Two agents that share a store: what one of them met at a device, the one that polls it next does not meet again. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { CredentialQuarantine, REFUSED_DEVICE_WAIT_MS } from '../../src/access/credential-quarantine.ts';
import { KeptRefusals } from '../../src/access/kept-refusals.ts';
import { createKnownCertificates } from '../../src/access/restconf/known-certificates.ts';
import { sharedCertificates } from '../../src/access/restconf/shared-certificates.ts';
import { createKnownHosts } from '../../src/access/ssh/known-hosts.ts';
import { sharedHostKeys } from '../../src/access/ssh/shared-host-keys.ts';
import { acceptedKeys, keptRefusals } from '../../src/product/shared-notes.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import type { EventStore } from '../../src/store/event-store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { accessUnderTest, poll, target } from './access-under-test.ts';
import { ScriptedIos } from './scripted-ios.ts';

const WRONG = { password: new Secret('wr0ng-password') };

/** An agent's way to the devices, that has read what others met. */
async function agentOn({ notes }: EventStore) {
  const refusals = keptRefusals(notes, createSystemClock(), new MemoryLogger());
  const under = accessUnderTest({ refusals, acceptedHostKeys: acceptedKeys(notes, 'host_key') });
  await refusals.load();
  return under;
}

describe('a credential that a device refused', () => {
  test('is not tried again by the agent that takes over: the device sees no second connection with it', async () => {
    const store = createMemoryStore();
    await using ios = new ScriptedIos();
    const iosPort = await ios.listen();
    await using first = await agentOn(store);
    expect(await poll(first.access, target(iosPort, WRONG), 'show clock')).toMatchObject({ failure: 'auth' });
    await using second = await agentOn(store);
    const seen = ios.connections;
    const refused = await poll(second.access, target(iosPort, WRONG), 'show clock');
    expect(refused).toMatchObject({ failure: 'quarantined' });
    expect(refused.message).toMatch(/the device refused the credential "main"; next try in (?:59|60) min/);
    expect(ios.connections).toBe(seen);
    // Another secret is another credential.
    expect(await poll(second.access, target(iosPort), 'show clock')).toMatchObject({ failure: null });
    // And with the success the refusal is forgotten.
    expect(await store.notes.all('refusal')).toEqual([]);
  });

  test('that several devices refused stays in quarantine with the next agent, but for those that had accepted it', async () => {
    const { notes } = createMemoryStore();
    const clock = new FakeClock();
    const agent = async () => {
      const quarantine = new CredentialQuarantine();
      const kept = keptRefusals(notes, clock, new MemoryLogger());
      const refusals = kept.of('ssh', quarantine);
      await kept.load();
      const tries = async (device: string, outcome: 'accepted' | 'refused') => {
        const use = { credentialName: 'main', secrets: [WRONG.password, null], device };
        await refusals.recall(use);
        const admission = quarantine.admit(use, clock.monoMs());
        if (admission.kind !== 'try') return admission.kind;
        quarantine.ended(use, outcome, clock.monoMs());
        await refusals.ended(use, outcome);
        return outcome;
      };
      return { quarantine, tries };
    };
    const first = await agent();
    expect(await first.tries('old', 'accepted')).toBe('accepted');
    for (const device of ['a', 'b', 'c']) expect(await first.tries(device, 'refused')).toBe('refused');
    const second = await agent();
    expect(await second.tries('d', 'refused')).toBe('quarantined');
    expect(second.quarantine.quarantined()).toEqual(['main']);
    expect(await second.tries('old', 'accepted')).toBe('accepted');
    expect(second.quarantine.quarantined()).toEqual([]);
  });

  test('is stored as a digest of the secret, and no longer than the device waits', async () => {
    const store = createMemoryStore();
    const clock = new FakeClock();
    const use = { credentialName: 'main', secrets: [WRONG.password], device: 'gm1' };
    await keptRefusals(store.notes, clock, new MemoryLogger())
      .of('ssh', new CredentialQuarantine())
      .ended(use, 'refused');
    const notes = await store.notes.all('refusal');
    expect(notes).toHaveLength(1);
    expect(JSON.stringify(notes)).not.toContain(WRONG.password.reveal());
    const after = async (ageMs: number, way: 'ssh' | 'snmp') => {
      const aged = {
        ...store.notes,
        all: async () => notes.map((note) => ({ ...note, ageMs })),
        remove: async () => undefined,
      };
      const kept = new KeptRefusals({ ...aged, put: async () => undefined }, clock);
      await kept.load();
      const quarantine = new CredentialQuarantine();
      await kept.of(way, quarantine).recall(use);
      return quarantine.peek(use, clock.monoMs());
    };
    expect(await after(60_000, 'ssh')).toEqual({ kind: 'device_waits', waitMs: REFUSED_DEVICE_WAIT_MS - 60_000 });
    expect(await after(REFUSED_DEVICE_WAIT_MS, 'ssh')).toBeNull();
    expect(await after(60_000, 'snmp')).toBeNull();
  });

  test.each(['', '[]', '{"salt":1}', '{"salt":"","digest":"","waitMs":1e9}'])(
    'of which another hand has written %j, is tried',
    async (text) => {
      const { notes } = createMemoryStore();
      await notes.put('refusal', '["ssh","device","gm1"]', text);
      await notes.put('refusal', '["ssh","credential","main"]', text);
      const kept = keptRefusals(notes, new FakeClock(), new MemoryLogger());
      await kept.load();
      const quarantine = new CredentialQuarantine();
      const use = { credentialName: 'main', secrets: [WRONG.password], device: 'gm1' };
      await kept.of('ssh', quarantine).recall(use);
      expect(quarantine.peek(use, 0)).toBeNull();
    },
  );

  test('that cannot be stored is logged once, and the poll goes on', async () => {
    const store = createMemoryStore();
    const down = () => Promise.reject(new StoreError('io', 'unreachable'));
    const logger = new MemoryLogger();
    const refusals = keptRefusals({ ...store.notes, put: down, all: async () => [] }, createSystemClock(), logger);
    await using ios = new ScriptedIos();
    const iosPort = await ios.listen();
    await using under = accessUnderTest({ refusals });
    expect(await poll(under.access, target(iosPort, WRONG), 'show clock')).toMatchObject({ failure: 'auth' });
    expect(logger.messages('warn')).toEqual(['the refusal of a credential could not be shared with the other agents']);
  });
});

describe('a host key', () => {
  const [KEY, OTHER] = [keyOf('first'), keyOf('second')];

  function keyOf(text: string): Buffer {
    const type = Buffer.from('ssh-ed25519');
    return Buffer.concat([Buffer.from([0, 0, 0, type.length]), type, Buffer.from(text)]);
  }

  /** Keys as the agent of this name knows them. */
  async function keysOf({ notes }: EventStore) {
    const under = accessUnderTest();
    onTestFinished(() => under[Symbol.asyncDispose]());
    const path = under.knownHostsPath;
    return { path, keys: sharedHostKeys(createKnownHosts(path), acceptedKeys(notes, 'host_key')) };
  }

  test('that one agent accepted is known to the next, and another one is refused as changed', async () => {
    const store = createMemoryStore();
    await using ios = new ScriptedIos();
    const iosPort = await ios.listen();
    await using first = await agentOn(store);
    expect(await poll(first.access, target(iosPort), 'show clock')).toMatchObject({ failure: null });
    await using second = await agentOn(store);
    const strict = target(iosPort, { hostKeys: 'strict' });
    expect(await poll(second.access, strict, 'show clock')).toMatchObject({ failure: null });
    await using impostor = new ScriptedIos();
    const impostorPort = await impostor.listen();
    await store.notes.put('host_key', `[127.0.0.1]:${impostorPort}`, KEY.toString('base64'));
    const changed = await poll(second.access, target(impostorPort), 'show clock');
    expect(changed).toMatchObject({ failure: 'host_key' });
    expect(changed.message).toMatch(/HOST KEY CHANGED.* put its new line in place of those of \[127\.0\.0\.1\]/);
  });

  test('of two that agents accept at once is the first one’s for both', async () => {
    const store = createMemoryStore();
    const [a, b] = [await keysOf(store), await keysOf(store)];
    const [ofA, ofB] = await Promise.all([a.keys.add('gm1', 22, KEY), b.keys.add('gm1', 22, OTHER)]);
    expect([ofA.kind, ofB.kind].toSorted()).toEqual(['changed', 'known']);
  });

  test('in the agent’s own file decides, and the other agents get it', async () => {
    const store = createMemoryStore();
    await store.notes.put('host_key', 'gm1', KEY.toString('base64'));
    const [a, b] = [await keysOf(store), await keysOf(store)];
    await createKnownHosts(a.path).add('gm1', 22, OTHER);
    expect(await a.keys.check('gm1', 22, OTHER)).toEqual({ kind: 'known' });
    expect(await a.keys.check('gm1', 22, KEY)).toMatchObject({ kind: 'changed' });
    expect(await store.notes.get('host_key', 'gm1')).toBe(OTHER.toString('base64'));
    expect(await b.keys.check('gm1', 22, OTHER)).toEqual({ kind: 'known' });
    expect(await b.keys.knownTypes('gm1', 22)).toEqual(['ssh-ed25519']);
  });

  test('is accepted if the file cannot be written: the store has it', async () => {
    const store = createMemoryStore();
    const { keys } = await keysOf(store);
    const file = { ...createKnownHosts('/nowhere/known_hosts'), check: async () => ({ kind: 'unknown' as const }) };
    const readOnly = sharedHostKeys(file, acceptedKeys(store.notes, 'host_key'));
    expect(await readOnly.add('gm1', 22, KEY)).toEqual({ kind: 'known' });
    expect(await keys.check('gm1', 22, KEY)).toEqual({ kind: 'known' });
  });

  test('is not trusted while the store cannot say whether another one is known', async () => {
    const store = createMemoryStore();
    Object.assign(store.notes, { get: () => Promise.reject(new StoreError('io', 'unreachable')) });
    await using ios = new ScriptedIos();
    const iosPort = await ios.listen();
    await using under = await agentOn(store);
    expect(await poll(under.access, target(iosPort), 'show clock')).toMatchObject({ failure: 'host_key' });
  });
});

test('a certificate that one agent accepted is known to the next, and of two the first one counts', async () => {
  const { notes } = createMemoryStore();
  const under = [accessUnderTest(), accessUnderTest()];
  const [a, b] = under.map(({ knownHostsPath }) =>
    sharedCertificates(createKnownCertificates(`${knownHostsPath}-certificates`), acceptedKeys(notes, 'certificate')),
  );
  expect(await a?.add('gm1', 443, '11'.repeat(32))).toEqual(['11'.repeat(32)]);
  expect(await b?.of('gm1', 443)).toEqual(['11'.repeat(32)]);
  expect(await b?.add('gm1', 443, '22'.repeat(32))).toEqual(['11'.repeat(32)]);
  for (const each of under) await each[Symbol.asyncDispose]();
});
