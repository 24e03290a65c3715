/**
 * `npm run bench:draw -- <answers.json>`: the report of a run that is over, from what `npm run bench -- --json` kept of it.
 *
 *   --html <file>     the page
 *   --charts <folder> each chart as an SVG file of its own, for a document
 *
 * Measures nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeCharts } from './charts.js';
import { toHtml } from './html.js';
import type { Answers } from './question.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { html: { type: 'string' }, charts: { type: 'string' } },
});

const [path] = positionals;
if (path === undefined || positionals.length > 1) throw new Error('one file is read: bench:draw -- <answers.json>');
if (values.html === undefined && values.charts === undefined)
  throw new Error('nothing to draw: --html <file>, --charts <folder> or both');
const answers = readAnswers(path);
if (values.html !== undefined) writeFileSync(values.html, await toHtml(answers));
if (values.charts !== undefined) process.stdout.write(`${(await writeCharts(answers, values.charts)).join('\n')}\n`);

function readAnswers(from: string): Answers {
  const read = JSON.parse(readFileSync(from, 'utf8')) as Partial<Answers>;
  const lists = [read.questions, read.results, read.verdicts, read.peers];
  if (read.conditions === undefined || !lists.every(Array.isArray))
    throw new Error(`${from} holds no answers of npm run bench -- --json`);
  return read as Answers;
}
