/** Receipts: plain fields, and the message id on demand. */
import { expect, test } from 'vitest';
import { parseHost } from '../ts/host.js';
import { AppendReceipt, messageIdHost } from '../ts/receipt.js';

function receipt(position: number, host = '10.9.8.7:10911'): AppendReceipt {
  return new AppendReceipt('GoldenTopic', 3, 7, position, 197, 1700000000123, 'durable', messageIdHost(parseHost(host, 'host')));
}

test('the message id is the one that RocketMQ gives', () => {
  expect(receipt(0).messageId).toBe('0A09080700002A9F0000000000000000');
  expect(receipt(197).messageId).toBe('0A09080700002A9F00000000000000C5');
  expect(receipt(2 ** 53 - 1).messageId).toBe('0A09080700002A9F001FFFFFFFFFFFFF');
  expect(receipt(1, '[fe80::5]:80').messageId).toBe('FE800000000000000000000000000005000000500000000000000001');
});

test('the fields are its own, and JSON has the message id too', () => {
  const fields = {
    topic: 'GoldenTopic',
    queueId: 3,
    offset: 7,
    position: 197,
    size: 197,
    storeTimestamp: 1700000000123,
    durability: 'durable',
  };
  expect({ ...receipt(197) }).toEqual(fields);
  expect(JSON.parse(JSON.stringify(receipt(197)))).toEqual({ ...fields, messageId: '0A09080700002A9F00000000000000C5' });
});
