/**
 * Which queue a sharding key goes to. Part of the format: stays as it is across releases, or messages of one key would change queues.
 *
 * The hash is Java's String.hashCode (h = 31 h + each UTF-16 code unit, in 32 bits), the queue is |hash mod queues|: the rule of RocketMQ's
 * SelectMessageQueueByHash, so producers of both kinds agree.
 */

/** Java's String.hashCode: an int32. Also what a queue entry holds of a tag. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

/** The queue, 0 to `queues` - 1, of a sharding key. */
export function queueOfShardingKey(shardingKey: string, queues: number): number {
  return Math.abs(javaHash(shardingKey) % queues);
}
