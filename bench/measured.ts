/**
 * What a run measured, to compute with: series by name of result and figure, an empty one for what was not measured.
 *
 * Everything goes round by round: a ratio's first value is of the first round of both. A figure that is missing makes what is computed
 * from it missing too, never another number.
 */
import { combine, type Series } from './figures.js';
import type { Result } from './harness.js';

export class Measured {
  readonly #results: readonly Result[];

  constructor(results: readonly Result[]) {
    this.#results = results;
  }

  series(result: string, figure: string): Series {
    return this.#results.find(({ name }) => name === result)?.figures[figure] ?? [];
  }

  /** The best of those whose names the test accepts, round by round; empty if none was measured. */
  best(figure: string, accepts: (name: string) => boolean, better: (...values: number[]) => number = Math.max): Series {
    const all = this.#results.filter(({ name }) => accepts(name)).map(({ figures }) => figures[figure] ?? []);
    const measured = all.filter(({ length }) => length > 0);
    return measured.length === 0 ? [] : combine(better, ...measured);
  }

  /** The most that any of them had of a figure in any round; empty if none has it. */
  most(figure: string, accepts: (name: string) => boolean): Series {
    const values = this.#results.filter(({ name }) => accepts(name)).flatMap(({ figures }) => figures[figure] ?? []);
    return values.length === 0 ? [] : [Math.max(...values)];
  }
}

export function ratio(a: Series, b: Series): Series {
  return combine((x, y) => x / y, a, b);
}
