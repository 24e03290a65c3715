/**
 * What should be reached and what was: a table with a word and a mark for each case, never a colour alone.
 *
 * The gauge draws the ratio beside its target on a logarithmic scale with the target in the middle; the shaded side is where it should be.
 */
import { spell, summarize } from '../figures.js';
import type { Verdict } from '../question.js';
import { type Markup, markup } from './markup.js';
import { exact } from './measured.js';

const outcomes = {
  reached: { word: 'reached', mark: '✓', style: 'good' },
  missed: { word: 'missed', mark: '✗', style: 'bad' },
  open: { word: 'not measured', mark: '–', style: 'open' },
} as const;

type Outcome = keyof typeof outcomes;

function outcomeOf({ reached }: Verdict): Outcome {
  if (reached === undefined) return 'open';
  return reached ? 'reached' : 'missed';
}

export function verdictSection(verdicts: readonly Verdict[]): Markup | undefined {
  if (verdicts.length === 0) return undefined;
  const counts = countOutcomes(verdicts);
  const meter = (Object.keys(outcomes) as Outcome[])
    .filter((each) => counts[each] > 0)
    .map((each) => markup`<span class="${outcomes[each].style}" style="flex-grow:${counts[each]}"></span>`);
  return markup`<section aria-labelledby="targets">
<h2 id="targets">Which targets are reached?</h2>
<p class="tally">${tally(counts, verdicts.length)}</p>
<div class="meter" aria-hidden="true">${meter}</div>
<table class="verdicts" role="table">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Case</th><th role="columnheader" scope="col" class="number">Target</th><th role="columnheader" scope="col" class="number">Measured</th><th role="columnheader" scope="col" class="gauge">By the target</th><th role="columnheader" scope="col">Verdict</th></tr></thead>
<tbody role="rowgroup">
${verdicts.map(verdictRow)}</tbody>
</table>
<p class="note">Each figure is computed round by round from figures of the same run; the median stands first, the least and the most below it.
The gauge has the target in its middle and twice and half of it at its ends; the shaded side is where the figure should be.</p>
</section>`;
}

function countOutcomes(verdicts: readonly Verdict[]): Record<Outcome, number> {
  const counts = { reached: 0, missed: 0, open: 0 };
  for (const verdict of verdicts) counts[outcomeOf(verdict)]++;
  return counts;
}

function tally({ reached, missed, open }: Record<Outcome, number>, all: number): Markup {
  const others = [missed > 0 ? `${missed} missed` : '', open > 0 ? `${open} not measured` : ''].filter((part) => part !== '');
  return markup`<strong>${reached} of ${all}</strong> reached${others.map((part) => `, ${part}`)}`;
}

function verdictRow(verdict: Verdict): Markup {
  const { word, mark, style } = outcomes[outcomeOf(verdict)];
  return markup`<tr role="row"><th role="rowheader" scope="row">${verdict.title}</th><td role="cell" class="number target"><span class="small-label">target </span>${verdict.reach} ${exact(verdict.target)}</td><td role="cell" class="number value">${measured(verdict)}</td><td role="cell" class="gauge">${gauge(verdict)}</td><td role="cell" class="verdict"><span class="pill ${style}"><span aria-hidden="true">${mark}</span> ${word}</span></td></tr>
`;
}

function measured({ reached, value, series }: Verdict): Markup {
  if (reached === undefined) return markup`–`;
  const { min, max } = summarize(series);
  const range = series.length > 1 ? markup` <span class="range">${spell(min)}–${spell(max)}</span>` : undefined;
  return markup`<strong>${spell(value)}</strong>${range}`;
}

const gaugeWidth = 120;

function gauge({ reached, reach, target, value, series }: Verdict): Markup | undefined {
  if (reached === undefined || !(target > 0) || !Number.isFinite(value)) return undefined;
  const { min, max } = summarize(series);
  const place = (figure: number): string => {
    const part = figure <= 0 ? -1 : Math.min(1, Math.max(-1, Math.log2(figure / target)));
    return ((gaugeWidth / 2) * (1 + part * 0.94)).toFixed(1);
  };
  const colour = reached ? 'var(--good)' : 'var(--bad)';
  const middle = gaugeWidth / 2;
  const wanted = reach === 'at least' ? middle : 0;
  return markup`<svg width="${gaugeWidth}" height="16" viewBox="0 0 ${gaugeWidth} 16" aria-hidden="true"><rect x="0" y="3" width="${gaugeWidth}" height="10" rx="5" fill="var(--open-fill)"/><rect x="${wanted}" y="3" width="${middle}" height="10" rx="5" fill="var(--good-fill)"/><path d="M${place(min)} 8H${place(max)}" stroke="${colour}" stroke-width="2.5" stroke-linecap="round"/><path d="M${middle} 0V16" stroke="var(--ink)" stroke-width="1.5"/><circle cx="${place(value)}" cy="8" r="4" fill="${colour}" stroke="var(--card)" stroke-width="1"/></svg>`;
}
