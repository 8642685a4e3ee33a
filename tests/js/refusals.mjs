// Submits readings that the chain must refuse, one rule at a time, through @polkadot/api with readings signed here. For
// each case it looks at the block before and the block with the batch: what was refused and why, whether the meter's
// state changed, and what the operator paid. Then what it must refuse to owners, operators and single members of the
// committee. Prints the cases as JSON.
//
//   node tests/js/refusals.mjs --url ws://127.0.0.1:9944 [--owner //Ferdie]
import { parseArgs } from 'node:util';
import { Keyring } from '@polkadot/api';
import { u8aToHex } from '@polkadot/util';
import { randomAsU8a } from '@polkadot/util-crypto';
import { connect, DispatchFailed, motion, onboard, send, signer, theEvent, tokens } from '../../scripts/lib/chain.mjs';
import { motionRefusal, refusal } from './lib.mjs';
import { meterApplication, meterStateKey, possessionPayload, rotationPayload, signReading } from './reading.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' }, owner: { type: 'string', default: '//Ferdie' } } });
const log = (line) => console.error(`refusals: ${line}`);
const api = await connect(values.url);
const genesis = api.genesisHash.toU8a();
const members = ['//Alice', '//Bob', '//Charlie'].map(signer);
const owner = signer(values.owner);
const NAMEPLATE = 5_000;
// 1.1 times the nameplate over a quarter of an hour: W x 900 s x 1.1 / 3.6, in mWh.
const BOUND = (NAMEPLATE * 900 * 11) / 36;

/** A miner with one meter and an operator of its own. */
async function register(name) {
  const key = new Keyring({ type: 'ed25519' }).addFromSeed(randomAsU8a(32));
  const operator = signer(`${values.owner}//${name}`);
  const { application, miner, meters } = await onboard(api, {
    owner,
    members,
    meters: [meterApplication(key, genesis, owner.address, 'Generation', NAMEPLATE)],
    operator: operator.address,
    log,
  });
  return { key, operator, application, miner, meter: meters[0] };
}

const roof = await register('roof');
const barn = await register('barn');
const stranger = signer(`${values.owner}//stranger`);
await send(api.tx.balances.transferKeepAlive(stranger.address, tokens(api, 10)), owner);

const current = Number(
  (await api.query.timestamp.now()).toBigInt() / (await api.query.metering.intervalMillis()).toBigInt()
);
const start = current - 50;
const BASE = 1_000_000;
const sign = (reading, { key = roof.key, chain = genesis } = {}) =>
  signReading(key, chain, { meter: roof.meter, epoch: 0, ...reading });

/** Everything about the meters at a block that a refused reading must leave alone. */
async function stateAt(hash) {
  const keys = [roof.meter, barn.meter].map((meter) => u8aToHex(meterStateKey(meter)));
  const values = await Promise.all(keys.map((key) => api.rpc.state.getStorage(key, hash)));
  return values.map((value) => value.toHex()).join();
}

async function balanceAt(hash, address) {
  return (await (await api.at(hash)).query.system.account(address)).data.free.toBigInt();
}

const cases = {};

/** Submits a batch and records what it did. */
async function submit(name, batch, operator = roof.operator) {
  const outcome = { accepted: 0, reasons: [], error: null };
  let block;
  try {
    const result = await send(api.tx.metering.submitReadings(batch), operator);
    block = result.block;
    const judged = theEvent(result, 'metering', 'BatchJudged').data;
    outcome.accepted = judged.accepted.toNumber();
    outcome.reasons = result.events
      .filter(({ section, method }) => section === 'metering' && method === 'ReadingRefused')
      .map(({ data }) => data.reason.toString());
    if (judged.refused.toNumber() !== outcome.reasons.length) throw new Error(`${name}: refusals and their count differ`);
  } catch (error) {
    outcome.error = error.message.split('\n')[0];
    if (error instanceof DispatchFailed) block = error.result.block;
  }
  if (block) {
    const before = (await api.rpc.chain.getHeader(block)).parentHash;
    outcome.unchanged = (await stateAt(before)) === (await stateAt(block));
    const paid = (await balanceAt(before, operator.address)) - (await balanceAt(block, operator.address));
    outcome.paid = paid.toString();
  }
  cases[name] = outcome;
  log(`${name}: ${outcome.error ?? (outcome.reasons.join(', ') || `${outcome.accepted} accepted`)}`);
}

// Two good readings: the base, and then the very most that the nameplate believes.
const last = { interval: start + 1, register: BASE + BOUND };
await submit('good batch', [sign({ interval: start, register: BASE }), sign(last)]);

