/** A server in the place of Alertmanager that answers as a test wants it to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PostableAlert } from '../../src/export/alertmanager/alert-message.ts';

export interface Posted {
  readonly path: string;
  readonly authorization: string | null;
  readonly alerts: readonly PostableAlert[];
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export const taken: Answer = (response) => response.end();
/** The connection stays open, and nothing comes. */
export const silence: Answer = () => undefined;
export const cutOff: Answer = (_, request) => request.socket.destroy();

export function status(code: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(code, headers).end(body);
}

export class AlertmanagerServer implements AsyncDisposable {
  /** Requests as they came, whatever the answer was. */
  readonly posted: Posted[] = [];
  answer: Answer;
  readonly #server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      this.posted.push({ path, authorization: headers.authorization ?? null, alerts: JSON.parse(body || '[]') });
      this.answer(response, request);
    });
  });

  private constructor(answer: Answer) {
    this.answer = answer;
  }

  static async start(answer: Answer = taken): Promise<AlertmanagerServer> {
    const server = new AlertmanagerServer(answer);
    server.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.#server.once('listening', resolve));
    return server;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v2`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
