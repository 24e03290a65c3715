/**
 * What a transfer may be asked for: checked before anything is begun, by somebody who can still be told without a socket being touched.
 */
import type { Duplex } from 'node:stream';
import { abortError, type StoreError, storeError } from './errors.js';
import type { ReadOptions } from './types/read.js';
import type { TransferOptions } from './types/transfer.js';

/** For the texts of errors. */
export const doing = 'transfer records';

/** An option of measurements and tests: sends by this way, however long the runs are. */
export const forcedPath: unique symbol = Symbol('forcedPath');
interface InternalOptions extends TransferOptions {
  readonly [forcedPath]?: 'sendfile' | 'writev' | 'copy' | undefined;
}

/** What was asked for, checked. */
export interface Asked {
  readonly socket: Duplex;
  readonly header: TransferOptions['header'];
  readonly signal: AbortSignal | undefined;
  readonly path: 'sendfile' | 'writev' | 'copy' | undefined;
}

/** INVALID_ARGUMENT; ABORTED; IO_ERROR for a socket that takes nothing more. `read` is not checked yet. */
export function askedFor(socket: Duplex, options: TransferOptions): Asked & { readonly read: ReadOptions } {
  if (typeof options !== 'object' || options === null) throw invalid(`options is ${String(options)}, not an object.`);
  const { header, signal, [forcedPath]: path, ...read } = options as InternalOptions;
  if (typeof socket !== 'object' || socket === null || typeof socket.write !== 'function' || typeof socket._write !== 'function')
    throw invalid('socket is not a stream that can be written to: give a Duplex of node:stream, such as a net.Socket.');
  if (socket.writableObjectMode) throw invalid('socket is in object mode: records are bytes.');
  if (header !== undefined && typeof header !== 'function') throw invalid('header is not a function.');
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid('signal is not an AbortSignal.');
  if (signal?.aborted) throw abortError(doing, signal);
  if (socket.destroyed || socket.writableEnded || socket.errored) {
    const state = socket.destroyed ? 'destroyed' : 'ended';
    const details = { errno: 'EPIPE' };
    throw storeError('IO_ERROR', `Cannot ${doing}: the socket is ${state}. Give one that can be written to.`, { details });
  }
  return { socket, header, signal, path, read };
}

function invalid(message: string): StoreError {
  return storeError('INVALID_ARGUMENT', message);
}
