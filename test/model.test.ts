/**
 * Any sequence of calls leaves a store that answers like a few arrays in memory: appends of every kind, reads, topics, reopening.
 *
 * The model knows nothing of files: a queue is a list of messages that begins at some offset. Every command compares what it got, and each
 * run ends with closing, reopening and reading everything.
 */
import fc from 'fast-check';
import { test } from 'vitest';
import { ModelCommand, type Real, readEverything } from './modelcommands.js';
import { Model } from './modelstore.js';
import { testSeed } from './seed.js';
import { openStore, storeFolder } from './storefolder.js';

const runs = 60;

test('a store answers like its model', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(ModelCommand.any(), { size: '+1', maxCommands: 60 }), async (commands) => {
      const directory = storeFolder();
      const model = new Model();
      const real: Real = { directory, store: await openStore(directory, model.options()) };
      await fc.asyncModelRun(() => ({ model, real }), commands);
      await real.store.close();
      real.store = await openStore(directory, model.options());
      await readEverything(model, real);
      await real.store.close();
    }),
    { numRuns: runs, seed: testSeed, timeout: 10_000 },
  );
});
