/**
 * The peers in Java: built by Maven where there is one, and the command line of each.
 *
 * They live in bench/peers/java, a module each with a class path of its own, and speak what peer.ts says. Nothing is asked of the
 * network when everything that Maven needs is in its local repository already. What cannot be built or run is missing, with the
 * reason.
 *
 * Here, and nowhere else, is what their virtual machines are told: collector and its settings as each project's own start script
 * has them, a heap that holds what they keep (what they store is in mapped files and the page cache), and the packages they must
 * open.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface JavaProgram {
  readonly name: string;
  /** Program and arguments; or the reason why there is none. */
  readonly command: readonly string[] | { readonly missing: string };
}

const oldestJava = 17;
const javaLimitMillis = 30_000;
const buildLimitMillis = 10 * 60_000;

const complain = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
const parallel = `-Xms1g -Xmx4g -XX:+UseParallelGC ${complain}`;
const opened = (packages: string): string => each('--add-opens', packages);
const exported = (packages: string): string => each('--add-exports', packages);

/** By name: its module, and what its virtual machine is told, in words between blanks. */
const peers: Readonly<Record<string, { readonly module: string; readonly options: readonly string[] }>> = {
  rocketmq: {
    module: 'rocketmq',
    options: [
      '-Xms2g -Xmx2g -XX:MaxDirectMemorySize=15g -XX:+UseG1GC -XX:G1HeapRegionSize=16m -XX:G1ReservePercent=25',
      '-XX:InitiatingHeapOccupancyPercent=30',
      opened('java.base/java.nio java.base/sun.nio.ch java.base/jdk.internal.ref java.base/jdk.internal.misc'),
    ],
  },
  kafka: {
    module: 'kafka',
    options: [
      '-Xms1g -Xmx1g -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:MaxInlineLevel=15',
      `-XX:+ExplicitGCInvokesConcurrent ${complain}`,
    ],
  },
  artemis: { module: 'artemis', options: [parallel] },
  artemisaio: { module: 'artemis', options: [parallel] },
  chronicle: {
    module: 'chronicle',
    options: [
      `-Xms1g -Xmx1g ${complain} -Dchronicle.analytics.disable=true -Dchronicle.announcer.disable=true`,
      opened('java.base/java.lang java.base/java.lang.reflect java.base/java.io java.base/java.util java.base/java.nio'),
      opened('java.base/sun.nio.ch jdk.compiler/com.sun.tools.javac'),
      exported('java.base/jdk.internal.ref java.base/sun.nio.ch jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file'),
    ],
  },
};

function each(option: string, packages: string): string {
  return packages
    .split(' ')
    .map((name) => `${option}=${name}=ALL-UNNAMED`)
    .join(' ');
}

/** Builds what is older than its sources, and says how each peer is started. `root`: the folder of the project's package.json. */
export async function buildJavaPeers(root: string): Promise<readonly JavaProgram[]> {
  const project = join(root, 'bench', 'peers', 'java');
  const missing = (await missingJava()) ?? (isBuilt(project) ? undefined : await build(project));
  return javaCommands(root, missing);
}

/** The command line of each peer as it is built; or of none, for the reason given. */
export function javaCommands(root: string, missing?: string): readonly JavaProgram[] {
  return Object.entries(peers).map(([name, { module, options }]) => {
    const folder = join(root, 'bench', 'peers', 'java', module);
    if (missing !== undefined) return { name, command: { missing } };
    // Only where a module has a library of its own.
    const libraries = `-Djava.library.path=${join(folder, 'target', 'native', 'lib', 'linux-x86_64')}`;
    const words = [...options.join(' ').split(' '), libraries, '-cp', classPath(folder).join(delimiter)];
    return { name, command: ['java', ...words, 'millrace.bench.Main', name] };
  });
}

/** A module's own classes first. */
function classPath(folder: string): string[] {
  return [join(folder, 'target', 'classes'), ...readFileSync(classPathFile(folder), 'utf8').trim().split(delimiter)];
}

function classPathFile(folder: string): string {
  return join(folder, 'target', 'classpath.txt');
}

function modules(project: string): string[] {
  return [...new Set(Object.values(peers).map(({ module }) => join(project, module)))];
}

function isBuilt(project: string): boolean {
  const sources = readdirSync(project, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.split(/[/\\]/).includes('target'))
    .map((path) => statSync(join(project, path)).mtimeMs);
  const newest = Math.max(...sources);
  return modules(project).every(
    (folder) =>
      existsSync(classPathFile(folder)) &&
      statSync(classPathFile(folder)).mtimeMs >= newest &&
      classPath(folder).every((path) => existsSync(path)),
  );
}

async function missingJava(): Promise<string | undefined> {
  const { status, said } = await run('java', ['-version'], process.cwd(), javaLimitMillis);
  if (status === undefined) return 'no java on the PATH';
  const version = Number(/version "(\d+)/.exec(said)?.[1] ?? 0);
  return version < oldestJava ? `java is version ${version}, at least ${oldestJava} is needed` : undefined;
}

/** The reason why they are not built. */
async function build(project: string): Promise<string | undefined> {
  let complaint = '';
  for (const mode of [['-o'], []]) {
    const { status, said } = await run('mvn', ['-q', '-B', ...mode, 'process-classes'], project, buildLimitMillis);
    if (status === undefined) return 'not built, and no mvn on the PATH';
    if (status === 0) {
      // Maven leaves a file alone when it would write the same: its time says when the build was.
      for (const folder of modules(project)) utimesSync(classPathFile(folder), new Date(), new Date());
      return undefined;
    }
    complaint = said;
  }
  process.stderr.write(complaint);
  return `the build fails: ${/ERROR\] *(\S.*)/.exec(complaint)?.[1] ?? 'it says nothing'}`;
}

/** What a program said on both its outputs; without status when it could not be started. A late one is killed, and has failed. */
function run(
  program: string,
  words: readonly string[],
  cwd: string,
  limitMillis: number,
): Promise<{ status: number | undefined; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { cwd, timeout: limitMillis, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', () => resolve({ status: undefined, said }));
    child.once('close', (status) => resolve({ status: status ?? 1, said }));
  });
}
