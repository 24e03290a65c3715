/** `npm run bench:draw`: from the JSON of a run to its page and charts, as a user calls it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { toHtml } from '../../bench/html.js';
import { exampleAnswers } from './example.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'millrace-draw-'));
const json = join(folder, 'answers.json');
writeFileSync(json, JSON.stringify(exampleAnswers));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function draw(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('npm', ['run', '-s', 'bench:draw', '--', ...words], { cwd: root, encoding: 'utf8' });
}

test('a page and charts are drawn from the JSON of a run, the same as from the run itself', async () => {
  const page = join(folder, 'report.html');
  const charts = join(folder, 'charts');
  const { status, stdout, stderr } = draw(json, '--html', page, '--charts', charts);
  expect(status, stderr).toBe(0);
  expect(readFileSync(page, 'utf8')).toBe(await toHtml(exampleAnswers));
  expect(stdout.trim().split('\n').slice(-5).sort()).toEqual(readdirSync(charts).sort());
});

test('what is no run is refused in a sentence, and so is a call that draws nothing', () => {
  const other = join(folder, 'other.json');
  writeFileSync(other, '{"rounds":7}');
  expect(draw(other, '--html', join(folder, 'no.html')).stderr).toContain('holds no answers of npm run bench');
  expect(draw(json).stderr).toContain('nothing to draw');
  expect(draw('--html', join(folder, 'no.html')).stderr).toContain('one file is read');
});
