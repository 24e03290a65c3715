/** Opening a session's store: options to the addon's numbers, progress and signal while it recovers, and the error when it cannot be. */
import { config, got, status } from './addon.js';
import { abortError, storeError } from './errors.js';
import type { ResolvedOptions } from './options.js';
import type { Session } from './session.js';

const phases = ['sync', 'scan', 'truncate', 'queues'] as const;
const verifyModes = { always: 0, first: 1, never: 2 } as const;

/** Resolves when the store is open. `wake.listener` is borrowed while it opens. */
export async function openSession(
  session: Session,
  root: string,
  options: ResolvedOptions,
  wake: { listener: () => void },
): Promise<void> {
  const { addon, id } = session;
  const numbers = new Float64Array(config.count);
  numbers[config.fileBytes] = options.fileBytes ?? 0;
  numbers[config.entriesPerFile] = options.entriesPerFile ?? 0;
  numbers[config.createIfMissing] = options.createIfMissing ? 1 : 0;
  numbers[config.errorIfExists] = options.errorIfExists ? 1 : 0;
  numbers[config.readOnly] = options.readOnly ? 1 : 0;
  numbers[config.refuseDamage] = options.onDamage === 'refuse' ? 1 : 0;
  numbers[config.verify] = verifyModes[options.verify];
  numbers[config.sync] = options.flush === 'sync' ? 1 : 0;
  numbers[config.mapped] = options.writeMode === 'mapped' ? 1 : 0;
  numbers[config.visibleDurable] = options.visibility === 'durable' ? 1 : 0;
  numbers[config.intervalMs] = options.flushIntervalMs;
  numbers[config.maxUnflushed] = options.maxUnflushedBytes;
  numbers[config.storePort] = options.storeHost.port;
  numbers[config.index] = options.index ? 1 : 0;
  numbers[config.indexSlots] = options.indexSlots ?? 0;
  numbers[config.indexEntries] = options.indexEntries ?? 0;
  numbers[config.indexTags] = options.indexTags ? 1 : 0;
  // Index files are named by the local clock, as RocketMQ's are.
  numbers[config.utcOffset] = -60_000 * new Date().getTimezoneOffset();

  const { signal, onRecoveryProgress } = options;
  if (signal?.aborted) throw abortError(`open ${root}`, signal);
  const abort = (): void => addon.abortOpen(id);
  signal?.addEventListener('abort', abort, { once: true });
  if (onRecoveryProgress !== undefined) {
    wake.listener = () => {
      addon.progress(id);
      const phase = phases[session.number(got.phase)];
      if (phase !== undefined)
        onRecoveryProgress({ phase, bytesDone: session.number(got.done), bytesTotal: session.number(got.total) });
    };
  }
  const done = await session.run((task) => addon.open(id, task, root, numbers, options.storeHost.bytes));
  wake.listener = () => undefined;
  signal?.removeEventListener('abort', abort);
  addon.finish(id, done.task);
  if (done.status === status.ok) return;
  if (signal?.aborted) throw abortError(`open ${root}`, signal);
  const doing = `open the store in ${root}`;
  if (done.status === status.invalid) {
    const value = session.number(got.errorPosition);
    const isQueue = addon.path(id).endsWith('consumequeue');
    throw storeError(
      'INVALID_OPTIONS',
      `The store in ${root} was made with ${isQueue ? `consumeQueue.entriesPerFile ${value}` : `commitLog.fileBytes ${value}`}, which cannot change. Leave the option out.`,
      { details: { path: root } },
    );
  }
  throw session.error(done.status, { doing });
}
