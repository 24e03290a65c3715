/** Errors: codes, what is retriable, the sentences, and the table of the engine's statuses against status.h. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { abortError, StoreError, statusCode, statusError, storeError, systemError } from '../ts/errors.js';

test('an error is a StoreError with its code, and nothing stored unless said', () => {
  const error = storeError('UNKNOWN_TOPIC', 'There is no topic x.');
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toBeInstanceOf(Error);
  expect(error.code).toBe('UNKNOWN_TOPIC');
  expect(error.name).toBe('StoreError');
  expect(error.stored).toBe('no');
  expect(error.retriable).toBe(false);
  expect(error.details).toEqual({});
  expect('cause' in error).toBe(false);
  expect(error.stack).toMatch(/^StoreError: There is no topic x\./);
});

test('the details of an error cannot be changed, nor can the caller change them behind its back', () => {
  const details = { path: '/a' };
  const error = storeError('IO_ERROR', 'x', { details });
  details.path = '/b';
  expect(error.details.path).toBe('/a');
  expect(Object.isFrozen(error.details)).toBe(true);
});

test('ABORTED is an AbortError whose cause is the reason of the signal', () => {
  const reason = new Error('changed my mind');
  const error = abortError('append', AbortSignal.abort(reason));
  expect(error.name).toBe('AbortError');
  expect(error.code).toBe('ABORTED');
  expect(error.cause).toBe(reason);
  expect(inspect(error)).toContain('AbortError');
});

test('only what was not stored, and is cured by waiting or by space, is retriable', () => {
  expect(storeError('BUSY', 'x').retriable).toBe(true);
  expect(storeError('DISK_FULL', 'x').retriable).toBe(true);
  expect(storeError('DISK_FULL', 'x', { retriable: false }).retriable).toBe(false);
  expect(storeError('DISK_FULL', 'x', { stored: 'unknown' }).retriable).toBe(false);
  expect(storeError('FLUSH_TIMEOUT', 'x', { stored: 'yes', retriable: true }).retriable).toBe(false);
  expect(storeError('FLUSH_FAILED', 'x').retriable).toBe(false);
});

test('every status of the engine has a code and a sentence, under the number that status.h gives it', () => {
  const header = readFileSync(new URL('../native/engine/status.h', import.meta.url), 'utf8');
  const numbers = new Map(Array.from(header.matchAll(/^ {2}k(\w+) = (\d+),/gm), ([, name = '', number]) => [name, Number(number)]));
  const expected: Record<string, string> = {
    Busy: 'BUSY',
    DiskFull: 'DISK_FULL',
    IoError: 'IO_ERROR',
    TooManyFiles: 'TOO_MANY_FILES',
    Corruption: 'CORRUPTION',
    FormatMismatch: 'FORMAT_MISMATCH',
    Locked: 'LOCKED',
    NotFound: 'INVALID_OPTIONS',
    Exists: 'INVALID_OPTIONS',
    ReadOnly: 'READ_ONLY',
    FlushFailed: 'FLUSH_FAILED',
    TooLarge: 'MESSAGE_TOO_LARGE',
    NotOpen: 'NOT_OPEN',
    Aborted: 'ABORTED',
    WouldBlock: 'IO_ERROR',
    Invalid: 'INVALID_ARGUMENT',
    PropertiesTooLarge: 'PROPERTIES_TOO_LARGE',
  };
  expect([...numbers.keys()].sort()).toEqual(['Ok', ...Object.keys(expected)].sort());
  for (const [name, code] of Object.entries(expected)) {
    const status = numbers.get(name) ?? -1;
    expect([name, statusCode(status)]).toEqual([name, code]);
    expect(statusError(status, { doing: 'turn the wheel' }).message).toMatch(/turn the wheel.*\.$/);
  }
  expect(statusCode(0)).toBeUndefined();
});

test('a status error names what was asked, the file, the position and the reason', () => {
  const error = statusError(3, { doing: 'append to topic "T"', errno: 5, position: 4096, path: '/store/commitlog/0' });
  expect(error.code).toBe('IO_ERROR');
  expect(error.message).toContain('append to topic "T" (/store/commitlog/0, position 4096): EIO, i/o error');
  expect(error.details).toEqual({ path: '/store/commitlog/0', position: 4096, errno: 'EIO' });
});

test('what the engine leaves empty is absent from the details', () => {
  expect(statusError(1, { doing: 'append', errno: 0, position: -1, path: '' }).details).toEqual({});
  expect(statusError(8, { doing: 'open the store', path: '/nowhere' }).details).toEqual({ path: '/nowhere', errno: 'ENOENT' });
});

test('a path that the operating system does not find is an IO_ERROR, not an option of the caller', () => {
  const error = statusError(8, { doing: 'append', errno: 2, path: '/store/commitlog/0' });
  expect(error.code).toBe('IO_ERROR');
  expect(error.message).toContain('append (/store/commitlog/0): ENOENT');
});

test('the caller may know better which code it is, and what was stored', () => {
  const error = statusError(8, { doing: 'read', code: 'UNKNOWN_QUEUE', stored: 'unknown', cause: 'c' });
  expect(error).toMatchObject({ code: 'UNKNOWN_QUEUE', stored: 'unknown', cause: 'c' });
});

test('LOCKED names the process that holds the store when it is known', () => {
  expect(statusError(7, { doing: 'open the store', path: '/s', holder: 4711 }).message).toContain('process 4711 has it open');
  expect(statusError(7, { doing: 'open the store', path: '/s' }).message).toContain('another process');
});

test('a status that this version does not know asks for a new build', () => {
  expect(statusError(99, { doing: 'append' })).toMatchObject({ code: 'IO_ERROR', message: expect.stringContaining('99') });
});

test('errors of node:fs become full disk, too many files or IO_ERROR, with their cause', () => {
  const failing = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });
  expect(systemError(failing('ENOSPC'), 'save', '/f')).toMatchObject({ code: 'DISK_FULL', retriable: true });
  expect(systemError(failing('EDQUOT'), 'save', '/f').code).toBe('DISK_FULL');
  expect(systemError(failing('EMFILE'), 'save', '/f').code).toBe('TOO_MANY_FILES');
  const cause = failing('EACCES');
  const error = systemError(cause, 'save', '/f');
  expect(error).toMatchObject({ code: 'IO_ERROR', cause, details: { path: '/f', errno: 'EACCES' } });
  expect(systemError('what', 'save', '/f').details).toEqual({ path: '/f' });
});
