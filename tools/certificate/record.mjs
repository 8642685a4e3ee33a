// The record of a retirement: everything that its certificate shows, and nothing that can still change when nobody mends
// its texts any more. What becomes of the rest of an issuance, for one, is not part of it.
import { stringToU8a, u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';

/** The version of the record and of its picture. A file says which one it has; a change of either needs a new number. */
export const VERSION = 1;

const hex = (bytes) => u8aToHex(bytes.toU8a(true));
const optional = (value, convert) => (value.isSome ? convert(value.unwrap()) : null);

const checkpoint = ({ position, recovered, voided, interval, epoch, register, history }) => ({
  position: position.toString(),
  recovered: recovered.toString(),
  voided: voided.toString(),
  interval: interval.toNumber(),
  epoch: epoch.toNumber(),
  register: register.toString(),
  history: hex(history),
});

const storage = ({ charge, efficiency, measured }) => ({
  meter: charge.meter.toNumber(),
  from: charge.from.toString(),
  to: charge.to.toString(),
  since: charge.since.toNumber(),
  until: checkpoint(charge.until),
  originals: charge.originals.map((certificate) => certificate.toNumber()),
  efficiency: efficiency.toNumber(),
  measured: measured.toNumber(),
});

const issuance = (entry) => ({
  request: entry.request.toNumber(),
  miner: entry.miner.toNumber(),
  meter: entry.meter.toNumber(),
  owner: hex(entry.owner),
  source: entry.profile.source.type,
  method: entry.profile.method.type,
  capacity: entry.profile.capacity.toNumber(),
  location: hex(entry.profile.location),
  area: hex(entry.profile.gridArea),
  commissioned: entry.profile.commissioned.toNumber(),
  from: checkpoint(entry.from),
  to: checkpoint(entry.to),
  energy: entry.energy.toString(),
  recovered: entry.recovered.toString(),
  voided: entry.voided.toString(),
  storage: optional(entry.storage, storage),
  factor: optional(entry.emissionFactor, ({ mgPerKwh, source }) => ({ mg_per_kwh: mgPerKwh.toNumber(), source: hex(source) })),
  evidence: hex(entry.documents.evidence),
  url: hex(entry.documents.url),
  memo: hex(entry.documents.memo),
  issued: entry.issued.toNumber(),
  expires: entry.expires.toNumber(),
});

/**
 * Reads the record of a retirement in a finalised block. Numbers beyond 2^53 are strings, accounts, texts and hashes are
 * hex, so that two records are the same exactly when their JSON is. Beside it, what a reader should know and the
 * certificate cannot say: `notes`.
 */
export async function readRecord(block, id) {
  const [retired, millis, now] = await block.read(['Rec', 'Retirements', id], ['Metering', 'IntervalMillis'], ['Timestamp', 'Now']);
  const time = Number(now?.toString() ?? 0);
  if (!retired) return { record: null, time };
  const entry = retired;
  const numbers = [...new Set(entry.parts.map((part) => part.issuance.toNumber()))];
  const found = await block.read(...numbers.map((number) => ['Rec', 'Issuances', number]));
  const missing = numbers.find((_, index) => found[index] === null);
  if (missing !== undefined) throw new Error(`the chain has retirement ${id} and not its issuance ${missing}`);
  const prefix = await block.constant('System', 'Ss58Prefix');
  const { details } = entry;
  const record = {
    format: `heliograph/retirement/${VERSION}`,
    chain: block.genesis,
    retirement: id,
    interval_millis: (millis ?? 900_000).toString(),
    ss58: prefix?.toNumber() ?? 42,
    retired_by: hex(entry.retiredBy),
    at: entry.at.toNumber(),
    edited: optional(entry.edited, (interval) => interval.toNumber()),
    energy: entry.energy.toString(),
    carbon: optional(entry.asCarbon, (mass) => mass.toString()),
    beneficiary: hex(details.beneficiary),
    entity: optional(details.entity, hex),
    purpose: hex(details.purpose),
    message: hex(details.message),
    period: optional(details.period, ({ from, to }) => ({ from: from.toNumber(), to: to.toNumber() })),
    parts: entry.parts.map((part) => ({
      certificate: part.certificate.toNumber(),
      issuance: part.issuance.toNumber(),
      from: part.from.toString(),
      to: part.to.toString(),
    })),
    issuances: Object.fromEntries(numbers.map((number, index) => [number, issuance(found[index])])),
  };
  const notes = numbers.flatMap((number, index) =>
    found[index].revocation.isSome
      ? [`the DAO revoked what was left of issuance ${number} after a part of it was retired here; the retirement stands`]
      : []
  );
  return { record, notes, time };
}

/** BLAKE2b-256 of a record's JSON. */
export const recordHash = (record) => blake2AsHex(stringToU8a(JSON.stringify(record)), 256);

// --- The code on the certificate --------------------------------------------------------------------------------------

/**
 * What the QR code carries, and the file itself: the format, the retirement, the chain and the hash of the record. Capital
 * letters, digits and colons are those that a QR code holds most tightly.
 */
export function codeOf(record) {
  const bare = (hash) => hash.slice(2).toUpperCase();
  return `HELIOGRAPH:R${VERSION}:${record.retirement}:${bare(record.chain)}:${bare(recordHash(record))}`;
}

const CODE = /HELIOGRAPH:R(\d{1,5}):(\d{1,10}):([0-9A-F]{64}):([0-9A-F]{64})/g;

/** Every code in a text, each once: `{ code, version, retirement, chain, hash }`. */
export function codesIn(text) {
  const found = new Map();
  for (const [code, version, retirement, chain, hash] of text.matchAll(CODE)) {
    if (Number(retirement) > 0xffff_ffff) continue;
    found.set(code, {
      code,
      version: Number(version),
      retirement: Number(retirement),
      chain: `0x${chain.toLowerCase()}`,
      hash: `0x${hash.toLowerCase()}`,
    });
  }
  return [...found.values()];
}
