import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Senders } from '../../../src/agent/heard/senders.ts';

function fleet(devices: Readonly<Record<string, readonly [host: string, ...others: string[]]>>): Senders {
  const senders = new Senders();
  for (const [device, [host, ...others]] of Object.entries(devices)) senders.set(device, { host, others });
  return senders;
}

test('the address decides: polled by it, listed as another one, or looked up', () => {
  const senders = fleet({ gm1: ['192.0.2.1', '2001:DB8:0::5'], gm2: ['gm2.example.net'] });
  expect(senders.deviceOf('192.0.2.1', null)).toBe('gm1');
  expect(senders.deviceOf('::ffff:192.0.2.1', null)).toBe('gm1');
  expect(senders.deviceOf('2001:db8::5', null)).toBe('gm1');
  expect(senders.deviceOf('192.0.2.2', null)).toBeNull();
  expect([...senders.hostNames()]).toEqual([['gm2', 'gm2.example.net']]);
  senders.resolved('gm2', ['192.0.2.2']);
  expect(senders.deviceOf('192.0.2.2', null)).toBe('gm2');
});

test('other settings of a device leave what was looked up and shown of it; another host does not', () => {
  const senders = fleet({ gm1: ['gm1.example.net', '192.0.2.91'] });
  senders.resolved('gm1', ['192.0.2.1']);
  senders.learnHostname('gm1', 'EDGE-1');
  senders.setRelays(['198.51.100.9']);
  senders.set('gm1', { host: 'gm1.example.net', others: ['192.0.2.92'] });
  const known = () => ['192.0.2.1', '192.0.2.91', '192.0.2.92'].map((address) => senders.deviceOf(address, null));
  expect([known(), senders.deviceOf('198.51.100.9', 'edge-1')]).toEqual([['gm1', null, 'gm1'], 'gm1']);
  senders.set('gm1', { host: 'new.example.net', others: [] });
  expect([known(), senders.deviceOf('198.51.100.9', 'edge-1')]).toEqual([[null, null, null], null]);
  senders.set('gm1', { host: 'gm1.example.net', others: [] });
  expect(known()).toEqual([null, null, null]);
});

test('an address that is one device’s wins over the name in the message', () => {
  const senders = fleet({ gm1: ['192.0.2.1'], gm2: ['192.0.2.2'] });
  expect(senders.deviceOf('192.0.2.1', 'gm2')).toBe('gm1');
});

test('behind one address the name in the message decides: configured, shown, or its first part', () => {
  const senders = fleet({ gm1: ['192.0.2.1'], gm2: ['192.0.2.1'] });
  expect(senders.deviceOf('192.0.2.1', null)).toBeNull();
  expect(senders.deviceOf('192.0.2.1', 'GM2')).toBe('gm2');
  expect(senders.deviceOf('192.0.2.1', 'gm1.example.net')).toBe('gm1');
  senders.learnHostname('gm1', 'TPE-EDGE-1');
  expect(senders.deviceOf('192.0.2.1', 'tpe-edge-1')).toBe('gm1');
});

test('of the hostnames that a device has shown the last one counts, however many there were', () => {
  const senders = fleet({ gm1: ['192.0.2.1'], gm2: ['192.0.2.1'] });
  for (const hostname of ['ROUTER-1', 'ROUTER-2', 'gm2']) {
    senders.learnHostname('gm1', hostname);
    expect(senders.deviceOf('192.0.2.1', hostname)).toBe(hostname === 'gm2' ? 'gm2' : 'gm1');
  }
  for (const hostname of ['ROUTER-1', 'ROUTER-2']) expect(senders.deviceOf('192.0.2.1', hostname)).toBeNull();
  expect(senders.deviceOf('192.0.2.1', 'gm1')).toBe('gm1');
});

test('a hostname that was the configured name of another device counts once that device is removed', () => {
  const senders = fleet({ gm1: ['192.0.2.1'] });
  senders.learnHostname('gm1', 'EDGE');
  senders.set('edge', { host: '192.0.2.9', others: [] });
  senders.setRelays(['198.51.100.9']);
  expect(senders.deviceOf('198.51.100.9', 'EDGE')).toBe('edge');
  senders.remove('edge');
  senders.learnHostname('gm1', 'EDGE');
  expect(senders.deviceOf('198.51.100.9', 'EDGE')).toBe('gm1');
});

test('a hostname is free again when its device is removed, or shows another one', () => {
  const senders = fleet({ gm1: ['192.0.2.1'], gm2: ['192.0.2.1'], gm3: ['192.0.2.1'] });
  senders.learnHostname('gm1', 'EDGE');
  senders.learnHostname('gm2', 'EDGE');
  expect(senders.deviceOf('192.0.2.1', 'edge')).toBe('gm1');
  senders.remove('gm1');
  senders.learnHostname('gm2', 'EDGE');
  expect(senders.deviceOf('192.0.2.1', 'edge')).toBe('gm2');
  senders.learnHostname('gm2', 'CORE');
  senders.learnHostname('gm3', 'EDGE');
  expect(senders.deviceOf('192.0.2.1', 'edge')).toBe('gm3');
});

