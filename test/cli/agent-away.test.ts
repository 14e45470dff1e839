/** What is asked again and again, of an agent that goes away and comes back: its absence is said, and it goes on. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { eventDocument } from '../../src/gdoi/events/event-document.ts';
import { anEvent } from '../builders/event-builder.ts';
import { told } from './told.ts';

/** Answers each question by its turn; the last answer stays. After `turns` questions the user presses Ctrl-C. */
async function agentOf(
  answers: readonly ((response: ServerResponse) => void)[],
  turns: number,
  path: RegExp,
  { onStream }: { readonly onStream?: (response: ServerResponse) => void } = {},
) {
  let asked = 0;
  const server = createServer((request, response) => {
    if (onStream !== undefined && request.url === '/api/v1/events/stream') {
      onStream(response);
      return;
    }
    if (!path.test(request.url ?? '')) {
      response.writeHead(404).end('{}');
      return;
    }
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    answer?.(response);
    if (asked === turns) response.on('close', () => setImmediate(() => process.emit('SIGINT')));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const give = (document: object) => (response: ServerResponse) => response.end(JSON.stringify(document));
const away = (response: ServerResponse) => response.destroy();
const badGateway = (response: ServerResponse) => response.writeHead(502).end('<html>');

const events = (...ids: readonly string[]) =>
  give({
    events: ids.map((id) => eventDocument(anEvent({ id, summary: `what ${id} says` }), null)),
    next_cursor: null,
  });

test('events --follow says that the agent is away, and that it is back, once each', { timeout: 30_000 }, async () => {
  using agent = await agentOf(
    [events('a'), events('a'), away, badGateway, events('b', 'a')],
    5,
    /^\/api\/v1\/events\?/,
  );
  const { stdout, stderr, status } = await told(['events', '--follow', '--agent', agent.url]);
  expect(stdout.match(/what . says/g)).toEqual(['what a says', 'what b says']);
  expect(stderr).toMatch(
    /^waiting: gdoiwatch: the agent at \S+ does not answer: [^\n]+ \[agent_unreachable\]\nit answers again\n$/,
  );
  expect(status).toBe(0);
});

test('events --follow misses nothing between its first look and the opening of the stream', async () => {
  // `b` happens just before the stream opens, `c` after the history was asked again; then the stream ends.
  let stream: ServerResponse | null = null;
  const frame = `data: ${JSON.stringify(eventDocument(anEvent({ id: 'c', summary: 'what c says' }), null))}\n\n`;
  const sinceThen = (response: ServerResponse) => {
    events('b', 'a')(response);
    stream?.end(frame);
  };
  using agent = await agentOf([events('a'), events('a'), sinceThen, events('c', 'b', 'a')], 4, /^\/api\/v1\/events\?/, {
    onStream: (response) => {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
      stream.flushHeaders();
    },
  });
  const { stdout, status } = await told(['events', '--follow', '--agent', agent.url]);
  expect(stdout.match(/what . says/g)).toEqual(['what a says', 'what b says', 'what c says']);
  expect(status).toBe(0);
});

test('events --follow ends if the agent does not answer the first question', async () => {
  using agent = await agentOf([badGateway], 1, /./);
  const { stderr, status } = await told(['events', '--follow', '--agent', agent.url]);
  expect(stderr).toMatch(/^gdoiwatch: the agent at \S+ answers 502 \[agent_refused\]\n$/);
  expect(status).toBe(2);
});

test('check --watch looks again after a look that failed', { timeout: 30_000 }, async () => {
  const lists = { gms: [], kss: [], explanations: [], checks: [], at_risk: [] };
  const health = give({ group: 'G1', status: 'ok', summary: 'G1: ok', members: 1, action: null, next: null, ...lists });
  using agent = await agentOf([health, away, health], 3, /^\/api\/v1\/groups\/G1$/);
  const { stdout, stderr, status } = await told(['check', '--group', 'G1', '--agent', agent.url, '--watch', '1']);
  expect(stdout.match(/^OK /gm)).toHaveLength(2);
  expect(stderr).toMatch(/^gdoiwatch: the agent at \S+ does not answer: [^\n]+ \[agent_unreachable\]\n$/);
  expect(status).toBe(0);
});
