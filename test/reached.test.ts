/** Waiting for a level that somebody else brings about: nothing is forced, and nobody waits longer than it takes. */
import { expect, test } from 'vitest';
import { openStore, storeFolder } from './storefolder.js';

test.each(['sync', 'async'] as const)(
  'in %s flush what was only written is durable after the interval, and who waits is told',
  async (mode) => {
    const store = await openStore(storeFolder(), { flush: { mode, intervalMs: 20 }, commitLog: { fileBytes: 1 << 20 } });
    for (let i = 0; i < 20; i++) {
      const { position, size, durability } = await store.append({ topic: 'T', body: 'b' }, { durability: 'written' });
      expect(['written', 'durable']).toContain(durability);
      const marks = await store.reached('durable', position + size, { timeoutMs: 10_000 });
      expect(marks.durable).toBeGreaterThanOrEqual(position + size);
    }
  },
);

test('a flush that meets a timed one resolves', { timeout: 60_000 }, async () => {
  const store = await openStore(storeFolder(), { flush: { mode: 'async', intervalMs: 1 }, commitLog: { fileBytes: 1 << 20 } });
  for (let i = 0; i < 500; i++) {
    const { position, size } = await store.append({ topic: 'T', body: 'b' });
    // Sometimes the timed sync has begun by now, sometimes it has ended.
    for (let turns = i % 8; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    expect((await store.flush()).durable).toBeGreaterThanOrEqual(position + size);
  }
});
