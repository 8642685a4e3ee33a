// node --test tests/js
import assert from 'node:assert/strict';
import test from 'node:test';
import { hexToU8a, u8aToHex } from '@polkadot/util';
import { decodeMeterState, encodeReading, meterStateKey, possessionPayload, readingPayload } from './reading.mjs';

const READING = { meter: 7, epoch: 1, interval: 1_980_000, register: 12_345_678_901n, quality: 'Measured' };

test('reading encodes to the bytes that the primitives crate writes out', () => {
  assert.equal(u8aToHex(encodeReading(READING)), '0x1c0482d9780007351cdcdf0200');
});

test('payload is domain, genesis hash and reading', () => {
  const payload = readingPayload(new Uint8Array(32).fill(0xab), READING);
  assert.equal(payload.length, 21 + 32 + 13);
  assert.equal(new TextDecoder().decode(payload.subarray(0, 21)), 'heliograph/reading/v1');
});

test('proof of possession binds the owner', () => {
  const alice = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
  const payload = possessionPayload(new Uint8Array(32), alice);
  assert.equal(u8aToHex(payload.subarray(-32)), '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d');
});

test('storage key ends in the meter number', () => {
  assert.equal(meterStateKey(258).length, 36);
  assert.equal(u8aToHex(meterStateKey(258).subarray(32)), '0x02010000');
});

test('state decodes from its fixed-width fields', () => {
  const bytes = new Uint8Array(46);
  bytes.set(hexToU8a('0x0100' + '02000000' + '0300000000000000' + '04'), 0);
  bytes[30] = 5;
  assert.deepEqual(decodeMeterState(bytes), { epoch: 1, lastInterval: 2, register: '3', attested: '4', recovered: '5' });
});
