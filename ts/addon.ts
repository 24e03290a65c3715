/**
 * The addon's functions and the numbers it shares: the boundary between ts/ and native/binding, and nothing else.
 *
 * Arguments are positional; the first is the session's number. Numbers that belong to a call stand in one Float64Array for each session
 * (native/binding/scratch.h has the same places), so that no call makes an object. A status is a number of native/engine/status.h.
 */

/** Length of the shared array. */
export const scratchNumbers = 34;

/** Places given with an append. */
export const given = {
  flag: 0,
  sysFlag: 1,
  bornTimestamp: 2,
  now: 3,
  reconsumeTimes: 4,
  preparedOffset: 5,
  want: 6,
  bornHost: 7,
} as const;

/** Places of each message in a parcel: those of `given`, and what follows of it. */
export const parcelPlaces = { bodyBytes: 8, propertiesBytes: 9, count: 10 } as const;

/** Places given with a read; `filter` is a number that `setFilter` gave, 0 for none. */
export const asked = { offset: 0, maxMessages: 1, maxBytes: 2, maxScanned: 3, onlyCached: 4, filter: 5 } as const;

/** Places given with a look-up by key. */
export const askedKey = { begin: 0, maxMessages: 1, end: 2 } as const;

/** Places that a call fills. */
export const got = {
  offset: 8,
  position: 9,
  size: 10,
  storeTimestamp: 11,
  errno: 12,
  errorPosition: 13,
  first: 14,
  written: 15,
  durable: 16,
  visible: 17,
  failed: 18,
  rejecting: 19,
  readStatus: 20,
  nextOffset: 21,
  minOffset: 22,
  maxOffset: 23,
  messages: 24,
  bytes: 25,
  bytesNeeded: 26,
  lostRuns: 27,
  taskStatus: 28,
  phase: 29,
  done: 30,
  total: 31,
  sent: 32,
  sendPath: 33,
} as const;

/** What an append waits for. */
export const want = { nothing: 0, written: 1, durable: 2 } as const;

/** How a plan is sent. */
export const sendPath = { chosen: 0, sendfile: 1, writev: 2 } as const;

/** Statuses that ts/ treats in a way of its own. */
export const status = {
  ok: 0,
  busy: 1,
  corruption: 5,
  locked: 7,
  notFound: 8,
  tooLarge: 12,
  notOpen: 13,
  aborted: 14,
  wouldBlock: 15,
  invalid: 16,
} as const;

/** Places of the configuration given to `open`. */
export const config = {
  fileBytes: 0,
  entriesPerFile: 1,
  createIfMissing: 2,
  errorIfExists: 3,
  readOnly: 4,
  refuseDamage: 5,
  verify: 6,
  sync: 7,
  mapped: 8,
  visibleDurable: 9,
  intervalMs: 10,
  maxUnflushed: 11,
  storePort: 12,
  index: 13,
  indexSlots: 14,
  indexEntries: 15,
  indexTags: 16,
  utcOffset: 17,
  count: 18,
} as const;

export interface Addon {
  /** A session without a store. `onWake` is called once for any number of things that happened. */
  create(onWake: () => void, scratch: Float64Array): number;
  open(id: number, task: number, directory: string, config: Float64Array, storeAddress: Uint8Array): void;
  abortOpen(id: number): void;
  progress(id: number): void;
  /** A finished task's number (its status in `got.taskStatus`), 0 when there is none. */
  completion(id: number): number;
  finish(id: number, task: number): void;
  close(id: number, task: number): void;
  /** Frees everything; the number is not used again. */
  dispose(id: number): void;
  /** Keeps the process alive, or not. */
  hold(id: number, hold: boolean): void;
  report(id: number): Float64Array;
  /** Host `hostId` of appends (`given.bornHost`) is this one from now on. */
  setHost(id: number, hostId: number, address: Uint8Array, port: number): void;

