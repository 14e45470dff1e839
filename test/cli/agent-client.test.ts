/** The stream of a running agent, over a real server. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createAgentClient } from '../../src/cli/agent-client.ts';
import { serve } from '../http/served.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('a stream that is called off ends, also when nothing comes and fetch has forgotten the signal', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stopping = new AbortController();
  const client = createAgentClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, null);
  const answer = await client.stream('/', stopping.signal);
  const seen: string[] = [];
  for await (const data of answer.kind === 'stream' ? answer.data : []) {
    seen.push(data);
    for (let turn = 0; turn < 5; turn++) {
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
    }
    setImmediate(() => stopping.abort());
  }
  expect(seen).toEqual(['one']);
  server.closeAllConnections();
  server.close();
});

test('an answer has its time from the agent’s clock, not from this machine’s', async () => {
  await using served = await serve();
  const client = createAgentClient(served.url, null);
  for (const laterMs of [0, 90_000]) {
    await served.clock.advance(laterMs);
    const answeredMs = Math.floor(served.clock.wallMs() / 1000) * 1000;
    expect(await client.get('/api/v1/groups', 60_000)).toMatchObject({ kind: 'document', atMs: answeredMs });
  }
});
