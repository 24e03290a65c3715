/**
 * A timer of one millisecond, and how late it was at most.
 *
 * What counts is how long the event loop kept it waiting. A thread that could run and was given no processor did not keep anybody
 * waiting: the kernel counts that time for each thread, and it is taken off.
 */
import { readFileSync } from 'node:fs';

const schedstat = `/proc/self/task/${process.pid}/schedstat`;

/** Milliseconds of the main thread since it began: on a processor, and waiting for one. */
function spent() {
  const [running, waiting] = readFileSync(schedstat, 'latin1').split(' ');
  return { running: Number(running) / 1e6, waiting: Number(waiting) / 1e6 };
}

export class LateTimer {
  ticks = 0;
  /** Milliseconds. Of the latest tick: how late, what the processor was not there for taken off; with it; and how much of it was spent working. */
  mostLate = 0;
  latest = { late: 0, working: 0 };
  #due = 0;
  #before;
  #timer;

  begin() {
    this.#before = spent();
    this.#due = performance.now() + 1;
    // Timed, because being late is what it is about.
    this.#timer = setTimeout(() => this.#tick(), 1);
  }

  end() {
    clearTimeout(this.#timer);
  }

  #tick() {
    const late = performance.now() - this.#due;
    this.ticks++;
    if (late > this.mostLate) {
      const { running, waiting } = spent();
      const kept = late - (waiting - this.#before.waiting);
      if (kept > this.mostLate) {
        this.mostLate = kept;
        this.latest = { late, working: running - this.#before.running };
      }
    }
    this.begin();
  }
}