  /** `properties` undefined: none, which costs no conversion. */
  append(id: number, queue: number, body: Uint8Array, properties: string | undefined): number;
  appendInline(id: number, queue: number, body: Uint8Array, properties: string | undefined): number;
  batchBegin(id: number, queue: number): void;
  batchAdd(id: number, body: Uint8Array, properties: string | undefined): number;
  /** So many messages of a parcel (parcel.ts). */
  batchAddParcel(id: number, messages: number, numbers: Float64Array, bytes: Uint8Array): number;
  batchCommit(id: number, sizes: Float64Array): number;
  endTurn(id: number): void;
  requestSync(id: number): void;
  acceptRejection(id: number): void;
  nextPosition(id: number): number;
  openQueue(id: number, topic: string, queueId: number): number;
  beginDelete(id: number, topic: string): number;
  finishDelete(id: number, task: number, topic: string, position: number): void;

  /** Filter `filterId`, from 1, of reads (`asked.filter`) is this one from now on: tags with U+0002 between them. */
  setFilter(id: number, filterId: number, tags: string): void;
  read(id: number, queue: number, to: Uint8Array, at: number): number;
  readLater(id: number, task: number, queue: number): void;
  readAt(id: number, position: number, to: Uint8Array, at: number): number;
  readAtLater(id: number, task: number, position: number): void;
  readDone(id: number, task: number): void;
  readBytes(id: number, task: number, to: Uint8Array, at: number): void;
  lostOfRead(id: number): Float64Array;
  /** What a transfer is going to send is kept as number `plan` until `forgetPlan`, whatever the status. */
  planTransfer(id: number, plan: number, queue: number): number;
  planTransferLater(id: number, task: number, queue: number): void;
  /** What a finished planning found, as number `plan`; the task is forgotten. */
  planTransferDone(id: number, task: number, plan: number): void;
  /** What goes at once, `got.sent` bytes of it; the rest, told by `wouldBlock`, is for `send`. */
  sendNow(id: number, plan: number, descriptor: number, header: Uint8Array): number;
  /** `path` is a number of `sendPath`. The descriptor is not needed any more when this returns. */
  send(id: number, task: number, plan: number, descriptor: number, path: number): void;
  cancelSend(id: number, task: number): void;
  /** `got.sent` and `got.sendPath` of a finished `send`; the task is forgotten. */
  sendDone(id: number, task: number): void;
  /** Bytes of a plan from `at` on. */
  readPlanned(id: number, plan: number, at: number, to: Uint8Array): number;
  /** For `readBytes`. */
  readPlannedLater(id: number, task: number, plan: number, at: number, size: number): void;
  forgetPlan(id: number, plan: number): void;
  /** The offset in `got.nextOffset`; `upper` is 1 or 0. */
  offsetAt(id: number, queue: number, timestamp: number, upper: number): number;
  offsetAtLater(id: number, task: number, queue: number, timestamp: number, upper: number): void;
  /** What a finished search found, in `got.nextOffset`; the task is forgotten. */
  offsetAtDone(id: number, task: number, upper: number): void;
  follow(id: number): number;
  /** In this turn, into `to` from `at` on; what does not fit (then `bytesNeeded` is not 0) is fetched like a finished read, of task 0. */
  findKey(id: number, topic: string, key: string, to: Uint8Array, at: number): number;
  findKeyLater(id: number, task: number, topic: string, key: string): void;

  marks(id: number): void;
  /** While on, every move of `visible` is a wake-up. */
  watch(id: number, on: boolean): void;
  path(id: number): string;
  rejection(id: number): number;
  failure(id: number): number;
  backgroundError(id: number): number;
  queueNumbers(id: number, queue: number): void;
  /** Topic, queue id and handle of each whose handle is `since` or later. */
  queues(id: number, since: number): (string | number)[];
  losses(id: number): Float64Array;
  newLosses(id: number): Float64Array;
  numbers(id: number): Float64Array;
}
