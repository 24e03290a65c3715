/**
 * What needs root: file systems that are full, slow or broken, made of loop devices and device-mapper (`npm run test:rigs`). One
 * file at a time, because they share the kernel's devices.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    fileParallelism: false,
    include: ['test/rigs/**/*.test.ts'],
    passWithNoTests: true,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
