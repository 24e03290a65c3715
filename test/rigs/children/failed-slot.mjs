/** A store that cannot sync its own record of what is durable: `node failed-slot.mjs <directory>`. Prints as JSON what callers saw of it. */
import { MessageStore } from '../../../dist/index.js';
import { setFaults } from '../shim/control.mjs';
import { bodiesOf, outcomeOf } from './outcome.mjs';

const directory = process.argv[2];
let tell;
const told = new Promise((resolve) => {
  tell = resolve;
});
const store = await MessageStore.open(directory, { onBackgroundError: ({ code, message }) => tell({ code, message }) });
setFaults({ fdatasync: { error: 5 } }, 'millrace/watermarks');
const result = { first: await outcomeOf(store.append({ topic: 'T', body: 'first' })) };
const keepAlive = setInterval(() => undefined, 1000);
result.told = await told;
clearInterval(keepAlive);
result.later = await outcomeOf(store.append({ topic: 'T', body: 'later' }));
result.close = await outcomeOf(store.close());
setFaults({});
const next = await MessageStore.open(directory);
result.bodies = await bodiesOf(next, 'T');
await next.close();
process.stdout.write(JSON.stringify(result));
