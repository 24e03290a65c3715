/**
 * The rules of the house that a machine can hold.
 *
 * They look at every file that git tracks or would track, so a new file is covered from its first minute. What a compiler, biome
 * or clang-format already refuses is left to them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { allFiles, codeOnly, findings, functionLengths, headerComment, type SourceFile } from './tidy/sources.js';

const files = allFiles();
const self = new Set(['test/tidy.test.ts', 'test/tidy/sources.ts', 'test/tidy/surface.ts']);

function under(...prefixes: string[]): readonly SourceFile[] {
  return files.filter((file) => prefixes.some((prefix) => file.path.startsWith(prefix)));
}
function ofType(pattern: RegExp, among: readonly SourceFile[] = files): readonly SourceFile[] {
  return among.filter((file) => pattern.test(file.path) && !self.has(file.path));
}

const engine = ofType(/\.(cc|h)$/, under('native/engine/'));
const binding = ofType(/\.(cc|h)$/, under('native/binding/'));
const code = ofType(/\.(cc|h|ts|mjs|java)$/);
/** The files that stand for the operating system. */
const platformFile = /^native\/engine\/platform_posix\w*\.(cc|h)$/;

/** The handler of a fault in a mapping is part of the platform when its header says that it is one. */
function isGuard(file: SourceFile): boolean {
  const header = files.find(({ path }) => path === 'native/engine/sigbus_guard.h');
  return basename(file.path).startsWith('sigbus_guard.') && header !== undefined && /SIGBUS/.test(headerComment(header));
}

test('a source file keeps to 300 lines, or to 500 when its opening comment tells why', () => {
  const tooLong = code.flatMap((file) => {
    const limit = /\blines\b/.test(headerComment(file)) ? 500 : 300;
    return file.lines.length > limit ? [`${file.path}: ${file.lines.length} lines, ${limit} allowed`] : [];
  });
  expect(tooLong).toEqual([]);
});

test('a line of C++ keeps to 132 columns', () => {
  const wide = ofType(/\.(cc|h)$/).flatMap((file) =>
    file.lines.flatMap((line, index) => ([...line].length > 132 ? [`${file.path}:${index + 1} ${[...line].length} columns`] : [])),
  );
  expect(wide).toEqual([]);
});

test('a function fits on a screen, and one of the binding decides nothing', () => {
  const tooLong = [...engine, ...binding].flatMap((file) => {
    const limit = file.path.startsWith('native/binding/') ? 25 : 60;
    return functionLengths(file)
      .filter(({ name, length }) => length > limit && name !== 'Init')
      .map(({ line, name, length }) => `${file.path}:${line} ${name} has ${length} lines, ${limit} allowed`);
  });
  expect(tooLong).toEqual([]);
});

test('files open with a comment that says what they are', () => {
  const needy = [
    ...ofType(/\.h$/, under('native/')),
    ...ofType(/\.cc$/, under('native/engine/', 'native/binding/')).filter((file) => !existsSync(file.path.replace(/\.cc$/, '.h'))),
    ...ofType(/\.(ts|mjs)$/, under('ts/', 'bench/', 'examples/', 'scripts/', 'test/')),
  ];
  expect(needy.filter((file) => headerComment(file).trim().length < 10).map((file) => file.path)).toEqual([]);
});

