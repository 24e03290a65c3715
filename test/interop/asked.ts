/** What both stores are asked, in one form for both. */

/** A look-up by key; with `isTag` by a tag, which RocketMQ indexes too. The window is of store times, both ends included. */
export interface KeyAsked {
  topic: string;
  key: string;
  isTag?: boolean | undefined;
  maxMessages?: number | undefined;
  begin?: number | undefined;
  end?: number | undefined;
}

export interface TimeAsked {
  topic: string;
  queueId: number;
  timestamp: number;
  bound: 'lower' | 'upper';
}

export interface TagsAsked {
  topic: string;
  queueId: number;
  tags: string;
}
