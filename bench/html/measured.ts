/** What was measured, as the page asks for it; and the name of a figure in words. */
import { combine, type Series, type Summary, summarize, unitOf } from '../figures.js';
import type { Result } from '../harness.js';
import type { Limit } from '../question.js';

export class Measured {
  readonly #results: ReadonlyMap<string, Result>;

  constructor(results: readonly Result[]) {
    this.#results = new Map(results.map((each) => [each.name, each]));
  }

  result(name: string): Result | undefined {
    return this.#results.get(name);
  }

  series(result: string, figure: string): Series {
    return (this.#results.get(result)?.figures[figure] ?? []).filter(Number.isFinite);
  }

  /** Undefined: not measured. */
  summary(result: string, figure: string): Summary | undefined {
    const series = this.series(result, figure);
    return series.length === 0 ? undefined : summarize(series);
  }

  /** A result by its limit, round by round. */
  fraction(result: string, limit: Limit): Summary | undefined {
    const ratios = combine((a, b) => a / b, this.series(result, limit.of), this.series(limit.result, limit.figure));
    return ratios.length === 0 ? undefined : summarize(ratios);
  }
}

/** `bodyBytesPerSecond` → `bodies, MB/s`; `p999Micros` → `p99.9, µs`; `messagesPerSecond` → `messages a second`. */
export function figureWords(name: string): string {
  const unit = unitOf(name).text.trim();
  const stem = unit === '' ? name : name.replace(/(?:[bB]ytesPerSecond|PerSecond|Micros|[mM]illis|[MK]iB|Percent)$/, '');
  const words = stem
    .replace(/^p(\d\d)(\d+)$/i, 'p$1.$2')
    .replace(/P(\d\d)(\d*)$/, (_, whole: string, rest: string) => ` p${whole}${rest === '' ? '' : `.${rest}`}`)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/^body$/, 'bodies')
    .replace(/^cpu\b/, 'CPU')
    .replace(/\bnanos per\b/, 'ns per');
  if (unit === '/s') return `${words} a second`;
  if (unit === '' || words.includes('ns per')) return words;
  return words === '' ? unit : `${words}, ${unit}`;
}

/** A number that somebody chose, in full: `0.75`, `1 000`. */
export function exact(value: number): string {
  const [whole = '', part] = String(Number(value.toPrecision(12))).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ' ') + (part === undefined ? '' : `.${part}`);
}

/** Which way is better, where the unit tells. */
export function betterWay(figure: string): string {
  if (/PerSecond$/.test(figure)) return 'more is better';
  return /(?:Micros|[mM]illis|[MK]iB|[nN]anosPer[A-Z][a-z]+)$/.test(figure) ? 'less is better' : '';
}

/** For the begin of a line; units and percentiles keep their letters. */
export function capital(text: string): string {
  return /^(?:ns\b|p\d)/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