test('the engine knows nothing of Node', () => {
  expect(findings(engine, /napi|node_api|\buv\.h|#include [<"](?:node|v8)/)).toEqual([]);
});

test('only the binding includes Node-API', () => {
  const others = ofType(/\.(cc|h)$/).filter((file) => !file.path.startsWith('native/binding/'));
  expect(findings(others, /#include [<"](?:napi|node_api|js_native_api)/)).toEqual([]);
});

test('only the platform talks to the operating system', () => {
  const headers =
    /#include <(?:unistd|fcntl|dirent|poll|pthread|signal|csignal|setjmp|csetjmp|thread|sched|sys\/(?!auxv)[\w/]+|linux\/[\w/]+)(?:\.h)?>/;
  const others = engine.filter((file) => {
    if (platformFile.test(file.path)) return false;
    return !isGuard(file);
  });
  expect(findings(others, headers)).toEqual([]);
});

test('the engine reads no clock and no environment, and logs nothing', () => {
  const others = engine.filter((file) => !platformFile.test(file.path));
  const forbidden =
    /\bgetenv\b|\bgettimeofday\b|\bclock_gettime\b|\bstd::time\b|(?:system|steady|high_resolution)_clock|\b(?:f|v|vf)?printf\b|\bstd::(?:cout|cerr|clog)\b/;
  expect(findings(others, forbidden, codeOnly)).toEqual([]);
});

test('memory is owned by containers and smart pointers', () => {
  // Where a raw allocation is the point: the platform that is never destroyed, and memory that must be aligned or stay in place.
  const allowed = /^native\/engine\/(?:platform_posix\w*|staging|aligned_buffer)\.(?:cc|h)$/;
  const others = engine.filter((file) => !allowed.test(file.path));
  expect(findings(others, /\bnew\s+[A-Za-z_:(]|\bdelete\s|\b(?:m|c|re)alloc\s*\(|\baligned_alloc\b|\bfree\s*\(/, codeOnly)).toEqual(
    [],
  );
});

test('the library prints nothing', () => {
  const library = ofType(/\.ts$/, under('ts/')).filter((file) => !file.path.startsWith('ts/cli/'));
  expect(findings(library, /\bconsole\.\w+\(|process\.std(?:out|err)\.write/, codeOnly)).toEqual([]);
});

test('one file loads the addon and one file calls the loader; one file loads the package that compresses', () => {
  const library = ofType(/\.ts$/, under('ts/'));
  expect(
    findings(library, /\bcreateRequire\(|\bprocess\.dlopen\(/, codeOnly).filter((line) => !/^ts\/(?:loader|lz4)\.ts:/.test(line)),
  ).toEqual([]);
  expect(findings(library, /from '.*\/loader\.js'/).filter((line) => !line.startsWith('ts/native.ts:'))).toEqual([]);
  expect(findings(library, /'lz4-napi'/).filter((line) => !line.startsWith('ts/lz4.ts:'))).toEqual([]);
});

test('nothing is called by a name that says nothing', () => {
  const empty = /^(?:utils?|helpers?|common|misc|shared|manager\d*|stuff)$/;
  const named = files.filter((file) => file.path.split(/[/.]/).some((part) => part.split(/[-_]/).some((word) => empty.test(word))));
  expect(named.map((file) => file.path)).toEqual([]);
});

test('file names follow the language: snake_case for C++, lower case for TypeScript', () => {
  const wrong = files.filter(
    ({ path }) =>
      (/\.(cc|h)$/.test(path) && !/^[a-z0-9_]+\.(cc|h)$/.test(basename(path))) ||
      (/\.(ts|mjs)$/.test(path) && !/^[a-z0-9-]+(?:\.(?:test|config))?\.(ts|mjs)$/.test(basename(path))),
  );
  expect(wrong.map((file) => file.path)).toEqual([]);
});

test('nothing is left for later, and nothing is run alone', () => {
  const texts = files.filter((file) => !self.has(file.path) && basename(file.path) !== 'package-lock.json');
  expect(findings(texts, /\b(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  expect(findings(ofType(/\.test\.ts$/), /\b(?:test|it|describe)\.(?:only|todo)\b/)).toEqual([]);
});

test('tests wait for events, not for time, unless they say because of what', () => {
  const tests = ofType(/\.(?:ts|cc|h|mjs)$/, under('test/', 'native/test/'));
  const sleeps = findings(tests, /\bsetTimeout\(|timers\/promises|\bsleep_for\b|\bsleep_until\b|\bu?sleep\(|\bnanosleep\b/);
  const unexplained = sleeps.filter((finding) => {
    const [, path, line] = /^([^:]+):(\d+) /.exec(finding) ?? [];
    const lines = files.find((file) => file.path === path)?.lines ?? [];
    return !/\/[/*].*\bbecause\b/.test(lines.slice(Math.max(0, Number(line) - 3), Number(line)).join('\n'));
  });
  expect(unexplained).toEqual([]);
});

test('random tests in TypeScript print their seed', () => {
  const random = ofType(/\.(?:ts|mjs)$/, under('test/')).filter((file) =>
    codeOnly(file).some((line) => /Math\.random\(/.test(line)),
  );
  expect(random.filter((file) => !/seed/i.test(file.text)).map((file) => file.path)).toEqual([]);
});

test('the project speaks of itself alone: no paths of a machine, no talk of how it came about', () => {
  const texts = files.filter((file) => !self.has(file.path) && basename(file.path) !== 'package-lock.json');
  expect(findings(texts, /(?:^|[\s"'`(=:])\/(?:work|root|home|Users)\//)).toEqual([]);
  expect(findings(texts, /\bissue #?\d|\bas requested\b|\bthe brief\b|\bthe lead\b|\bprevious(?:ly)?,? (?:it|this|we)\b/i)).toEqual(
    [],
  );
});

test('addresses lead to the projects spoken of, never to a registry or a mirror', () => {
  const known =
    /^(?:[\w-]+\.)*(?:apache\.org|w3\.org|nodejs\.org|github\.com|kernel\.org|ietf\.org|rfc-editor\.org|example\.(?:com|org)|localhost|127\.0\.0\.1)$/;
  const strange = files
    .filter((file) => !self.has(file.path) && basename(file.path) !== 'package-lock.json')
    .flatMap((file) =>
      [...file.text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)]
        .filter((match) => !known.test(match[1] ?? ''))
        .map((match) => `${file.path} ${match[0]}`),
    );
  expect(strange).toEqual([]);
});

const packages = ['', 'bench/'];

test('the package runs nothing when it is installed, and versions are exact', () => {
  const read = (folder: string): Record<string, Record<string, string> | boolean | undefined> =>
    JSON.parse(readFileSync(`${folder}package.json`, 'utf8'));
  const manifest = read('');
  const scripts = Object.keys(manifest.scripts ?? {});
  expect(scripts.filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  expect(manifest.gypfile).toBe(false);
  const versions = packages
    .map(read)
    .flatMap((each) => [
      ...Object.entries((each.dependencies ?? {}) as Record<string, string>),
      ...Object.entries((each.devDependencies ?? {}) as Record<string, string>),
    ]);
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test.each(packages)(
  'the lockfile %spackage-lock.json names no registry, and holds a checksum of all that runs on glibc Linux',
  (folder) => {
    const lock = readFileSync(`${folder}package-lock.json`, 'utf8');
    expect(lock).not.toContain('"resolved"');
    const { packages } = JSON.parse(lock) as {
      packages: Record<string, { integrity?: string; version?: string; optional?: boolean }>;
    };
    const unchecked = Object.entries(packages).filter(([path, entry]) => path !== '' && !entry.integrity);
    // Programs for other platforms are there by version only.
    const foreign =
      /^node_modules\/@(?:biomejs\/cli|msgpackr-extract\/msgpackr-extract)-(?:android|darwin|win32|linux-\w+-musl|linux-arm$)/;
    expect(
      unchecked.filter(([path, entry]) => !(foreign.test(path) && entry.optional && entry.version)).map(([path]) => path),
    ).toEqual([]);
  },
);