test('a relay may name a router by its address: then the address decides, unless several have it', () => {
  const senders = fleet({
    gm1: ['192.0.2.1', '2001:DB8::5'],
    gm2: ['192.0.2.2'],
    gm3: ['192.0.2.2'],
    10: ['192.0.2.9'],
  });
  senders.setRelays(['198.51.100.9']);
  expect(senders.deviceOf('198.51.100.9', '192.0.2.1')).toBe('gm1');
  expect(senders.deviceOf('198.51.100.9', '2001:db8:0::5')).toBe('gm1');
  expect(senders.deviceOf('198.51.100.9', '192.0.2.2')).toBeNull();
  expect(senders.deviceOf('198.51.100.9', '10.0.0.1')).toBeNull();
  expect(senders.deviceOf('203.0.113.1', '192.0.2.1')).toBeNull();
});

test('from a device that is a relay too, a message is of the device that it names, else its own', () => {
  const senders = fleet({ hub: ['192.0.2.1'], gm1: ['10.0.0.1'] });
  senders.setRelays(['192.0.2.1']);
  expect(senders.deviceOf('192.0.2.1', 'gm1')).toBe('gm1');
  expect(senders.deviceOf('192.0.2.1', 'somebody')).toBe('hub');
  expect(senders.deviceOf('192.0.2.1', null)).toBe('hub');
});

test('a device among relays that are listed by a prefix is known by its address: others may have its hostname', () => {
  const senders = fleet({ gm1: ['192.0.2.1'], gm2: ['192.0.2.2'] });
  senders.setRelays(['192.0.2.0/24']);
  for (const device of ['gm1', 'gm2']) senders.learnHostname(device, 'EDGE');
  expect(senders.deviceOf('192.0.2.2', 'EDGE')).toBe('gm2');
  expect(senders.deviceOf('192.0.2.9', 'EDGE')).toBe('gm1');
});

test.each([
  ['198.51.100.9', ['198.51.100.9']],
  ['198.51.100.9', ['10.0.0.0/8', '198.51.100.0/24']],
  ['::ffff:198.51.100.9', ['198.51.100.0/24']],
  ['2001:db8::9', ['2001:db8::/32']],
])('from a relay (%s of %j) the name in the message tells', (address, relays) => {
  const senders = fleet({ gm1: ['192.0.2.1'] });
  senders.setRelays(relays);
  expect(senders.deviceOf(address, 'gm1.example.net')).toBe('gm1');
  expect(senders.deviceOf(address, null)).toBeNull();
});

test.each(['198.51.100.10', '2001:db9::9', '127.0.0.1'])(
  'from %s, which is neither a device nor a relay, a known name is worth nothing',
  (address) => {
    const senders = fleet({ gm1: ['192.0.2.1'] });
    senders.learnHostname('gm1', 'TPE-EDGE-1');
    for (const name of ['gm1', 'gm1.example.net', 'tpe-edge-1']) expect(senders.deviceOf(address, name)).toBeNull();
    senders.setRelays(['198.51.100.9', '2001:db8::/32']);
    for (const name of ['gm1', 'gm1.example.net', 'tpe-edge-1']) expect(senders.deviceOf(address, name)).toBeNull();
  },
);

test('a device cannot take over another one’s configured name by its hostname', () => {
  const senders = fleet({ gm1: ['192.0.2.1'], gm2: ['192.0.2.2'] });
  senders.setRelays(['198.51.100.9']);
  senders.learnHostname('gm2', 'gm1');
  expect(senders.deviceOf('198.51.100.9', 'gm1')).toBe('gm1');
});

test('a removed or changed device leaves nothing behind', () => {
  const name = fc.constantFrom('gm1', 'gm2', 'gm3');
  const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.option(address)), { maxLength: 30 }), (steps) => {
      const senders = new Senders();
      const expected = new Map<string, string>();
      for (const [device, host] of steps) {
        if (host === null) senders.remove(device);
        else senders.set(device, { host, others: [] });
        if (host === null) expected.delete(device);
        else expected.set(device, host);
      }
      for (const host of ['192.0.2.1', '192.0.2.2', '2001:db8::1']) {
        const sharing = [...expected].filter(([, known]) => known === host).map(([device]) => device);
        expect(senders.deviceOf(host, null)).toBe(sharing.length === 1 ? sharing[0] : null);
        for (const device of sharing) expect(senders.deviceOf(host, device)).toBe(device);
      }
    }),
  );
});
