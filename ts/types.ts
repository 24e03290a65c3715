/** The types of the public surface in one place, for imports inside the package; ts/index.ts says which are exported. */
export type * from './types/append.js';
export type * from './types/message.js';
export type * from './types/options.js';
export type * from './types/read.js';
export type * from './types/recovery.js';
export type * from './types/subscription.js';
export type * from './types/topic.js';
export type * from './types/transfer.js';
