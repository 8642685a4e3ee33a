// The signed reading, written from its description and not from the project's own code: an independent second
// implementation of what a device signs and of what the chain keeps.
import { compactToU8a, stringToU8a, u8aConcat, u8aToBn } from '@polkadot/util';
import { decodeAddress, xxhashAsU8a } from '@polkadot/util-crypto';

export const QUALITIES = ['Measured', 'Recovered'];

/** SCALE of a reading: four compact numbers and the index of the quality. */
export function encodeReading({ meter, epoch, interval, register, quality = 'Measured' }) {
  return u8aConcat(
    compactToU8a(meter),
    compactToU8a(epoch),
    compactToU8a(interval),
    compactToU8a(BigInt(register)),
    Uint8Array.of(QUALITIES.indexOf(quality))
  );
}

/** What a meter's key signs. */
export function readingPayload(genesis, reading) {
  return u8aConcat(stringToU8a('heliograph/reading/v1'), genesis, encodeReading(reading));
}

/** What a meter's key signs to agree to its owner. */
export function possessionPayload(genesis, owner) {
  return u8aConcat(stringToU8a('heliograph/possession/v1'), genesis, decodeAddress(owner));
}

/** What a meter's old ed25519 key signs to hand over to a new one. */
export function rotationPayload(genesis, meter, newKey) {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, meter, true);
  return u8aConcat(stringToU8a('heliograph/rotation/v1'), genesis, number, Uint8Array.of(0), newKey.publicKey);
}

/** `keypair` signs `reading` for the chain with this genesis hash. */
export function signReading(keypair, genesis, reading) {
  return { reading: { quality: 'Measured', ...reading }, signature: keypair.sign(readingPayload(genesis, reading)) };
}

/** The meter part of an application for an ed25519 key. */
export function meterApplication(keypair, genesis, owner, flow, nameplate) {
  return {
    key: { Ed25519: keypair.publicKey },
    flow,
    nameplate,
    possession: keypair.sign(possessionPayload(genesis, owner)),
  };
}

/** The storage key of a meter's state: `Metering::MeterStates`, whose hasher is the identity. */
export function meterStateKey(meter) {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, meter, true);
  return u8aConcat(xxhashAsU8a('Metering', 128), xxhashAsU8a('MeterStates', 128), number);
}

/** The first fields of a meter's state, from its fixed-width SCALE. */
export function decodeMeterState(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    epoch: view.getUint16(0, true),
    lastInterval: view.getUint32(2, true),
    register: view.getBigUint64(6, true).toString(),
    attested: u8aToBn(bytes.subarray(14, 30), { isLe: true }).toString(),
    recovered: u8aToBn(bytes.subarray(30, 46), { isLe: true }).toString(),
  };
}
