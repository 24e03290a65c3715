/**
 * Millrace: the storage engine of a message broker. Everything public, and nothing else.
 */
export { StoreError, type StoreErrorCode } from './errors.js';
export { MessageStore } from './store.js';
export type { AppendOptions, Durability, Receipt, Watermarks } from './types/append.js';
export type { Message, StoredMessage } from './types/message.js';
export type { StoreOptions } from './types/options.js';
export type { KeyQuery, LostMessages, LostRange, RawReadResult, ReadOptions, ReadResult } from './types/read.js';
export type { RecoveryReport, StoreStats } from './types/recovery.js';
export type { Batch, SubscribeOptions, Subscription } from './types/subscription.js';
export type { Queue, QueueInfo, QueueMessage, TopicInfo, TopicOptions } from './types/topic.js';
export type { TransferOptions, TransferPlan, TransferResult } from './types/transfer.js';
