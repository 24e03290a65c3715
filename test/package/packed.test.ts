/** What a user gets: the tarball's content, its checks by publint and attw, and the installed package at work. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

const here = resolve('test/package');
const tarball = inject('tarball');
const project = inject('project');
const installed = join(project, 'node_modules/millrace');

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'millrace-packed-'));
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** The program a package of the checkout brings along. */
function program(packageName: string, command: string): string {
  const require = createRequire(join(process.cwd(), 'package.json'));
  const folder = (require.resolve.paths(packageName) ?? [])
    .map((path) => join(path, packageName))
    .find((path) => {
      try {
        return readdirSync(path).includes('package.json');
      } catch {
        return false;
      }
    });
  if (folder === undefined) throw new Error(`${packageName} is not installed`);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: string | Record<string, string> };
  return join(folder, typeof bin === 'string' ? bin : (bin[command] ?? ''));
}

function runNode(args: readonly string[], cwd: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: cleanEnvironment() });
  return { status, output: `${stdout}${stderr}` };
}

/** Without what would lead the installed package to an addon of the checkout. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { MILLRACE_NATIVE: _native, MILLRACE_DEBUG: _debug, NODE_OPTIONS: _options, ...rest } = process.env;
  return rest;
}

test('the tarball holds the library, the sources and one binary, and nothing else', () => {
  const entries = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  const files = entries.map((entry) => entry.replace(/^package\//, ''));
  expect(files).toContain('dist/index.js');
  expect(files).toContain('dist/index.d.ts');
  expect(files).toContain('binding.gyp');
  expect(files).toContain('LICENSE');
  expect(files).toContain('README.md');
  expect(files).toContain('native/engine/format.h');
  expect(files.filter((file) => file.endsWith('.node'))).toHaveLength(1);
  const known =
    /^(?:dist\/|native\/(?:engine|binding)\/|prebuilds\/|binding\.gyp$|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/;
  expect(files.filter((file) => !known.test(file))).toEqual([]);
});

test('installing it runs nothing and brings no development tools', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  expect(Object.keys(manifest.scripts).filter((name) => /install/.test(name))).toEqual([]);
  expect(readdirSync(installed)).not.toContain('build');
  const packages = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'));
  expect(packages).toEqual(['@antoniomuso', 'lz4-napi', 'millrace']);
  // Of the package that compresses, only what this system can run.
  const binaries = readdirSync(join(project, 'node_modules/@antoniomuso'));
  expect(binaries.filter((name) => !name.includes(`${process.platform}-${process.arch}`))).toEqual([]);
});

test('the installed package opens a store, appends and reads it back', () => {
  const { status, output } = runNode([join(here, 'session.mjs'), join(scratch, 'store')], project);
  expect(output).toContain('"bodies":["hello","again","and again"]');
  expect(output).toContain('"durability":"durable"');
  expect(output).toContain('"cleanShutdown":true');
  expect(status).toBe(0);
});

test('it loads with require from CommonJS', () => {
  const { status, output } = runNode(
    ['-e', "const { MessageStore } = require('millrace'); console.log(typeof MessageStore.open)"],
    project,
  );
  expect(output.trim().split('\n').at(0)).toBe('function');
  expect(status).toBe(0);
});

test('without its binary it names every path it tried and the command to run', () => {
  const copy = join(scratch, 'without-binary');
  cpSync(project, copy, { recursive: true });
  rmSync(join(copy, 'node_modules/millrace/prebuilds'), { recursive: true });
  const attempt = `const { MessageStore } = await import('millrace');
    await MessageStore.open(${JSON.stringify(join(scratch, 'never'))}).catch((error) => console.log(JSON.stringify([error.code, error.message])));`;
  const { output } = runNode(['--input-type=module', '-e', attempt], copy);
  const [code, message] = JSON.parse(output) as [string, string];
  expect(code).toBe('NATIVE_MISSING');
  const folder = join(copy, 'node_modules/millrace');
  expect(message).toContain(join(folder, 'build/Release/millrace.node'));
  expect(message).toContain(join(folder, 'prebuilds', `${process.platform}-${process.arch}`, 'millrace.node'));
  expect(message).toMatch(/npx node-gyp@[\d.]+ rebuild --directory /);
  expect(message).toContain(`--directory ${folder}`);
});

test('without the package that compresses, a store works that does not ask for it', () => {
  const copy = join(scratch, 'without-lz4');
  cpSync(project, copy, { recursive: true });
  rmSync(join(copy, 'node_modules/lz4-napi'), { recursive: true });
  const attempt = `const { MessageStore } = await import('millrace');
    const store = await MessageStore.open(${JSON.stringify(join(scratch, 'plain'))});
    await store.append({ topic: 'T', body: 'plain' });
    await store.append({ topic: 'T', body: Buffer.from('04224d18604082040000801234567800000000', 'hex'), sysFlag: 0x101 });
    const [plain, compressed] = (await store.read('T', 0, 0)).messages;
    const said = [plain.body.toString()];
    try { compressed.body } catch (error) { said.push(error.code, error.message) }
    await store.close();
    await MessageStore.open(${JSON.stringify(join(scratch, 'none'))}, { compression: 'lz4' }).catch((error) => said.push(error.code));
    console.log(JSON.stringify(said));`;
  const { output } = runNode(['--input-type=module', '-e', attempt], copy);
  const [body, code, message, openCode] = JSON.parse(output) as string[];
  expect([body, code, openCode]).toEqual(['plain', 'NATIVE_MISSING', 'NATIVE_MISSING']);
  expect(message).toContain('lz4-napi');
  expect(existsSync(join(scratch, 'none'))).toBe(false);
});

test('a strict consumer compiles against the packed declarations', () => {
  cpSync(join(here, 'consumer'), join(project, 'src'), { recursive: true });
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    typeRoots: [resolve('node_modules/@types')],
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const { status, output } = runNode([program('typescript', 'tsc'), '-p', project], project);
  expect(output).toBe('');
  expect(status).toBe(0);
});

test('publint has nothing to say about the tarball', () => {
  const { status, output } = runNode([program('publint', 'publint'), 'run', tarball, '--strict'], dirname(tarball));
  expect(output).toContain('All good!');
  expect(status).toBe(0);
});

test('the types resolve for every kind of ESM consumer', () => {
  const { status, output } = runNode(
    [program('@arethetypeswrong/cli', 'attw'), tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'],
    dirname(tarball),
  );
  expect(output).toMatch(/node16 \(from ESM\)\W+OK \(ESM\)/);
  expect(output).toMatch(/bundler\W+OK\b/);
  expect(status).toBe(0);
});
