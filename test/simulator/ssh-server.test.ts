import ssh2, { type ClientChannel, type ConnectConfig } from 'ssh2';
import { expect, test } from 'vitest';
import { createSystemClock } from '../../src/ports/clock.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet.ts';
import { startSimulatedSsh } from '../../src/simulator/ssh-server.ts';

const clock = createSystemClock();
const credentials = { username: 'monitor', password: 'pw-simulated', enablePassword: 'en-simulated' };

test('smoke', async () => {
  const fleet = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: clock.wallMs() });
  await using ssh = await startSimulatedSsh({ fleet, clock, credentials });
  const text = await new Promise<string>((resolve, reject) => {
    const client = new ssh2.Client();
    let out = '';
    client.on('ready', () => {
      client.shell((error: Error | undefined, stream: ClientChannel) => {
        if (error) {
          reject(error);
          return;
        }
        stream.on('data', (d: Buffer) => {
          out += d.toString('latin1');
        });
        stream.on('close', () => {
          client.end();
          resolve(out);
        });
        stream.write('terminal length 0\rshow crypto gdoi\rshow version\rshow foo\rexit\r');
      });
    });
    client.on('error', reject);
    const config: ConnectConfig = {
      host: '127.0.0.1',
      port: ssh.ports.get('gm1')!,
      username: 'monitor',
      password: 'pw-simulated',
    };
    client.connect(config);
  });
  console.log(text);
  for (const d of fleet.devices)
    for (const c of [
      'show crypto gdoi',
      'show crypto gdoi ks policy',
      'show crypto gdoi ks members',
      'show crypto gdoi ks members summary',
      'show crypto gdoi ks coop',
      'show crypto gdoi ks',
      'show logging',
    ])
      console.log(`==== ${d.name} ${c}\n${fleet.answer(d.name, c, clock.wallMs())}`);
  expect(text).toContain('Registration status');
});
