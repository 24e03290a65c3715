/** The figures of a question as a table: median, least, most, and the median as a part of its limit. */
import { spell, summarize, unitOf } from '../figures.js';
import type { Result } from '../harness.js';
import type { Answers, Question } from '../question.js';
import { chartFigures } from './charted.js';
import { type Markup, markup } from './markup.js';
import { capital, figureWords, type Measured } from './measured.js';

type Asked = Omit<Question, 'probes'>;

/** Undefined: nothing was measured. */
export function figureTable(question: Asked, answers: Answers, measured: Measured): Markup | undefined {
  const rows = shownResults(question, answers).flatMap((result) => resultRows(question, result, measured));
  if (rows.length === 0) return undefined;
  return markup`<div class="scroll" role="region" aria-label="Figures" tabindex="0"><table class="figures">
<thead><tr><th scope="col">Result</th><th scope="col">Figure</th><th scope="col" class="number">Median</th><th scope="col" class="number">Least</th><th scope="col" class="number">Most</th><th scope="col" class="part">Part of its limit</th></tr></thead>
${rows}</table></div>`;
}

/** Its own results, then those that its charts borrow from elsewhere, the limits last. */
function shownResults(question: Asked, { results }: Answers): Result[] {
  const borrowed = new Set([
    ...question.charts.flatMap((chart) => chartFigures(chart).map(([result]) => result)),
    ...question.charts.flatMap((chart) => (chart.kind !== 'latencies' && chart.limit !== undefined ? [chart.limit.result] : [])),
    ...Object.entries(question.heldAgainst).flatMap(([result, limit]) => [result, limit.result]),
  ]);
  const isOwn = ({ name }: Result): boolean => name.startsWith(`${question.name}/`);
  const others = results.filter((each) => !isOwn(each) && borrowed.has(each.name));
  const isLimit = ({ name }: Result): boolean => name.startsWith('limit/');
  return [...results.filter(isOwn), ...others.filter((each) => !isLimit(each)), ...others.filter(isLimit)];
}

/** One body a result, so that paper does not part it. */
function resultRows(question: Asked, { name, title, figures }: Result, measured: Measured): Markup[] {
  const entries = Object.keys(figures)
    .map((figure) => [figure, measured.series(name, figure)] as const)
    .filter(([, series]) => series.length > 0);
  if (entries.length === 0) return [];
  const limit = question.heldAgainst[name];
  const fraction = limit && measured.fraction(name, limit);
  const of = (limit && measured.result(limit.result)?.title) ?? limit?.result ?? '';
  const part = fraction && partOf(fraction, `${capital(figureWords(limit?.of ?? ''))}, of ${of}`);
  const rows = entries.map(([figure, series], i) => {
    const { median, min, max } = summarize(series);
    const number = (value: number): string => spell(value * unitOf(figure).scale);
    const head = i === 0 ? markup`<th scope="rowgroup" rowspan="${entries.length}">${title}</th>` : undefined;
    const tail = i === 0 ? markup`<td class="part" rowspan="${entries.length}">${part}</td>` : undefined;
    return markup`<tr>${head}<td class="name">${capital(figureWords(figure))}</td><td class="number"><strong>${number(median)}</strong></td><td class="number">${number(min)}</td><td class="number">${number(max)}</td>${tail}</tr>
`;
  });
  return [
    markup`<tbody>${rows}</tbody>
`,
  ];
}

function partOf({ median, min, max }: { median: number; min: number; max: number }, what: string): Markup {
  const range = min < max ? markup` <span class="range">${spell(min)}–${spell(max)}</span>` : undefined;
  return markup`<strong>${spell(median)}</strong>${range}<br><span class="of">${what}</span>`;
}
