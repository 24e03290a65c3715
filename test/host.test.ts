/** Hosts: the text form and the bytes, both ways. */

import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatHost, localHost, parseHost } from '../ts/host.js';
import { thrownBy } from './failure.js';
import { testSeed } from './seed.js';

test('IPv4 and bracketed IPv6 with a port are parsed', () => {
  expect(parseHost('10.9.8.7:10911', 'storeHost')).toEqual({ bytes: Uint8Array.of(10, 9, 8, 7), port: 10911 });
  const v6 = parseHost('[fe80::5]:80', 'storeHost');
  expect(Buffer.from(v6.bytes).toString('hex')).toBe('fe800000000000000000000000000005');
  expect(v6.port).toBe(80);
  expect(Buffer.from(parseHost('[::ffff:1.2.3.4]:0', 'h').bytes).toString('hex')).toBe('00000000000000000000ffff01020304');
  expect(Buffer.from(parseHost('[::]:0', 'h').bytes)).toEqual(Buffer.alloc(16));
  expect(parseHost('127.0.0.1:0', 'h')).toBe(localHost);
});

test.each([
  '',
  '1.2.3.4',
  '1.2.3.4:',
  '1.2.3:80',
  '1.2.3.256:1',
  '1.2.3.4:65536',
  '::1:80',
  '[::1]',
  '[::1%eth0]:80',
  '[1.2.3.4]:80',
  'localhost:80',
  '[1::2::3]:80',
  ' 1.2.3.4:80',
  5,
  null,
  undefined,
])('%j is refused, and the argument named', (text) => {
  const error = thrownBy(() => parseHost(text, 'bornHost'));
  expect(error.code).toBe('INVALID_ARGUMENT');
  expect(error.message).toContain('bornHost');
});

test('the code of the error is the one that the caller wants', () => {
  expect(thrownBy(() => parseHost('x', 'storeHost', 'INVALID_OPTIONS')).code).toBe('INVALID_OPTIONS');
});

test('IPv6 is written in its shortest form', () => {
  const format = (hex: string): string => formatHost(Buffer.from(hex, 'hex'), 1);
  expect(format('20010db8000000000000000000000001')).toBe('[2001:db8::1]:1');
  expect(format('00000000000000000000000000000000')).toBe('[::]:1');
  expect(format('00010000000300040005000600070008')).toBe('[1:0:3:4:5:6:7:8]:1');
  expect(format('00010000000000040000000000070008')).toBe('[1::4:0:0:7:8]:1');
  expect(format('00010002000300040005000600000000')).toBe('[1:2:3:4:5:6::]:1');
});

test('what was written is read back as the same bytes and port', () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 }).map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 65535 }), (bytes, port) => {
      const text = formatHost(bytes, port);
      if (bytes.length === 16) expect(isIPv6(text.slice(1, text.lastIndexOf(']')))).toBe(true);
      const host = parseHost(text, 'h');
      expect(Buffer.from(host.bytes)).toEqual(Buffer.from(bytes));
      expect(host.port).toBe(port);
    }),
    { seed: testSeed, numRuns: 500 },
  );
});
