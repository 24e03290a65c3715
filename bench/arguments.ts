/** The command line of `npm run bench`: what is asked for, or an error that says what was wrong with it. */
import { parseArgs } from 'node:util';

export interface Arguments {
  readonly scale: 'quick' | 'full';
  readonly isExhaustive: boolean;
  /** Names of questions, or pieces of names of probes; undefined: everything. */
  readonly only: readonly string[] | undefined;
  readonly rounds: number;
  readonly millis: number;
  /** Where the temporary directory is made; undefined: bench/build. */
  readonly directory: string | undefined;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly isListing: boolean;
  readonly isHelp: boolean;
}

export const usage = `npm run bench -- [options]

  --quick         about two minutes, with fewer probes; without it less than twenty
  --all           every combination of the question flush; takes an hour or more
  --only <a,b>    these questions, or the probes whose names contain one of these; limits and targets that need others stay open
  --rounds <n>    default 5
  --millis <n>    of one round of one probe; default 200, with --quick 80
  --dir <path>    where the temporary directory is made: on the disk to be measured; default bench/build
  --json <file>   everything that was measured, round by round
  --html <file>   a report with charts
  --list          names of the questions and their probes; measures nothing
  --help          this text

The table goes to standard output, progress to standard error.
`;

export function parseArguments(words: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      millis: { type: 'string' },
      dir: { type: 'string' },
      json: { type: 'string' },
      html: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.quick && values.all) throw new Error('--quick and --all ask for opposite things');
  for (const name of ['dir', 'json', 'html'] as const) if (values[name] === '') throw new Error(`--${name} is a path`);
  return {
    scale: values.quick ? 'quick' : 'full',
    isExhaustive: values.all,
    only: wanted(values.only),
    rounds: positive('rounds', values.rounds),
    millis: positive('millis', values.millis ?? (values.quick ? '80' : '200')),
    directory: values.dir,
    json: values.json,
    html: values.html,
    isListing: values.list,
    isHelp: values.help,
  };
}

function wanted(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new Error('--only is a list of names with commas between them');
  return names;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1, not ${text}`);
  return value;
}
