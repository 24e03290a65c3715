/** What became of a promise or a call, as plain values that fit JSON. */
function toldBy(error) {
  if (error.name !== 'StoreError' && error.name !== 'AbortError') throw error;
  const { code, stored, retriable, message, details } = error;
  return { code, stored, retriable, message, details };
}

export async function outcomeOf(promise) {
  try {
    const value = await promise;
    return { value: Array.isArray(value) ? value.length : (value?.offset ?? 'done') };
  } catch (error) {
    return toldBy(error);
  }
}

export function outcomeOfCall(act) {
  try {
    return { value: act()?.offset ?? 'done' };
  } catch (error) {
    return toldBy(error);
  }
}

/** Reads a whole queue; the bodies as text, by offset. */
export async function bodiesOf(store, topic, queueId = 0) {
  const bodies = [];
  for (;;) {
    const { messages, nextOffset, maxOffset, lost } = await store.read(topic, queueId, bodies.length, { maxMessages: 1000 });
    if (lost.length > 0) throw new Error(`lost: ${JSON.stringify(lost)}`);
    for (const { offset, body } of messages) bodies[offset] = body.toString('latin1');
    if (nextOffset >= maxOffset) return bodies;
  }
}
