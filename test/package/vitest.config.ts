/**
 * The packed tarball as a user gets it (`npm run test:package`). Packing and installing take seconds each, so the files run one
 * after the other and share one tarball and one installed project.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    fileParallelism: false,
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/tarball.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
