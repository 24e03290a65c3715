/** Lost ranges as the addon tells them (three numbers each: from, to, reason) and as callers see them. */
import { join } from 'node:path';

import type { LostRange } from './types/read.js';

const reasons = ['structure', 'checksum', 'structure', 'missing-file', 'io-error'] as const;

export class LossNames {
  readonly #directory: string;
  readonly #fileBytes: number;

  /** `fileBytes`: of one file of the log. */
  constructor(directory: string, fileBytes: number) {
    this.#directory = join(directory, 'commitlog');
    this.#fileBytes = fileBytes;
  }

  /** The ranges in `count` triples of `numbers`, from `at` on. */
  ranges(numbers: Float64Array, at = 0, count: number = numbers.length / 3): readonly LostRange[] {
    const ranges: LostRange[] = [];
    for (let end = at + 3 * count; at < end; at += 3) {
      const from = numbers[at] as number;
      ranges.push(
        Object.freeze({
          from,
          to: numbers[at + 1] as number,
          file: this.fileOf(from),
          reason: reasons[numbers[at + 2] as number] ?? 'structure',
        }),
      );
    }
    return Object.freeze(ranges);
  }

  fileOf(position: number): string {
    return join(this.#directory, String(position - (position % this.#fileBytes)).padStart(20, '0'));
  }
}
