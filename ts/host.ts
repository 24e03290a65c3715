/**
 * Hosts: `address:port` as people write them, 4 or 16 bytes and a port as records hold them.
 *
 * A `Host` is never changed after it was made, its bytes included: the same one is handed to many callers (the last few that were parsed
 * are remembered, for the producers of a broker are few). IPv6 is written as RFC 5952 asks for, always in brackets.
 */
import { isIPv4, isIPv6 } from 'node:net';

import { type StoreErrorCode, storeError } from './errors.js';

export interface Host {
  /** 4 or 16 bytes in network order. Do not write to it. */
  readonly bytes: Uint8Array;
  readonly port: number;
}

/** 127.0.0.1:0, what stands where no host was given. */
export const localHost: Host = Object.freeze({ bytes: Uint8Array.of(127, 0, 0, 1), port: 0 });

const rememberedMax = 256;
const remembered = new Map<string, Host>([['127.0.0.1:0', localHost]]);

/** Parses `1.2.3.4:10911` or `[fe80::5]:80`. `argument` is named in the error, which has the given code. */
export function parseHost(text: unknown, argument: string, code: StoreErrorCode = 'INVALID_ARGUMENT'): Host {
  if (typeof text === 'string') {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const host = parse(text);
    if (host !== undefined) {
      if (remembered.size >= rememberedMax) remembered.clear();
      remembered.set(text, host);
      return host;
    }
  }
  throw storeError(
    code,
    `${argument} is ${describe(text)}, which is not address:port. Write it like 10.1.2.3:10911, or with IPv6 in brackets [fe80::5]:10911; ` +
      'names are not looked up.',
  );
}

/** The text form of 4 or 16 bytes of address and a port. */
export function formatHost(bytes: Uint8Array, port: number): string {
  return bytes.length === 4 ? `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}:${port}` : `[${formatV6(bytes)}]:${port}`;
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : typeof value;
}

function parse(text: string): Host | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):([0-9]{1,5})$/i.exec(text);
  if (match === null) return undefined;
  const [, v6, v4, digits] = match;
  const port = Number(digits);
  if (port > 65535) return undefined;
  if (v4 !== undefined) return isIPv4(v4) ? Object.freeze({ bytes: Uint8Array.from(v4.split('.'), Number), port }) : undefined;
  return v6 !== undefined && isIPv6(v6) ? Object.freeze({ bytes: parseV6(v6), port }) : undefined;
}

/** `text` is known to be well-formed. */
function parseV6(text: string): Uint8Array {
  let groups = text;
  const dot = text.indexOf('.');
  if (dot >= 0) {
    const lastColon = text.lastIndexOf(':');
    const [a = 0, b = 0, c = 0, d = 0] = text
      .slice(lastColon + 1)
      .split('.')
      .map(Number);
    groups = `${text.slice(0, lastColon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = groups.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const bytes = new Uint8Array(16);
  const put = (group: string, index: number): void => {
    const value = Number.parseInt(group, 16);
    bytes[index * 2] = value >> 8;
    bytes[index * 2 + 1] = value & 0xff;
  };
  before.forEach(put);
  after.forEach((group, index) => {
    put(group, 8 - after.length + index);
  });
  return bytes;
}

function formatV6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));

  // The longest run of at least two zero groups is left out; of equally long ones the first.
  let runAt = -1;
  let runCount = 1;
  for (let at = 0; at < 8; ) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > runCount) {
      runAt = at;
      runCount = end - at;
    }
    at = end + 1;
  }
  const hex = groups.map((group) => group.toString(16));
  return runAt < 0 ? hex.join(':') : `${hex.slice(0, runAt).join(':')}::${hex.slice(runAt + runCount).join(':')}`;
}
