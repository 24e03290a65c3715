/**
 * The seed of random tests: printed by each file that uses it, and taken from MILLRACE_TEST_SEED to run the same again.
 */
export const testSeed: number = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

if (!Number.isSafeInteger(testSeed)) throw new Error('MILLRACE_TEST_SEED is not a whole number');
console.info(`MILLRACE_TEST_SEED=${testSeed}`);
