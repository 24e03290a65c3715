/**
 * Each chart of a run as an SVG file of its own, for a document: title, how to read it and the machine are written in the picture, which has
 * a ground of its own, light or dark as the reader's system prefers.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawChart } from './charts/chart.js';
import { type Drawing, smallSize, wide } from './charts/drawing.js';
import { wrap } from './charts/letters.js';
import { isMeasured, legend } from './html/charted.js';
import { escapeText } from './html/markup.js';
import { Measured } from './html/measured.js';
import { fontFamily, paletteRules } from './html/palette.js';
import type { Answers, Chart } from './question.js';

/** Writes `<question>-<title>.svg` into `folder`, which is made; returns the names in the order of the questions. */
export async function writeCharts(answers: Answers, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const measured = new Measured(answers.results);
  const { date = '', cpu = '', revision = '' } = answers.conditions;
  const source = [date, cpu, `revision ${revision}`].filter((part) => part !== '').join(' · ');
  const names: string[] = [];
  for (const question of answers.questions) {
    for (const chart of question.charts.filter((each) => isMeasured(each, measured))) {
      const name = `${question.name}-${slug(chart.title)}.svg`;
      if (names.includes(name)) throw new Error(`two charts of ${question.name} have the title ${JSON.stringify(chart.title)}`);
      await writeFile(join(folder, name), standalone(chart, drawChart(chart, measured, wide, 'chart'), source));
      names.push(name);
    }
  }
  return names;
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

const margin = 24;

function standalone(chart: Chart, drawing: Drawing, source: string): string {
  const width = drawing.width + 2 * margin;
  const lines: { text: string; size: number; weight: number; fill: string }[] = [
    ...wrap(chart.title, drawing.width, 17, true).map((text) => ({ text, size: 17, weight: 600, fill: 'ink' })),
    ...[legend(chart), source]
      .flatMap((text) => wrap(text, drawing.width, smallSize))
      .map((text) => ({ text, size: smallSize, weight: 400, fill: 'soft' })),
  ];
  let y = 20;
  const heading = lines.map(({ text, size, weight, fill }) => {
    y += size + 6;
    return `<text x="${margin}" y="${y}" font-size="${size}" font-weight="${weight}" fill="var(--${fill})">${escapeText(text)}</text>`;
  });
  const top = y + 18;
  const height = top + drawing.height + 16;
  const inner = drawing.svg.replace(/^<svg /, `<svg x="${margin}" y="${top}" `).replace(' role="img"', '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="chart-title chart-description" font-family="${fontFamily}">
<style>${paletteRules(':root')}
text{white-space:pre;font-variant-numeric:tabular-nums}</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="var(--card)" stroke="var(--line)"/>
${heading.join('\n')}
${inner}
</svg>
`;
}