const next = { interval: start + 2, register: last.register + 1 };
const otherChain = Uint8Array.from(genesis, (byte) => byte ^ 1);
await submit('wrong signature', [sign(next, { key: barn.key })]);
await submit('signed for another chain', [sign(next, { chain: otherChain })]);
await submit('unknown meter', [sign({ ...next, meter: 4_000_000 })]);
await submit("another miner's operator", [sign(next)], barn.operator);
await submit('unregistered operator', [sign(next)], stranger);
await submit('future interval', [sign({ ...next, interval: current + 1_000 })]);
await submit('too old', [sign({ ...next, interval: current - 90 * 96 - 10 })]);
await submit('repeated reading', [sign(last)]);
await submit('same interval, other register', [sign({ ...last, register: last.register + 1 })]);
await submit('register lower', [sign({ ...next, register: last.register - 1 })]);
await submit('above nameplate', [sign({ ...next, register: last.register + BOUND + 1 })]);
await submit('epoch skipped', [sign({ ...next, epoch: 2, register: 5 })]);
await submit('empty batch', []);
await submit('batch too long', Array.from({ length: 513 }, (_, index) => sign({ ...next, interval: start + 2 + index })));
await submit('batch that no node decodes', Array.from({ length: 1_025 }, () => sign(next)));
await submit('one bad among good', [
  sign(next),
  sign({ interval: start + 3, register: 0 }),
  sign({ interval: start + 4, register: last.register + 2 }),
]);

await submit('new epoch', [sign({ epoch: 1, interval: start + 5, register: 5 })]);
await submit('old epoch', [sign({ epoch: 0, interval: start + 6, register: last.register + 3 })]);

await motion(api, api.tx.miners.suspend(roof.miner, 'the seal is broken'), members, log);
const afterwards = sign({ epoch: 1, interval: start + 6, register: 6 });
await submit('suspended miner', [afterwards]);
await motion(api, api.tx.miners.reinstate(roof.miner), members, log);
await submit('reinstated miner', [afterwards]);

await send(api.tx.miners.removeOperator(roof.miner, roof.operator.address), owner);
await submit('removed operator', [sign({ epoch: 1, interval: start + 7, register: 7 })]);

// Two operators of one miner: the second brings what the first brought.
const second = stranger;
await send(api.tx.miners.addOperator(roof.miner, second.address), owner);
await submit('second operator', [sign({ epoch: 1, interval: start + 7, register: 7 })], second);
await send(api.tx.miners.addOperator(roof.miner, roof.operator.address), owner);
await submit('reading of another operator', [sign({ epoch: 1, interval: start + 7, register: 7 })]);

// A key that was handed over signs for nothing any more.
const newKey = new Keyring({ type: 'ed25519' }).addFromSeed(randomAsU8a(32));
await send(
  api.tx.miners.rotateMeterKey(
    roof.meter,
    { Ed25519: newKey.publicKey },
    newKey.sign(possessionPayload(genesis, owner.address)),
    roof.key.sign(rotationPayload(genesis, roof.meter, newKey))
  ),
  owner
);
const after = { epoch: 1, interval: start + 8, register: 8 };
await submit('former key', [sign(after)]);
await submit('new key', [sign(after, { key: newKey })]);

// Registration, and who may decide.
const reuse = (key) =>
  refusal(
    api.tx.miners.apply(
      'Standard',
      { source: 'Solar', method: 'SmartMeter', capacity: NAMEPLATE, location: 'u33d', gridArea: '', commissioned: 19_000 },
      [meterApplication(key, genesis, owner.address, 'Generation', NAMEPLATE)]
    ),
    owner
  );
const registration = {
  'key of a meter': await reuse(newKey),
  'former key of a meter': await reuse(roof.key),
  'approved twice': await motionRefusal(api, api.tx.miners.approve(roof.application), log),
  'approved by its owner': await refusal(api.tx.miners.approve(roof.application), owner),
  'approved by one member': await refusal(api.tx.miners.approve(roof.application), members[0]),
  'payment approved by its owner': await refusal(api.tx.issuance.approve([0]), owner),
  'policy of its owner': await refusal(api.tx.issuance.setPolicy(null), owner),
  'payment for generation': await refusal(api.tx.issuance.requestPayment(roof.miner, [[roof.meter, null]], 'Direct'), owner),
  'payment to a stranger': await refusal(api.tx.issuance.requestPayment(roof.miner, [[roof.meter, null]], 'Direct'), second),
  'payment for a meter of another': await refusal(api.tx.issuance.requestPayment(roof.miner, [[barn.meter, null]], 'Direct'), owner),
};

// A miner that was revoked is as if it were not there.
await motion(api, api.tx.miners.revoke(barn.miner, 'it was never built', true), members, log);
await submit('meter of a revoked miner', [sign({ meter: barn.meter, interval: start, register: 1 }, { key: barn.key })]);
await submit('operator of a revoked miner', [sign({ meter: barn.meter, interval: start, register: 1 }, { key: barn.key })], barn.operator);
registration['key of a revoked miner'] = await reuse(barn.key);
registration['token of a revoked miner'] = (await api.query.nfts.item(0, barn.miner)).isNone ? 'burned' : 'there';

console.log(JSON.stringify({ cases, registration }));
await api.disconnect();
