/** Opens the store in the directory given, appends one message, says `open`, and keeps the store until it is killed. */
import { MessageStore } from '../../../dist/index.js';

const store = await MessageStore.open(process.argv[2]);
await store.append({ topic: 'T', body: 'held' });
process.stdout.write('open\n');
process.stdin.resume();
