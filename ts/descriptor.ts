/**
 * The descriptor of a TCP socket, where this Node lets it be seen.
 *
 * There is no public way to it. Everything that relies on Node's inside stands here, and whatever does not look as expected is answered by `none`:
 * its bytes then go through JavaScript. The number is good in this turn only; who needs it longer duplicates it.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const none = -1;
const isSupported = process.platform !== 'win32';
const writesOfSockets = [Socket.prototype._write, Socket.prototype._writev];

interface Handle {
  readonly fd?: unknown;
}

/** Negative when the bytes have to go through the stream. `write` is the stream's own. */
export function descriptorOf(socket: Duplex, write: Duplex['_write']): number {
  if (!isSupported || !(socket instanceof Socket) || 'encrypted' in socket) return none;
  // Somebody who puts himself between the stream and its socket wants to see the bytes.
  if (write !== writesOfSockets[0]) return none;
  const handle = (socket as { readonly _handle?: Handle | null })._handle;
  if (handle === undefined || handle === null || handle.constructor.name !== 'TCP') return none;
  return typeof handle.fd === 'number' && Number.isSafeInteger(handle.fd) ? handle.fd : none;
}
