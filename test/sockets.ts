/** Connected pairs of sockets for tests, and readers of what arrives. They are gone when the test ends. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { onTestFinished } from 'vitest';

export interface Pair {
  /** What the store sends to. */
  readonly near: Socket;
  readonly far: Socket;
}

/** Over loopback, or over a socket of the file system in `folder`. Neither side reads until somebody asks. */
export async function socketPair(folder?: string): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(folder === undefined ? { port: 0, host: '127.0.0.1' } : join(folder, 'socket'));
  await once(server, 'listening');
  const far = folder === undefined ? connect((server.address() as AddressInfo).port, '127.0.0.1') : connect(join(folder, 'socket'));
  const [[near]] = (await Promise.all([once(server, 'connection'), once(far, 'connect')])) as [[Socket], unknown];
  server.close();
  // A reset of the other side is what some tests are about.
  for (const socket of [near, far]) socket.on('error', () => undefined);
  onTestFinished(() => {
    near.destroy();
    far.destroy();
  });
  return { near, far };
}

/** Everything until the stream ends. */
export async function allOf(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The next `count` bytes of a stream that nothing else reads. */
export async function next(stream: Duplex, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = count === 0 ? Buffer.alloc(0) : (stream.read(count) as Buffer | null);
    if (bytes !== null) return bytes;
    await once(stream, 'readable');
    await turn(); // too few bytes are told again at once: let more arrive
  }
}

/** The event loop has gone round. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
