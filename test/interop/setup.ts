/**
 * Builds the referee before the first test, once. Without Java or Maven it says so and the tests count as skipped; with CI set
 * that is a failure.
 */
import type { TestProject } from 'vitest/node';
import { type Availability, available } from './toolchain.js';

declare module 'vitest' {
  export interface ProvidedContext {
    referee: Availability;
  }
}

export function setup(project: TestProject): void {
  const referee = available();
  if (!referee.ok) {
    const sentence = `RocketMQ's store cannot be the referee here: ${referee.missing}`;
    if (process.env.CI !== undefined && process.env.CI !== '') {
      throw new Error(sentence);
    }
    console.warn(`${sentence}. The tests are skipped.`);
  }
  project.provide('referee', referee);
}
