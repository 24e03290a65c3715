/**
 * Runs the broker: `node main.js <directory> [--host <address>] [--port <port>] [--advertise <address>]`.
 *
 * Prints where it listens. SIGINT and SIGTERM stop it as it should be stopped.
 */
import { parseArgs } from 'node:util';
import { Broker } from './broker.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { host: { type: 'string' }, port: { type: 'string' }, advertise: { type: 'string' } },
});
const [directory] = positionals;
if (directory === undefined) throw new Error('usage: main <directory> [--host <address>] [--port <port>] [--advertise <address>]');

const broker = await Broker.start({
  directory,
  host: values.host,
  port: values.port === undefined ? undefined : Number(values.port),
  advertisedHost: values.advertise,
});
console.log(`listening on ${broker.address}`);

await new Promise<void>((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
await broker.stop();
console.log('stopped');
