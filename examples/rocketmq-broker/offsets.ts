/**
 * How far each consumer group has got: the next offset of every queue, in `config/consumerOffset.json` beside the log, where RocketMQ's own
 * broker has it too.
 *
 * A commit counts at once and is on disk within a second. A crash takes back no more than that: what was consumed meanwhile is delivered again,
 * which a consumer must be ready for anyway. The file is replaced whole, so that a reader sees the old one or the new one, never a half.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const saveWithinMs = 1_000;

/** RocketMQ's name of a group's offsets in a topic. Neither name can hold an @. */
type Key = `${string}@${string}`;

export class ConsumerOffsets {
  readonly #path: string;
  readonly #table: Map<Key, Map<number, number>>;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #commits = 0;

  private constructor(path: string, table: Map<Key, Map<number, number>>) {
    this.#path = path;
    this.#table = table;
  }

  /** Reads what the last run left; the store in `directory` is open. Rejects when there is a file that cannot be read: to begin anew would deliver everything again. */
  static async open(directory: string): Promise<ConsumerOffsets> {
    const path = join(directory, 'config', 'consumerOffset.json');
    return new ConsumerOffsets(path, await load(path));
  }

  commit(group: string, topic: string, queueId: number, offset: number): void {
    const key: Key = `${topic}@${group}`;
    const queues = this.#table.get(key) ?? new Map<number, number>();
    this.#table.set(key, queues.set(queueId, offset));
    this.#commits++;
    this.#timer ??= setTimeout(
      () => void this.#save().catch((error) => console.warn('offsets are not saved', error)),
      saveWithinMs,
    );
  }

  find(group: string, topic: string, queueId: number): number | undefined {
    return this.#table.get(`${topic}@${group}`)?.get(queueId);
  }

  /** Resolves when everything committed is on disk. */
  async close(): Promise<void> {
    if (this.#timer === undefined) await this.#saving;
    else await this.#save();
  }

  /** One after the other; what is committed while a save runs makes the next one. */
  #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saving = this.#saving.catch(() => undefined).then(() => replace(this.#path, this.#text()));
    return this.#saving;
  }

  #text(): string {
    const offsetTable = Object.fromEntries([...this.#table].map(([key, queues]) => [key, Object.fromEntries(queues)]));
    const dataVersion = { counter: this.#commits, stateVersion: 0, timestamp: Date.now() };
    return JSON.stringify({ dataVersion, offsetTable }, undefined, 2);
  }
}

async function load(path: string): Promise<Map<Key, Map<number, number>>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  // RocketMQ leaves numbers that are names without quotes.
  const { offsetTable = {} } = JSON.parse(text.replace(/([{,]\s*)(\d+)(?=\s*:)/g, '$1"$2"')) as {
    offsetTable?: Record<Key, Record<string, number>>;
  };
  return new Map(
    Object.entries(offsetTable).map(([key, queues]) => [
      key as Key,
      new Map(Object.entries(queues).map(([queueId, offset]) => [Number(queueId), offset])),
    ]),
  );
}

/** Written aside and synced, then renamed, then the rename is synced: at no moment is there half a file under the name. */
async function replace(path: string, text: string): Promise<void> {
  const aside = `${path}.new`;
  await mkdir(dirname(path), { recursive: true });
  await using(await open(aside, 'w'), async (file) => {
    await file.writeFile(text);
    await file.sync();
  });
  await rename(aside, path);
  await using(await open(dirname(path)), (directory) => directory.sync());
}

async function using<T extends { close(): Promise<void> }>(file: T, work: (file: T) => Promise<void>): Promise<void> {
  try {
    await work(file);
  } finally {
    await file.close();
  }
}
