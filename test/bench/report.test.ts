/**
 * The report as a reader meets it: in a browser, wide and on a phone, light and dark, on paper.
 *
 * Two sets of answers: one like a full run, and one that is hard to draw. What a view shows is measured where it is shown (looks.ts).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toHtml } from '../../bench/html.js';
import type { Answers } from '../../bench/question.js';
import { openFile, startBrowser, type View } from './browser.js';
import { crowdedAnswers, hostileText } from './crowded.js';
import { exampleAnswers } from './example.js';
import { crowdedText, faintText, wideThings } from './looks.js';

const views: readonly View[] = [1280, 1000, 720, 390].flatMap((width) => [
  { width, scheme: 'light' as const },
  { width, scheme: 'dark' as const },
]);
const phone: View = { width: 390, scheme: 'light' };
const screen: View = { width: 1280, scheme: 'light' };

let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'millrace-report-'));
const pages: Record<string, Answers> = { example: exampleAnswers, crowded: crowdedAnswers };
const pathOf = (name: string): string => join(folder, `${name}.html`);

beforeAll(async () => {
  for (const [name, answers] of Object.entries(pages)) writeFileSync(pathOf(name), await toHtml(answers));
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(Object.keys(pages))('the %s report', (name) => {
  test.each(views)('is whole at a width of $width, $scheme: nothing overlaps, sticks out or fades', async (view) => {
    const { page, complaints } = await openFile(browser, pathOf(name), view);
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    expect(await page.evaluate(crowdedText)).toEqual([]);
    expect(await page.evaluate(wideThings)).toEqual([]);
    expect(await page.evaluate(faintText, 4.5)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('is printed without a chart that could be parted by the end of a page', async () => {
    // A sheet of A4 without its margins.
    const sheet = { width: 688, height: 1009 };
    const { page, complaints } = await openFile(browser, pathOf(name), { width: sheet.width, scheme: 'dark' });
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    expect(
      Buffer.from(pdf)
        .toString('latin1')
        .match(/\/Type\s*\/Page\b/g)?.length,
    ).toBeGreaterThan(1);
    await page.emulateMediaType('print');
    const figures = await page.$$eval('figure', (all) =>
      all.map((each) => ({ height: each.getBoundingClientRect().height, parted: getComputedStyle(each).breakInside })),
    );
    expect(figures.length).toBeGreaterThan(3);
    expect(figures.filter(({ height, parted }) => height === 0 || height > sheet.height || parted !== 'avoid')).toEqual([]);
    expect(await page.evaluate(crowdedText)).toEqual([]);
    expect(await page.evaluate(wideThings)).toEqual([]);
    expect(await page.evaluate(faintText, 4.5)).toEqual([]);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');
    expect(complaints).toEqual([]);
    await page.close();
  });
});

test.each([screen, phone])('every question has its heading and its charts in sight at a width of $width', async (view) => {
  const { page } = await openFile(browser, pathOf('example'), view);
  const seen = await page.$$eval('section.question', (sections) =>
    sections.map((section) => ({
      title: section.querySelector('h2')?.textContent?.replaceAll('\u00a0', ' '),
      charts: [...section.querySelectorAll('figure')].map((figure) => ({
        title: figure.querySelector('b')?.textContent?.replaceAll('\u00a0', ' '),
        shown: [...figure.querySelectorAll('svg')].filter((svg) => svg.getBoundingClientRect().height > 60).length,
      })),
    })),
  );
  expect(seen).toEqual(
    exampleAnswers.questions.map(({ name, title, charts }) => ({
      title,
      charts: name === 'memory' ? [] : charts.map((chart) => ({ title: chart.title, shown: 1 })),
    })),
  );
  await page.close();
});

test('a bar is as long on its scale as its figure, beginning at zero, and ours are the only ones in our colour', async () => {
  const { page } = await openFile(browser, pathOf('example'), screen);
  const drawn = await page.$eval('#flush', (heading) => {
    const svg = heading.closest('section')?.querySelector('.wide svg');
    const middle = (tick: string): number => {
      const box = [...(svg?.querySelectorAll('text') ?? [])]
        .find(({ textContent }) => textContent === tick)
        ?.getBoundingClientRect();
      return box === undefined ? Number.NaN : box.left + box.width / 2;
    };
    const bars = [...(svg?.querySelectorAll('path') ?? [])].map((path) => ({
      from: path.getBoundingClientRect().left,
      to: path.getBoundingClientRect().right,
      isOurs: path.closest('[fill]')?.getAttribute('fill') === 'var(--ours)',
    }));
    return { zero: middle('0'), fiveHundred: middle('500'), bars };
  });
  const [chart] = exampleAnswers.questions[0]?.charts ?? [];
  if (chart?.kind !== 'bars') throw new Error('the example begins with bars');
  const expected = chart.bars.flatMap(({ result, isOurs }) => {
    const series = [...(exampleAnswers.results.find(({ name }) => name === result)?.figures[chart.figure] ?? [])].sort(
      (a, b) => a - b,
    );
    return series.length === 0 ? [] : [{ median: (series[3] ?? 0) / 1e6, isOurs: isOurs === true }];
  });
  expect(drawn.bars.map(({ isOurs }) => isOurs)).toEqual(expected.map(({ isOurs }) => isOurs));
  drawn.bars.forEach(({ from, to }, i) => {
    expect(Math.abs(from - drawn.zero)).toBeLessThan(1);
    const shown = ((to - drawn.zero) / (drawn.fiveHundred - drawn.zero)) * 500;
    expect(Math.abs(shown - (expected[i]?.median ?? 0))).toBeLessThan(3);
  });
  await page.close();
});

test('a curve goes through its figures on the scales that are written beside it', async () => {
  const { page } = await openFile(browser, pathOf('example'), screen);
  const drawn = await page.$eval('#flush', (heading) => {
    const svg = heading.closest('section')?.querySelectorAll('.wide svg')[1];
    const centre = (element: Element | undefined): { x: number; y: number } => {
      const box = element?.getBoundingClientRect() ?? new DOMRect(Number.NaN, Number.NaN);
      return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    };
    const tick = (text: string) => centre([...(svg?.querySelectorAll('text') ?? [])].find((each) => each.textContent === text));
    return {
      x: [tick('1').x, tick('16').x, tick('64').x, tick('1 000').x],
      y: [tick('10 000').y, tick('100 000').y],
      dots: [...(svg?.querySelectorAll('g[fill="var(--ours)"][stroke="var(--card)"] circle') ?? [])].map(centre),
    };
  });
  const [low = Number.NaN, high = Number.NaN] = drawn.y;
  expect(drawn.dots.length).toBe(4);
  drawn.dots.forEach(({ x, y }, i) => {
    expect(Math.abs(x - (drawn.x[i] ?? Number.NaN))).toBeLessThan(1);
    const series = exampleAnswers.results.find(({ name }) => name === `durable/ours-${[1, 16, 64, 1000][i]}`)?.figures
      .messagesPerSecond;
    const median = [...(series ?? [])].sort((a, b) => a - b)[3] ?? Number.NaN;
    expect(Math.abs(Math.log10(median / 10_000) - (y - low) / (high - low))).toBeLessThan(0.03);
  });
  await page.close();
});

test('a chart says in words what it shows, and headings are in order', async () => {
  const { page } = await openFile(browser, pathOf('example'), screen);
  const charts = await page.$$eval('svg[role=img]', (all) =>
    all.map((svg) =>
      (svg.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? ''),
    ),
  );
  expect(charts.length).toBe(10);
  expect(charts.filter(([title = '', description = '']) => title === '' || description.length < 40)).toEqual([]);
  expect(charts[0]?.[1]).toContain('Artemis journal: not measured');
  const outline = await page.evaluate(() => ({
    levels: [...document.querySelectorAll('h1,h2,h3,h4')].map(({ tagName }) => tagName),
    language: document.documentElement.lang,
    ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
    scripts: document.querySelectorAll('script, link, img, iframe').length,
  }));
  expect(outline.levels).toEqual(['H1', ...Array.from({ length: outline.levels.length - 1 }, () => 'H2')]);
  expect(outline.language).toBe('en');
  expect(new Set(outline.ids).size).toBe(outline.ids.length);
  expect(outline.scripts).toBe(0);
  const tree = await page.accessibility.snapshot();
  expect(JSON.stringify(tree)).toContain('Async appends of 1 KiB: bytes of bodies a second');
  await page.close();
});

test('text that means something to a browser is only text', async () => {
  const { page } = await openFile(browser, pathOf('crowded'), screen);
  expect(await page.title()).toBe('Millrace benchmark, 2026-01-01');
  expect(await page.$eval('section.question > p', ({ textContent }) => textContent)).toBe(hostileText);
  expect(await page.$$('main b b, main script')).toEqual([]);
  await page.close();
});
