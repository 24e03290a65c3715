/** The documents say what the code says: every public name, error code and byte of the format has its place in them. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCodes, formatConstants, publicNames } from './tidy/surface.js';

const index = 'ts/index.ts';

test.skipIf(!existsSync(index))('every public name is documented where it is declared', () => {
  const names = publicNames(index);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((entry) => !entry.hasDocumentation).map((entry) => `${entry.file} ${entry.name}`)).toEqual([]);
});

test.skipIf(!existsSync(index))('ts/index.ts exports and does nothing else', () => {
  const rest = readFileSync(index, 'utf8')
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/export\s+(?:type\s+)?(?:\{[^}]*\}|\*)\s+from\s+'[^']+';/g, '');
  expect(rest.trim()).toBe('');
});

test.skipIf(!existsSync(index))('every error code is explained in docs/api.md', () => {
  const codes = errorCodes('ts/errors.ts');
  expect(codes.length).toBeGreaterThan(15);
  const api = readFileSync('docs/api.md', 'utf8');
  expect(codes.filter((code) => !api.includes(`\`${code}\``))).toEqual([]);
});

test.skipIf(!existsSync('docs/format.md'))('every place and magic number of format.h stands in docs/format.md', () => {
  const constants = formatConstants('native/engine/format.h');
  expect(constants.length).toBeGreaterThan(20);
  const format = readFileSync('docs/format.md', 'utf8');
  const lines = format.split('\n');
  const missing = constants.filter(({ name, value }) => {
    if (/Magic/.test(name)) return !format.toLowerCase().includes(value.toLowerCase());
    const told = lines.filter((line) => new RegExp(`\\b${name}\\b`).test(line));
    if (/At$/.test(name)) return !told.some((line) => new RegExp(`\\b${value}\\b`).test(line));
    return told.length === 0 && !new RegExp(`(?<![\\w.])${value.replace(/[^\w]/g, '\\$&')}(?![\\w.])`, 'i').test(format);
  });
  expect(missing.map(({ name, value }) => `${name} = ${value}`)).toEqual([]);
});
