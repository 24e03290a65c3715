/**
 * The broker: a store, a server, and who answers what.
 *
 * It listens first, because every record carries the broker's address and the port may be the system's choice; until the store has
 * recovered, clients are turned away, and come again. Stopping is the other way round: nobody new, every request answered (those that wait,
 * with what they have), connections closed, offsets saved, the store closed as a clean shutdown. One thread: the store does its waiting elsewhere.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { MessageStore, type StoreOptions } from 'millrace';
import { Clients, clientHandlers } from './clients.js';
import { responseCode } from './codes.js';
import { Connection } from './connection.js';
import { lockHandlers } from './locks.js';
import { ConsumerOffsets } from './offsets.js';
import type { Parts } from './parts.js';
import { positionHandlers } from './positions.js';
import { pullHandlers } from './pull.js';
import { queryHandlers } from './queries.js';
import { type Answer, answerTo, type Handlers, type Request } from './request.js';
import { retryHandlers } from './retry.js';
import { sendHandlers } from './send.js';
import { topicHandlers } from './topics.js';

export interface BrokerOptions {
  readonly directory: string;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 10911; 0: any that is free. */
  readonly port?: number | undefined;
  /** The address, without a port, that clients are told to connect to. Default: the one listened on, which then may not be 0.0.0.0. */
  readonly advertisedHost?: string | undefined;
  readonly store?: Omit<StoreOptions, 'storeHost' | 'autoCreateTopics'> | undefined;
}

export class Broker {
  readonly #server: Server;
  readonly #parts: Parts;
  readonly #connections: Set<Connection>;

  private constructor(server: Server, parts: Parts, connections: Set<Connection>) {
    this.#server = server;
    this.#parts = parts;
    this.#connections = connections;
  }

  static async start({
    directory,
    host = '127.0.0.1',
    port = 10911,
    advertisedHost,
    store: options,
  }: BrokerOptions): Promise<Broker> {
    const server = createServer();
    const turnAway = (socket: { destroy(): void }): void => socket.destroy();
    server.on('connection', turnAway).listen(port, host);
    await once(server, 'listening');
    try {
      const listening = server.address() as AddressInfo;
      const address = hostAndPort(advertisedHost ?? listening.address, listening.port);
      // Topics are made by handlers, which know how many queues the producer asked for.
      const store = await MessageStore.open(directory, { ...options, storeHost: address, autoCreateTopics: false });
      const offsets = await ConsumerOffsets.open(directory).catch(async (error: unknown) => {
        await store.close();
        throw error;
      });
      const parts = { store, offsets, clients: new Clients(), brokerName: 'millrace', address };
      const connections = serve(server.off('connection', turnAway), parts);
      return new Broker(server, parts, connections);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  /** `address:port` for clients: the broker's, and their name server's. */
  get address(): string {
    return this.#parts.address;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server.close(), 'close');
    await Promise.all([...this.#connections].map((connection) => connection.finish()));
    await closed;
    await this.#parts.offsets.close().finally(() => this.#parts.store.close());
  }
}

function serve(server: Server, parts: Parts): Set<Connection> {
  const handlers: Handlers = {
    ...topicHandlers(parts),
    ...sendHandlers(parts),
    ...pullHandlers(parts),
    ...positionHandlers(parts),
    ...queryHandlers(parts),
    ...retryHandlers(parts),
    ...clientHandlers(parts),
    ...lockHandlers(),
  };
  const connections = new Set<Connection>();
  server.on('connection', (socket) => {
    const connection = new Connection(socket, (request, from) => answer(handlers, request, from));
    connections.add(connection);
    socket.once('close', () => {
      connections.delete(connection);
      parts.clients.gone(connection);
    });
  });
  return connections;
}

async function answer(handlers: Handlers, request: Request, connection: Connection): Promise<void> {
  let answer: Answer | undefined;
  try {
    const handler = handlers[request.code];
    answer =
      handler === undefined
        ? { code: responseCode.REQUEST_CODE_NOT_SUPPORTED, remark: `This broker does not know request ${request.code}.` }
        : await handler(request, connection);
  } catch (error) {
    answer = answerTo(error);
  }
  if (answer !== undefined && !request.isOneWay) connection.answer(request, answer);
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
