/** The stream of a running agent, over a real server. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createAgentClient } from '../../src/cli/agent-client.ts';
import { UserError } from '../../src/kernel/user-error.ts';
import { serve } from '../http/served.ts';
import { told } from './told.ts';

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

/** What listens at a free port until it is disposed. */
async function listening(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a question to an agent that gives no whole answer ends with one line that says why', () => {
  const refusal = async (asked: Promise<unknown>) => {
    const error = await asked.catch((thrown: unknown) => thrown);
    if (!(error instanceof UserError)) throw error;
    return { code: error.code, message: error.message };
  };

  test.each<[string, RequestListener, RegExp]>([
    ['it is silent', () => undefined, /does not answer: no answer within 0\.2 s$/],
    [
      'it stops in the middle',
      (_, response) => response.writeHead(200, { 'content-length': 100 }).write('{"groups": ['),
      /does not answer: no answer within 0\.2 s$/,
    ],
    [
      'it goes away in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{"groups": [', () => response.destroy());
      },
      /does not answer: the connection was lost in the middle of the answer$/,
    ],
    [
      'it closes the connection at once',
      (request) => request.socket.destroy(),
      /does not answer: the connection was closed without an answer; if it speaks TLS there, the URL begins with https$/,
    ],
  ])('%s', async (_, answer, said) => {
    await using agent = await listening(answer);
    const client = createAgentClient(agent.url, null);
    for (const ask of [client.get, client.text]) {
      const { code, message } = await refusal(ask('/', 200));
      expect(code).toBe('agent_unreachable');
      expect(message).toMatch(said);
      expect(message.startsWith(`the agent at ${agent.url} `)).toBe(true);
    }
  });

  test('it does not speak TLS', async () => {
    await using agent = await listening((_, response) => response.end());
    const { message } = await refusal(createAgentClient(agent.url.replace('http:', 'https:'), null).get('/', 1000));
    expect(message).toMatch(/does not answer: it does not speak TLS there; then the URL begins with http:$/);
  });

  test('it speaks something else', async () => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { message } = await refusal(createAgentClient(`http://127.0.0.1:${port}`, null).get('/', 1000));
    expect(message).toMatch(/does not answer: \S[^\n]+$/);
    server.close();
  });
});

test.each(['http://noc:s3cret-pw@127.0.0.1:9848', 'https://:s3cret-pw@127.0.0.1/', 'noc:s3cret-pw@127.0.0.1:9848'])(
  'a URL with a password (%s) is refused without repeating it',
  async (url) => {
    const { stderr, status } = await told(['status', '--agent', url]);
    expect(stderr).toMatch(/^gdoiwatch: --agent: .*--token-file.* \[usage_invalid\]\n$/);
    expect(stderr).not.toContain('s3cret');
    expect(status).toBe(2);
  },
);
