/**
 * What the package exports and what the format's header defines, read from the sources by their shape, for the rules that compare
 * them with the documents.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A name that ts/index.ts exports and the file that declares it. */
export interface PublicName {
  readonly name: string;
  readonly file: string;
  readonly hasDocumentation: boolean;
}

/** Follows `export { … } from` and `export * from` to the declarations. */
export function publicNames(index: string): readonly PublicName[] {
  const text = readFileSync(index, 'utf8');
  const sources = [...text.matchAll(/export\s+(?:type\s+)?(\{[^}]*\}|\*)\s+from\s+'(\.[^']+)\.js'/g)];
  return sources.flatMap(([, list = '', from = '']) => {
    const file = `${normalize(join(dirname(index), from))}.ts`;
    if (list === '*') return [...declarations(file)].map(([name, hasDocumentation]) => ({ name, file, hasDocumentation }));
    const names = list
      .slice(1, -1)
      .split(',')
      .map(
        (part) =>
          part
            .trim()
            .replace(/^type\s+/, '')
            .split(/\s+as\s+/)[0] ?? '',
      );
    return names.filter((name) => name !== '').map((name) => resolveName(name, file));
  });
}

function resolveName(name: string, file: string): PublicName {
  const hasDocumentation = declarations(file).get(name);
  if (hasDocumentation !== undefined) return { name, file, hasDocumentation };
  const further = publicNames(file).find((candidate) => candidate.name === name);
  return further ?? { name, file, hasDocumentation: false };
}

function declarations(file: string): ReadonlyMap<string, boolean> {
  const result = new Map<string, boolean>();
  if (!existsSync(file)) return result;
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.forEach((line, index) => {
    const declared =
      /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:class|interface|type|function|const|enum)\s+(\w+)/.exec(line);
    if (declared?.[1]) result.set(declared[1], result.get(declared[1]) === true || /\*\/\s*$/.test(lines[index - 1] ?? ''));
  });
  return result;
}

/** The string literals of `type StoreErrorCode` (or of the list that it is made from). */
export function errorCodes(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  const union = /export type StoreErrorCode\s*=([^;]*);/.exec(text)?.[1] ?? '';
  const literals = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1] ?? '');
  if (literals.length > 0) return literals;
  const list = /typeof (\w+)/.exec(union)?.[1];
  const body = list === undefined ? '' : (new RegExp(`const ${list}[^=]*=\\s*[[{]([\\s\\S]*?)[\\]}]`).exec(text)?.[1] ?? '');
  return [...body.matchAll(/\b([A-Z]{2,}(?:_[A-Z]+)*)\b/g)].map((match) => match[1] ?? '');
}

/** A constant of format.h: its name and its value as written. */
export interface FormatConstant {
  readonly name: string;
  readonly value: string;
}

export function formatConstants(file: string): readonly FormatConstant[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/inline constexpr [\w:]+ (k\w+)(?:\[\])?\s*=\s*([^;]+);/g)].map((match) => ({
    name: match[1] ?? '',
    value: (match[2] ?? '').trim(),
  }));
}
