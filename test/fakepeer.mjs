/**
 * A peer of the benchmark that stores nothing, for tests of those who ask it: what it does with an order is in the order's `directory`.
 *
 * `fill` leaves its process id there, `open` tells whether that process is gone.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const answers = {
  append: ({ directory }) => {
    if (directory.endsWith('unsupported')) return { unsupported: 'it cannot' };
    if (directory.endsWith('error')) return { error: 'Error: it broke\n    at somewhere\n    at elsewhere' };
    if (directory.endsWith('nonsense')) return { sample: { messagesPerSecond: null } };
    if (directory.endsWith('die')) {
      console.error('its last words');
      process.exit(3);
    }
    return directory.endsWith('hang') ? undefined : { sample: { messagesPerSecond: 1000 } };
  },
  fill: ({ directory, bytes }) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(`${directory}/pid`, String(process.pid));
    return { sample: { millis: 1, bodyBytes: bytes } };
  },
  open: ({ directory }) => {
    const filler = Number(readFileSync(`${directory}/pid`, 'utf8'));
    return { sample: { openMillis: 1, fillerIsAlive: isAlive(filler) ? 1 : 0, isFresh: filler === process.pid ? 0 : 1 } };
  },
  close: () => ({ closed: true }),
};

if (process.argv[2] === 'mute') {
  console.error('no such package');
  process.exit(1);
}
say({ peer: 'fake', version: '1.2.3', configuration: 'as it is' });
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const answer = answers[order.order](order);
  if (answer !== undefined) say(answer);
  if (order.order === 'close') break;
}
process.stdin.destroy();
