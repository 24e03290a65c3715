import { defineConfig } from 'vitest/config';

/**
 * RocketMQ's own store as referee: needs a JDK of at least 17, and Maven once to build (`npm run test:interop`). Two files
 * at a time: each test has a JVM of its own beside it, and every shutdown of RocketMQ's store takes three seconds of waiting.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    include: ['test/interop/**/*.test.ts'],
    globalSetup: ['test/interop/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
  },
});
