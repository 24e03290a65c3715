/**
 * Pulling: the records of a queue from an offset on, at once, or when there are some.
 *
 * Records go from the log to the socket as they lie on disk, and not through JavaScript: `transfer` sends them behind the head of the frame,
 * which is made when it is known how many bytes they are. A pull that finds nothing may wait for as long as its client allows (a long poll): it
 * sleeps in the store until the next offset can be read, and looks on behind what does not match meanwhile. The end of the wait is no error: the
 * client pulls again, from where the search had got to.
 */
import type { ReadOptions, TransferPlan } from 'millrace';
import { requestCode, responseCode } from './codes.js';
import type { Connection } from './connection.js';
import type { Parts } from './parts.js';
import { type Answer, type Handlers, Refusal, type Request } from './request.js';

/** Bits of a pull's sysFlag. */
const commitsOffset = 1;
const mayWait = 2;
const hasSubscription = 4;

const maxMessages = 1024;
const maxBytes = 256 * 1024;
const maxWaitMs = 30_000;

interface Pull {
  readonly request: Request;
  readonly connection: Connection;
  readonly group: string;
  readonly topic: string;
  readonly queueId: number;
  readonly sysFlag: number;
}

export function pullHandlers(parts: Parts): Handlers {
  const handler = (request: Request, connection: Connection) => {
    const { topic, queueId } = parts.store.queue(request.text('topic'), request.number('queueId'));
    const group = request.text('consumerGroup');
    return servePull(parts, { request, connection, group, topic, queueId, sysFlag: request.number('sysFlag') });
  };
  return { [requestCode.PULL_MESSAGE]: handler, [requestCode.LITE_PULL_MESSAGE]: handler };
}

async function servePull(parts: Parts, pull: Pull): Promise<Answer | undefined> {
  const { request, group, topic, queueId, sysFlag } = pull;
  const limits = {
    maxMessages: clamp(request.number('maxMsgNums'), 1, maxMessages),
    maxBytes: clamp(request.number('maxMsgBytes', maxBytes), 1, maxBytes),
    tags: tagsOf(parts, pull),
  };
  if ((sysFlag & commitsOffset) !== 0) parts.offsets.commit(group, topic, queueId, request.number('commitOffset'));
  const waitMs = (sysFlag & mayWait) === 0 ? 0 : clamp(request.number('suspendTimeoutMillis'), 0, maxWaitMs);
  const deadline = Date.now() + waitMs;
  for (let offset = Math.max(request.number('queueOffset'), 0); ; ) {
    const plan = await answerPull(parts, pull, offset, limits);
    warnOfLoss(pull, plan);
    if (plan.messages > 0) return undefined;
    const code = emptyCode(plan, offset);
    if (!(await goesOn(parts, pull, plan, code, deadline))) return { code, remark: plan.status, fields: fieldsOf(plan) };
    offset = plan.nextOffset;
  }
}

/** Whether to look again: at once behind what did not match, or when the next message is there. */
async function goesOn({ store }: Parts, pull: Pull, plan: TransferPlan, code: number, deadline: number): Promise<boolean> {
  const { topic, queueId, connection } = pull;
  const timeoutMs = deadline - Date.now();
  if (timeoutMs <= 0 || connection.ended.aborted) return false;
  if (plan.status === 'NO_MATCHED_MESSAGE') return true;
  if (code !== responseCode.PULL_NOT_FOUND) return false;
  return store.waitFor(topic, queueId, plan.nextOffset, { timeoutMs, signal: connection.ended }).catch(() => false);
}

/** Answers with what is there. Sends nothing when that is nothing: the plan says why. */
function answerPull({ store }: Parts, pull: Pull, offset: number, limits: ReadOptions): Promise<TransferPlan> {
  const { request, connection, topic, queueId } = pull;
  const header = (plan: TransferPlan): Uint8Array | undefined =>
    plan.messages === 0
      ? undefined
      : connection.answerHead(request, { code: responseCode.SUCCESS, fields: fieldsOf(plan) }, plan.bytes);
  return store.transfer(connection.socket, topic, queueId, offset, { ...limits, header });
}

/** Which tags to send: what this pull says, or what the group's clients said in their heartbeats. */
function tagsOf({ clients }: Parts, { request, group, topic, sysFlag }: Pull): string {
  const subscription =
    (sysFlag & hasSubscription) === 0
      ? clients.subscription(group, topic, request.number('subVersion', 0))
      : { expression: request.find('subscription') ?? '*', type: request.find('expressionType') ?? 'TAG' };
  if (subscription.type !== 'TAG')
    throw new Refusal(responseCode.SUBSCRIPTION_PARSE_FAILED, `Filters of type ${subscription.type} are not understood.`);
  return subscription.expression.trim() === '' ? '*' : subscription.expression;
}

/** What to tell a client that asked for `offset` and gets nothing. In each case it goes on at `nextBeginOffset`. */
function emptyCode({ status, nextOffset }: TransferPlan, offset: number): number {
  switch (status) {
    case 'OFFSET_OVERFLOW_ONE':
    case 'NO_MESSAGE_IN_QUEUE':
      return nextOffset === offset ? responseCode.PULL_NOT_FOUND : responseCode.PULL_OFFSET_MOVED;
    case 'OFFSET_OVERFLOW_BADLY':
    case 'OFFSET_TOO_SMALL':
      return responseCode.PULL_OFFSET_MOVED;
    default:
      return responseCode.PULL_RETRY_IMMEDIATELY;
  }
}

function fieldsOf({ nextOffset, minOffset, maxOffset }: TransferPlan): Readonly<Record<string, number>> {
  return { suggestWhichBrokerId: 0, nextBeginOffset: nextOffset, minOffset, maxOffset };
}

/** The protocol has no word for damage, so whoever runs the broker is told. */
function warnOfLoss({ topic, queueId }: Pull, { lost }: TransferPlan): void {
  for (const { fromOffset, toOffset } of lost)
    console.warn(`${topic}, queue ${queueId}: messages ${fromOffset} to ${toOffset - 1} are lost, a consumer was led past them`);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
