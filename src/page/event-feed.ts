/**
 * Events as they happen, over a stream that reconnects after every loss and resumes where it was. It uses `fetch` and
 * not `EventSource`, which cannot send a token.
 */
import type { EventDocument } from '../gdoi/events/event-document.ts';
import { authorization } from './agent-api.ts';
import { after, pause } from './browser-time.ts';
import { type SentEvent, SentEventParser } from '../http/events/server-sent-events.ts';
import { addressOf } from './root.ts';

const RETRY_MS = 3000;
/** The agent sends something every 15 s: longer silence is a lost connection. */
const SILENCE_MS = 40_000;

export type FeedState = 'connecting' | 'live' | 'lost';

/** As long as the page is open. */
export async function followEvents(options: {
  readonly mayAsk: () => boolean;
  readonly onEvent: (event: EventDocument) => void;
  readonly onState: (state: FeedState) => void;
}): Promise<void> {
  const { mayAsk, onEvent, onState } = options;
  let lastId: string | null = null;
  for (;;) {
    try {
      if (!mayAsk()) throw new Error('not before someone signs in');
      for await (const { id, data } of sentEvents(lastId, () => onState('live'))) {
        lastId = id ?? lastId;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- page and API are of one build
        onEvent(JSON.parse(data) as EventDocument);
      }
    } catch {
      // Lost, refused or silent: in each case the pause below comes first.
    }
    onState('lost');
    await pause(RETRY_MS);
  }
}

async function* sentEvents(lastId: string | null, onOpen: () => void): AsyncGenerator<SentEvent> {
  const silence = new AbortController();
  const response = await fetch(addressOf('/api/v1/events/stream'), {
    headers: { ...authorization(), ...(lastId === null ? {} : { 'last-event-id': lastId }) },
    signal: silence.signal,
  });
  if (!response.ok || response.body === null) throw new Error(`stream refused: ${response.status}`);
  onOpen();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new SentEventParser();
  for (;;) {
    const heard = after(SILENCE_MS, () => silence.abort());
    const { done, value } = await reader.read().finally(heard);
    if (done) return;
    yield* parser.push(value);
  }
}
