/**
 * The answers of a run as one HTML page that stands alone: no script, no request, every chart inside it as SVG.
 *
 * Verdicts first, then the conditions, then each question with its charts and figures, then the peers. Light and dark as the reader's
 * system prefers; a phone gets charts drawn for its width, paper gets light ones with every table open.
 */

import { drawChart } from './charts/chart.js';
import { narrow, wide } from './charts/drawing.js';
import { conditionSection, peerSection } from './html/background.js';
import { isMeasured, legend } from './html/charted.js';
import { Markup, markup } from './html/markup.js';
import { Measured } from './html/measured.js';
import { styleSheet } from './html/style.js';
import { figureTable } from './html/tables.js';
import { verdictSection } from './html/verdicts.js';
import type { Answers, Chart } from './question.js';

export async function toHtml(answers: Answers): Promise<string> {
  const measured = new Measured(answers.results);
  const { date = '', revision = '' } = answers.conditions;
  const missing = answers.peers.filter(({ isMissing }) => isMissing).map(({ name }) => name);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Millrace benchmark, ${date}</title>
<style>
${new Markup(styleSheet())}
</style>
</head>
<body>
<header>
<h1>Millrace benchmark</h1>
<p>${date} · revision ${revision} · ${answers.scale === 'full' ? 'full run' : 'quick run'}, ${answers.rounds} interleaved ${answers.rounds === 1 ? 'round' : 'rounds'}${missing.length > 0 ? ` · left out: ${missing.join(', ')}` : ''}</p>
${contents(answers)}
</header>
<main>
${verdictSection(answers.verdicts)}
${conditionSection(answers)}
${answers.questions.map((question) => questionSection(question, answers, measured))}
${peerSection(answers.peers)}
</main>
<footer>Every figure is of this one run. Ranges are the least and the most of its rounds.</footer>
</body>
</html>
`;
  return page.text;
}

function contents({ questions }: Answers): Markup {
  const links = questions.map(({ name, title }) => markup`<li><a href="#${name}">${title}</a></li>`);
  return markup`<nav aria-label="Questions"><ul>${links}</ul></nav>`;
}

function questionSection(question: Answers['questions'][number], answers: Answers, measured: Measured): Markup {
  const charts = question.charts.filter((chart) => isMeasured(chart, measured));
  const table = figureTable(question, answers, measured);
  return markup`<section class="question" aria-labelledby="${question.name}">
<h2 id="${question.name}">${question.title}</h2>
<p>${question.how}</p>
${charts.map((chart, i) => chartFigure(chart, measured, `${question.name}-${i + 1}`))}
${table === undefined ? markup`<p class="note">Not measured in this run.</p>` : markup`<details><summary>The figures</summary>${table}</details>`}
</section>
`;
}

function chartFigure(chart: Chart, measured: Measured, id: string): Markup {
  const drawings = [wide, narrow].map(
    (shape) => markup`<div class="${shape.name}">${new Markup(drawChart(chart, measured, shape, `${id}-${shape.name}`).svg)}</div>
`,
  );
  return markup`<figure>
<figcaption><b>${chart.title}</b><span class="legend">${legend(chart)}</span></figcaption>
${drawings}</figure>
`;
}
