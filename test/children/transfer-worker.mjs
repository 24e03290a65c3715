/**
 * A thread that transfers without end: to peers that take everything, one that takes nothing, and one that goes away. Nobody listens for errors of
 * a socket. workerData: `directory`, `port` of a server that takes everything. Tells the count of transfers now and then.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { MessageStore } from '../../dist/index.js';

const { directory, port } = workerData;
const store = await MessageStore.open(directory, { readOnly: true });
const everything = { maxMessages: 100_000, maxBytes: 1 << 30 };

const deaf = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
await once(deaf, 'listening');
const stuck = connect(deaf.address().port, '127.0.0.1');
await once(stuck, 'connect');
store.transfer(stuck, 'T', 0, 0, everything).catch(() => undefined);

const vanishing = createServer((peer) => {
  peer.on('error', () => undefined);
  peer.once('data', () => peer.resetAndDestroy());
}).listen(0, '127.0.0.1');
await once(vanishing, 'listening');

const socket = connect(port, '127.0.0.1');
await once(socket, 'connect');
for (let count = 0; ; count++) {
  await store.transfer(socket, 'T', 0, count % 100, count % 2 === 0 ? everything : {});
  const leaving = connect(vanishing.address().port, '127.0.0.1');
  // What arrives from a peer that resets is an error of the socket itself, which is not about transfers.
  leaving.pause();
  const error = await store.transfer(leaving, 'T', 0, 0, everything).then(
    () => undefined,
    (reason) => reason,
  );
  if (error?.code !== 'IO_ERROR' || !leaving.destroyed) throw new Error(`a peer that vanished gave ${error}`);
  parentPort.postMessage(count);
}
