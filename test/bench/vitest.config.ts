/**
 * The report of the benchmark in a real browser (`npm run test:bench`). Needs the packages of bench/ (`npm ci --prefix bench`) and
 * Chromium on the PATH.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The browser's driver is a package of the benchmark, not of this folder.
  resolve: { alias: { 'puppeteer-core': fileURLToPath(new URL('../../bench/node_modules/puppeteer-core', import.meta.url)) } },
  test: {
    pool: 'forks',
    fileParallelism: false,
    include: ['test/bench/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
