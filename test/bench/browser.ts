/**
 * Chromium as found on the PATH, and pages of it that tell on themselves: whatever they log as an error or ask of anybody is kept.
 *
 * The caller closes what it opened.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, launch, type Page } from 'puppeteer-core';

export interface View {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

export interface Opened {
  readonly page: Page;
  /** Errors of the console and of scripts, and requests for anything but the file itself. */
  readonly complaints: string[];
}

export async function startBrowser(): Promise<Browser> {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const executablePath = names.flatMap((name) => find(name)).at(0);
  if (executablePath === undefined) throw new Error(`none of ${names.join(', ')} is on the PATH`);
  // Chromium's sandbox does not work for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return launch({ executablePath, args: [...args, '--disable-gpu', '--disable-dev-shm-usage', '--force-color-profile=srgb'] });
}

function find(name: string): string[] {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export async function openFile(browser: Browser, path: string, view: View): Promise<Opened> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  const address = pathToFileURL(path).href;
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${String(error)}`));
  page.on('request', (request) => {
    if (request.url() !== address) complaints.push(`request: ${request.url()}`);
  });
  await page.setViewport({ width: view.width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: view.scheme }]);
  await page.goto(address, { waitUntil: 'load' });
  return { page, complaints };
}
