/** Many requests, few saves; and nobody is told "saved" before a save that began after the request. */
import { expect, test } from 'vitest';
import { SaveCoalescer } from '../../ts/config/coalescer.js';

/** A save that ends when the test says so, and remembers what stood when it began. */
function slowSaves(): {
  saves: SaveCoalescer;
  begun: number[];
  end: (error?: Error) => void;
  state: { value: number };
  begins: () => Promise<void>;
} {
  const state = { value: 0 };
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  let noticed = 0;
  let wake: (() => void) | undefined;
  const saves = new SaveCoalescer(
    () =>
      new Promise((resolve, reject) => {
        begun.push(state.value);
        ends.push((error) => (error === undefined ? resolve() : reject(error)));
        wake?.();
      }),
  );
  const begins = async (): Promise<void> => {
    while (begun.length <= noticed) await new Promise<void>((resolve) => (wake = resolve));
    noticed++;
  };
  return { saves, begun, end: (error) => ends.shift()?.(error), state, begins };
}

test('requests of one turn share one save of what stands at its end', async () => {
  const { saves, begun, end, state, begins } = slowSaves();
  const requests = [1, 2, 3].map((value) => {
    state.value = value;
    return saves.request();
  });
  await begins();
  end();
  await Promise.all(requests);
  expect(begun).toEqual([3]);
});

test('requests made while a save runs share the next one, which waits for the first', async () => {
  const { saves, begun, end, state, begins } = slowSaves();
  state.value = 1;
  const first = saves.request();
  await begins();
  state.value = 2;
  const second = saves.request();
  state.value = 3;
  const third = saves.request();
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual([1]);
  let isSecondSaved = false;
  void second.then(() => (isSecondSaved = true));
  end();
  await first;
  await begins();
  expect(isSecondSaved).toBe(false);
  expect(begun).toEqual([1, 3]);
  end();
  await Promise.all([second, third]);
});

test('a failed save rejects those who shared it, and the next request tries again', async () => {
  const { saves, begun, end, begins } = slowSaves();
  const first = saves.request();
  const second = saves.request();
  const outcomes = Promise.allSettled([first, second]);
  await begins();
  const third = saves.request();
  end(new Error('no space'));
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await begins();
  end();
  await third;
  expect(begun).toHaveLength(2);
});

test('idle resolves when nothing is left, also after a failure that nobody looked at', async () => {
  const { saves, end, begins } = slowSaves();
  await saves.idle();
  void saves.request();
  await begins();
  let isIdle = false;
  const idle = saves.idle().then(() => (isIdle = true));
  void saves.request();
  end(new Error('no space'));
  await begins();
  expect(isIdle).toBe(false);
  end();
  await idle;
});
