/**
 * The sending side of listeners.ts, in a process of its own so that its CPU is not counted. A line of JSON on stdin is
 * one job; the number of messages sent is its answer on stdout. Ends with its stdin.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export interface SendJob {
  readonly protocol: 'udp' | 'tcp';
  readonly port: number;
  readonly hex: string;
  /** null: as fast as it goes. */
  readonly perSecond: number | null;
  readonly seconds: number;
  /** So many addresses of 127.0.0.0/8 it comes from, in turns. */
  readonly sources: number;
}

/** Where a message has so many of these, the instant it is sent is written: nanoseconds of the machine's clock. */
export const INSTANT = '#'.repeat(20);

/** What is sent at once, at most: after a pause on a busy machine too, so that the receiver's kernel can hold it. */
const BATCH = 50;

type Send = (octets: Buffer) => void | Promise<void>;

async function sendAll(job: SendJob, send: Send): Promise<number> {
  const template = Buffer.from(job.hex, 'hex');
  const instantAt = template.indexOf(INSTANT);
  const from = performance.now();
  let sent = 0;
  for (let elapsedMs = 0; elapsedMs < job.seconds * 1000; elapsedMs = performance.now() - from) {
    const due =
      job.perSecond === null ? sent + BATCH : Math.min(sent + BATCH, Math.floor((elapsedMs / 1000) * job.perSecond));
    for (; sent < due; sent += 1) {
      const octets = Buffer.from(template);
      if (instantAt !== -1) octets.write(String(process.hrtime.bigint()).padStart(INSTANT.length, '0'), instantAt);
      await send(octets);
    }
    await new Promise((resolve) => (job.perSecond === null ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }
  return sent;
}

async function udpSockets(count: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => {
        socket.bind(0, `127.0.${Math.floor(index / 250)}.${1 + (index % 250)}`, resolve);
      });
      return socket;
    }),
  );
}

async function run(job: SendJob): Promise<number> {
  if (job.protocol === 'udp') {
    const sockets = await udpSockets(job.sources);
    let turn = 0;
    const sent = await sendAll(job, (octets) => {
      turn += 1;
      sockets[turn % sockets.length]?.send(octets, job.port, '127.0.0.1', () => undefined);
    });
    for (const socket of sockets) socket.close();
    return sent;
  }
  const socket = connect(job.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const sent = await sendAll(job, async (octets) => {
    if (!socket.write(octets)) await new Promise((resolve) => socket.once('drain', resolve));
  });
  socket.end();
  return sent;
}

for await (const line of createInterface(process.stdin)) {
  // The bench writes its own jobs.
  const job = JSON.parse(line) as SendJob;
  process.stdout.write(`${await run(job)}\n`);
}
