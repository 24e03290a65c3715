/**
 * What a child process runs: one case, round by round, as its parent asks (child.ts). Started with the job as JSON.
 *
 * Nothing but the channel keeps it alive: once its parent lets go of it, it ends, unless an open store prevents that.
 */
import { anywhereCase } from './cases/anywhere.js';
import { appendCase } from './cases/append.js';
import { callCase } from './cases/call.js';
import { cleanCase, queuesCase } from './cases/clean.js';
import { compressCase } from './cases/compress.js';
import { durableCase } from './cases/durable.js';
import { followCase } from './cases/follow.js';
import { growthCase } from './cases/growth.js';
import { idleCase } from './cases/idle.js';
import { keysCase } from './cases/keys.js';
import { latencyCase } from './cases/latency.js';
import { readCase } from './cases/read.js';
import { openCase, writerCase } from './cases/reopen.js';
import { sustainedCase } from './cases/sustained.js';
import { tagsCase } from './cases/tags.js';
import { timeSearchCase } from './cases/timesearch.js';
import { transferCase } from './cases/transfer.js';
import { writeCase } from './cases/write.js';
import type { Answer, Job, Order } from './child.js';
import type { Sample } from './figures.js';

export interface Case {
  round(): Promise<Sample>;
  close(): Promise<void>;
}

const cases: Readonly<Record<string, (job: Job, report: (position: number) => void) => Promise<Case>>> = {
  anywhere: anywhereCase,
  append: appendCase,
  call: callCase,
  clean: cleanCase,
  queues: queuesCase,
  compress: compressCase,
  durable: durableCase,
  follow: followCase,
  growth: growthCase,
  idle: idleCase,
  keys: keysCase,
  latency: latencyCase,
  open: openCase,
  read: readCase,
  sustained: sustainedCase,
  tags: tagsCase,
  timeSearch: timeSearchCase,
  transfer: transferCase,
  write: writeCase,
  writer: writerCase,
};

const job = JSON.parse(process.argv[2] ?? '{}') as Job;
const send = (answer: Answer): void => {
  process.send?.(answer);
};
let running: Promise<Case> | undefined;

process.on('message', (order: Order) => {
  obey(order).then(send, (error: unknown) =>
    send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

async function obey(order: Order): Promise<Answer> {
  const make = cases[job.name];
  if (make === undefined) throw new Error(`no case is called ${job.name}`);
  if (order === 'close') {
    await (await running)?.close();
    return { closed: true };
  }
  running ??= make(job, (position) => send({ position }));
  return { sample: await (await running).round() };
}
