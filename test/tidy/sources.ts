/**
 * The files of the checkout as the tidy test sees them: what git tracks or would track, with views that leave comments or strings out.
 *
 * A rule gets files and returns findings, one line each (`path:line what`), so that a failing test shows all of them at once.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const textExtensions = new Set('.cc .h .ts .mjs .cjs .js .json .md .gyp .java .xml .yml .yaml .sh .py .txt .toml'.split(' '));
const textNames = new Set(['Makefile', 'run', '.gitignore', '.clang-format', '.clang-tidy', '.npmrc', '.editorconfig']);

/** One text file. */
export interface SourceFile {
  /** From the top of the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** Every text file that is tracked, or new and not ignored. */
export function allFiles(): readonly SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return [...new Set(listed.split('\0'))]
    .filter((path) => path !== '' && isText(path) && existsSync(join(root, path)) && statSync(join(root, path)).isFile())
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, lines: text.replace(/\n$/, '').split('\n') };
    });
}

function isText(path: string): boolean {
  if (path.startsWith('test/golden/')) return false;
  return textExtensions.has(extname(path)) || textNames.has(basename(path));
}

/** The comment that opens a file (imports may stand before it), without its marks; empty when there is none. */
export function headerComment(file: SourceFile): string {
  const text = file.text.replace(/^#!.*\n/, '').replace(/^(?:import [^;]*;\n|\n)+(?=\/\*\*)/, '');
  const block = /^\/\*\*?([\s\S]*?)\*\//.exec(text);
  if (block) return block[1] ?? '';
  return /^(?:(?:\/\/|#(?!include|pragma)).*\n)+/.exec(text)?.[0] ?? '';
}

/** The text with comments and the inside of strings blanked, every line kept at its number. */
export function codeOnly(file: SourceFile): readonly string[] {
  const tokens = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  const blanked = file.text.replace(tokens, (token) => token.replace(/[^\n]/g, (letter, at: number) => (at === 0 ? letter : ' ')));
  return blanked.replace(/\n$/, '').split('\n');
}

/** Where a pattern stands. `lines` are the file's own unless others are given. */
export function findings(
  files: readonly SourceFile[],
  pattern: RegExp,
  lines: (file: SourceFile) => readonly string[] = (file) => file.lines,
): string[] {
  return files.flatMap((file) =>
    lines(file).flatMap((line, index) =>
      pattern.test(line) ? [`${file.path}:${index + 1} ${file.lines[index]?.trim() ?? ''}`] : [],
    ),
  );
}

/** The functions of a file in the house's C++ format: a line at the margin that ends in `{`, up to the next `}` at the margin. */
export function functionLengths(file: SourceFile): { line: number; name: string; length: number }[] {
  const result: { line: number; name: string; length: number }[] = [];
  const lines = codeOnly(file);
  for (let start = 0; start < lines.length; start++) {
    const line = lines[start] ?? '';
    if (
      !/^(?!namespace|struct|class|enum|union|extern|constexpr|inline constexpr)\w.*\) *(?:const *)?(?:override *)?\{$/.test(line)
    )
      continue;
    const end = lines.indexOf('}', start);
    if (end < 0) continue;
    result.push({ line: start + 1, name: /([\w:~]+)\(/.exec(line)?.[1] ?? line, length: end - start + 1 });
  }
  return result;
}
