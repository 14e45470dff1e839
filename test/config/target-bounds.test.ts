/**
 * What service discovery may do, whoever answers there: nothing that sends a credential where the configuration does
 * not.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressRanges } from '../../src/config/address-range.ts';
import { deviceOfTarget } from '../../src/config/service-discovery/target-device.ts';
import { ENV, errorsOf, loadOk } from './given-config.ts';

const CREDENTIALS = `credentials:
  main: { username: monitor, password_env: P }
  admin: { username: admin, password_env: P }
  v2: { snmp: { version: 2c, community_env: P } }
`;

/** A target under a configuration with these `targets` and other sections. */
async function targetUnder(targets: string, sections = '') {
  const text = `${CREDENTIALS}${sections}\ntargets: { file_sd: ["t.json"], ${targets} }\n`;
  const { config } = await loadOk({ text, env: ENV });
  return (address: string, labels: Readonly<Record<string, string>> = {}) =>
    deviceOfTarget({ address, labels }, config.targets!.makeDevice);
}

describe('labels only tighten', () => {
  it.each([
    ['__gdoi_host_keys', 'accept-new', { hostKeys: 'strict' }],
    ['__gdoi_algorithms', 'legacy', { algorithms: 'modern' }],
  ])('%s: %s is left out, and said', async (label, value, ssh) => {
    const target = await targetUnder('');
    expect(target('192.0.2.1', { [label]: value })).toMatchObject({
      device: { ssh },
      problems: [expect.stringContaining(`label ${label} left out`)],
    });
  });

  it('what the configuration allows every device, a target may have or make stricter', async () => {
    const target = await targetUnder('', 'ssh: { host_keys: accept-new, algorithms: legacy }');
    expect(target('192.0.2.1')).toMatchObject({ device: { ssh: { hostKeys: 'accept-new', algorithms: 'legacy' } } });
    const strict = target('192.0.2.1', { __gdoi_host_keys: 'strict', __gdoi_algorithms: 'modern' });
    expect(strict).toMatchObject({ device: { ssh: { hostKeys: 'strict', algorithms: 'modern' } }, problems: [] });
  });
});

describe('credentials', () => {
  it.each([
    [{ __gdoi_credentials: 'admin' }, '"admin"'],
    [{ __gdoi_transport: 'snmp', __gdoi_credentials: 'v2' }, '"v2"'],
    [{ __gdoi_transport: 'ssh+snmp', __gdoi_credentials: 'ssh=main,snmp=v2' }, '"v2"'],
  ])('%j names one that is not for targets', async (labels, named) => {
    const target = await targetUnder('');
    expect(target('192.0.2.1', labels)).toEqual({
      device: null,
      problems: [`credential ${named} may not be used by targets (targets.credentials)`],
    });
  });

  it('those of targets.credentials may be used, and no other, not even the default', async () => {
    const target = await targetUnder('credentials: [v2]');
    expect(target('192.0.2.1', { __gdoi_transport: 'snmp', __gdoi_credentials: 'v2' }).device).toMatchObject({
      snmp: { credentialName: 'v2' },
    });
    expect(target('192.0.2.1').device).toBeNull();
  });

  it('that are not there are an error of the configuration', async () => {
    const text = `${CREDENTIALS}targets: { file_sd: ["t.json"], credentials: [mian] }\n`;
    expect(await errorsOf({ text, env: ENV })).toEqual([
      expect.stringContaining('targets.credentials[0]: "mian" is not one of the credentials; did you mean main?'),
    ]);
  });
});

describe('addresses', () => {
  const within = ['192.0.2.0/24', '2001:db8:1::/48', '198.51.100.7', 'router1.example.net', '*.lab.example'];

  it.each(['192.0.2.1', '192.0.2.255', '2001:db8:1::9', '198.51.100.7', 'router1.example.net', 'a.b.LAB.example'])(
    '%s is within',
    async (host) => {
      const target = await targetUnder(`addresses: ${JSON.stringify(within)}`);
      expect(target(host.includes(':') ? `[${host}]:22` : host).device).toMatchObject({ host });
    },
  );

  it.each(['192.0.3.1', '2001:db8:2::1', '198.51.100.8', 'router2.example.net', 'lab.example', 'evil-lab.example'])(
    '%s is not',
    async (host) => {
      const target = await targetUnder(`addresses: ${JSON.stringify(within)}`);
      expect(target(host.includes(':') ? `[${host}]:22` : host)).toEqual({
        device: null,
        problems: [`host "${host}" may not be used by targets (targets.addresses)`],
      });
    },
  );

  it('without the setting any host may be', async () => {
    expect((await targetUnder(''))('203.0.113.1').device).toMatchObject({ host: '203.0.113.1' });
  });

  it.each(['192.0.2.0/33', '2001:db8::/129', '300.1.1.1', '192.0.2.0/24/8', '*', 'a b', '192.0.2.0/x'])(
    '%s is none',
    async (range) => {
      const text = `${CREDENTIALS}targets: { addresses: [${JSON.stringify(range)}] }\n`;
      expect(await errorsOf({ text, env: ENV })).toEqual([
        expect.stringMatching(/targets\.addresses\[0\]: .* is not a prefix, an address or a host name/),
      ]);
    },
  );

  it('an address is within its own prefix and outside of every other one of the same length', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (network, host, length) => {
        const bits = (address: string) =>
          address
            .split('.')
            .map((octet) => Number(octet).toString(2).padStart(8, '0'))
            .join('')
            .slice(0, length);
        const ranges = addressRanges([`${network}/${length}`]);
        expect(ranges.includes(host)).toBe(bits(network) === bits(host));
      }),
    );
  });
});

describe('a list over plain HTTP', () => {
  it.each(['http://netbox.example/sd', 'http://192.0.2.5/sd'])('%s is a warning', async (url) => {
    const { warnings } = await loadOk({ text: `${CREDENTIALS}targets: { http_sd: ["${url}"] }\n`, env: ENV });
    expect(warnings).toEqual([expect.stringMatching(/targets\.http_sd\[0\]: plain HTTP/)]);
  });

  it.each(['https://netbox.example/sd', 'http://127.0.0.1:8000/sd', 'http://[::1]/sd', 'http://localhost/sd'])(
    '%s is none',
    async (url) => {
      const { warnings } = await loadOk({ text: `${CREDENTIALS}targets: { http_sd: ["${url}"] }\n`, env: ENV });
      expect(warnings).toEqual([]);
    },
  );
});
