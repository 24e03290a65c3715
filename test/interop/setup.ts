/**
 * Builds the programs in Java before the first test, once. Without Java or Maven it says so and the tests count as skipped; with
 * CI set that is a failure.
 */
import type { TestProject } from 'vitest/node';
import { type Availability, available } from './toolchain.js';

declare module 'vitest' {
  export interface ProvidedContext {
    referee: Availability;
    client: Availability;
  }
}

export function setup(project: TestProject): void {
  project.provide('referee', checked(available('java'), "RocketMQ's store cannot be the referee here"));
  project.provide('client', checked(available('client'), "RocketMQ's client cannot be run here"));
}

function checked(program: Availability, complaint: string): Availability {
  if (!program.ok) {
    const sentence = `${complaint}: ${program.missing}`;
    if (process.env.CI !== undefined && process.env.CI !== '') {
      throw new Error(sentence);
    }
    console.warn(`${sentence}. The tests are skipped.`);
  }
  return program;
}
