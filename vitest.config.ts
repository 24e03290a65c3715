import { defineConfig } from 'vitest/config';

/**
 * The suite behind `npm test`: no root, no Docker, no Java, no network. What needs one of them has a folder and a configuration of
 * its own (test/rigs, test/interop, test/package, test/bench). Each file runs in its own process, so that a crash of the addon fails one file.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    exclude: ['test/rigs/**', 'test/interop/**', 'test/package/**', 'test/bench/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
