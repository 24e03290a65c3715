/**
 * Finds Java and Maven and builds the programs in Java (the referee in test/interop/java, the driver of RocketMQ's client in
 * test/interop/client) when class files are missing or older than a source.
 *
 * Nothing is asked of the network if everything Maven needs is in its local repository already. Synchronous, and not made for two
 * builds at once: setup.ts calls it before any test runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether a program can be started: built, and with a Java to run it; else what is missing, as half a sentence. */
export type Availability = { ok: true } | { ok: false; missing: string };
/** A program, by the folder of its sources. */
export type JavaProgram = 'java' | 'client';

const OLDEST_JAVA = 17;
const BUILD_LIMIT_MS = 10 * 60_000;

export function available(program: JavaProgram): Availability {
  const version = javaVersion();
  if (version === undefined) {
    return { ok: false, missing: 'no java on the PATH' };
  }
  if (version < OLDEST_JAVA) {
    return { ok: false, missing: `java is version ${version}, at least ${OLDEST_JAVA} is needed` };
  }
  return isBuilt(program) ? { ok: true } : build(program);
}

/** The class path of a built program, its own classes first. */
export function classPath(program: JavaProgram): string {
  return [join(folderOf(program), 'target/classes'), readFileSync(classPathFileOf(program), 'utf8').trim()].join(':');
}

function folderOf(program: JavaProgram): string {
  return fileURLToPath(new URL(program, import.meta.url));
}

function classPathFileOf(program: JavaProgram): string {
  return join(folderOf(program), 'target/classpath.txt');
}

function javaVersion(): number | undefined {
  const asked = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const found = /version "(\d+)/.exec(asked.stderr ?? '');
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

function isBuilt(program: JavaProgram): boolean {
  const project = folderOf(program);
  const classPathFile = classPathFileOf(program);
  if (
    !existsSync(classPathFile) ||
    !classPath(program)
      .split(':')
      .every((path) => existsSync(path))
  ) {
    return false;
  }
  const sources = readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' }).map((name) =>
    join(project, 'src', name),
  );
  const newest = Math.max(...[...sources, join(project, 'pom.xml')].map((path) => statSync(path).mtimeMs));
  return statSync(classPathFile).mtimeMs >= newest;
}

function build(program: JavaProgram): Availability {
  let said = '';
  for (const mode of [['-o'], []]) {
    const run = spawnSync('mvn', ['-q', '-B', ...mode, 'process-classes'], {
      cwd: folderOf(program),
      encoding: 'utf8',
      timeout: BUILD_LIMIT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (run.error !== undefined && 'code' in run.error && run.error.code === 'ENOENT') {
      return { ok: false, missing: 'it is not built, and no mvn is on the PATH' };
    }
    if (run.status === 0) {
      // Maven leaves the file alone when it would write the same: its time says when the build was.
      utimesSync(classPathFileOf(program), new Date(), new Date());
      return { ok: true };
    }
    said = `${run.stdout}${run.stderr}`.trim();
  }
  return { ok: false, missing: `its build fails: ${said.slice(0, 2000)}` };
}
