/** Charts as files of their own: each stands alone, on a ground of its own, light and dark. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeCharts } from '../../bench/charts.js';
import { openFile, startBrowser } from './browser.js';
import { crowdedAnswers } from './crowded.js';
import { exampleAnswers } from './example.js';
import { crowdedText, faintText } from './looks.js';

let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'millrace-charts-'));

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['example', exampleAnswers],
  ['crowded', crowdedAnswers],
] as const)('the charts of the %s answers are files that can be read by themselves', async (name, answers) => {
  const names = await writeCharts(answers, join(folder, name));
  expect(names.length).toBeGreaterThan(4);
  expect(readdirSync(join(folder, name)).sort()).toEqual([...names].sort());
  for (const scheme of ['light', 'dark'] as const) {
    for (const file of names) {
      const { page, complaints } = await openFile(browser, join(folder, name, file), { width: 1280, scheme });
      expect(await page.evaluate(() => document.documentElement.querySelectorAll('parsererror').length)).toBe(0);
      expect(await page.evaluate(crowdedText)).toEqual([]);
      expect(await page.evaluate(faintText, 4.5)).toEqual([]);
      const ground = await page.$eval('svg > rect', (rect) => getComputedStyle(rect).fill);
      expect(ground).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(22, 29, 37)');
      expect(complaints).toEqual([]);
      await page.close();
    }
  }
});

test('a chart is shown as an image of a document, at its size', async () => {
  const [first = ''] = await writeCharts(exampleAnswers, join(folder, 'images'));
  const image = readFileSync(join(folder, 'images', first)).toString('base64');
  const document = join(folder, 'document.html');
  writeFileSync(document, `<!doctype html><img src="data:image/svg+xml;base64,${image}">`);
  const { page } = await openFile(browser, document, { width: 1280, scheme: 'light' });
  expect(await page.$eval('img', ({ complete, naturalWidth }) => ({ complete, naturalWidth }))).toEqual({
    complete: true,
    naturalWidth: 928,
  });
  await page.close();
});

test('two charts of a question with one title are refused', async () => {
  const [question] = exampleAnswers.questions;
  if (question === undefined) throw new Error('the example has questions');
  const twice = { ...exampleAnswers, questions: [{ ...question, charts: [...question.charts, ...question.charts] }] };
  await expect(writeCharts(twice, join(folder, 'twice'))).rejects.toThrow('two charts of flush have the title');
});
