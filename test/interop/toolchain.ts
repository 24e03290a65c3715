/**
 * Finds Java and Maven and builds the referee (test/interop/java) when its class files are missing or older than a source.
 *
 * Nothing is asked of the network if everything Maven needs is in its local repository already. Synchronous, and not made for two
 * builds at once: setup.ts calls it before any test runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whether the referee can be started: built, and with a Java to run it; else what is missing, as half a sentence. */
export type Availability = { ok: true } | { ok: false; missing: string };

const project = fileURLToPath(new URL('./java', import.meta.url));
const classes = join(project, 'target/classes');
const classPathFile = join(project, 'target/classpath.txt');
const OLDEST_JAVA = 17;
const BUILD_LIMIT_MS = 10 * 60_000;

export function available(): Availability {
  const version = javaVersion();
  if (version === undefined) {
    return { ok: false, missing: 'no java on the PATH' };
  }
  if (version < OLDEST_JAVA) {
    return { ok: false, missing: `java is version ${version}, at least ${OLDEST_JAVA} is needed` };
  }
  return isBuilt() ? { ok: true } : build();
}

/** The class path of the built referee, its own classes first. */
export function classPath(): string {
  return [classes, readFileSync(classPathFile, 'utf8').trim()].join(':');
}

function javaVersion(): number | undefined {
  const asked = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const found = /version "(\d+)/.exec(asked.stderr ?? '');
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

function isBuilt(): boolean {
  if (
    !existsSync(classPathFile) ||
    !classPath()
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

function build(): Availability {
  let said = '';
  for (const mode of [['-o'], []]) {
    const run = spawnSync('mvn', ['-q', '-B', ...mode, 'process-classes'], {
      cwd: project,
      encoding: 'utf8',
      timeout: BUILD_LIMIT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (run.error !== undefined && 'code' in run.error && run.error.code === 'ENOENT') {
      return { ok: false, missing: 'it is not built, and no mvn is on the PATH' };
    }
    if (run.status === 0) {
      return { ok: true };
    }
    said = `${run.stdout}${run.stderr}`.trim();
  }
  return { ok: false, missing: `its build fails: ${said.slice(0, 2000)}` };
}
