/**
 * Parts of the package that it does not export, for what can be measured alone only from inside: the addon's functions, the
 * making of properties, the view of a record.
 *
 * Found where the package's entry is, so that they are the same modules, with the same addon, that the store uses.
 */
import type * as addonModule from '../dist/addon.js';
import type * as hostModule from '../dist/host.js';
import type * as messageModule from '../dist/message.js';
import type * as openingModule from '../dist/opening.js';
import type * as optionsModule from '../dist/options.js';
import type * as propertiesModule from '../dist/properties.js';
import type * as sessionModule from '../dist/session.js';
import { builtUrl } from './workplace.js';

const inside = async (file: string): Promise<unknown> => import(builtUrl(file));

const { given, status } = (await inside('addon.js')) as typeof addonModule;
const { localHost } = (await inside('host.js')) as typeof hostModule;
const { openSession } = (await inside('opening.js')) as typeof openingModule;
const { resolveOptions } = (await inside('options.js')) as typeof optionsModule;
const { Session } = (await inside('session.js')) as typeof sessionModule;
export const { StoredRecord } = (await inside('message.js')) as typeof messageModule;
export const { encodeProperties } = (await inside('properties.js')) as typeof propertiesModule;

/** A store without its TypeScript, to call the addon itself. */
export class BareStore {
  readonly #session: InstanceType<typeof Session>;
  readonly #queue: number;

  private constructor(session: InstanceType<typeof Session>, queue: number) {
    this.#session = session;
    this.#queue = queue;
  }

  static async open(directory: string, topic: string): Promise<BareStore> {
    const session = new Session(() => {});
    await openSession(session, directory, resolveOptions({ flush: 'async' }), { listener: () => {} });
    session.addon.setHost(session.id, 0, localHost.bytes, localHost.port);
    session.scratch[given.now] = Date.now();
    return new BareStore(session, session.addon.openQueue(session.id, topic, 0));
  }

  /** Sets a flag that nobody looks at once a store is open: what is left is the call. */
  callNothing(): void {
    this.#session.addon.abortOpen(this.#session.id);
  }

  /** Forgets what was encoded: it is never appended. */
  beginDraft(): void {
    this.#session.addon.batchBegin(this.#session.id, this.#queue);
  }

  /** One record, with its checksum. */
  encode(body: Uint8Array): void {
    const code = this.#session.addon.batchAdd(this.#session.id, body, undefined);
    if (code !== status.ok) throw new Error(`a record was not encoded: status ${code}`);
  }

  async close(): Promise<void> {
    const { addon, id } = this.#session;
    const { task } = await this.#session.run((number) => addon.close(id, number));
    addon.finish(id, task);
    this.#session.dispose();
  }
}
