// What a person sees in Polkadot.js Apps: names and docs of the pallets, decoded storage, and a motion of the Technical
// Committee from application to admission and rejection. Prints what it found as JSON.
//
//   node tests/js/apps.mjs --url ws://127.0.0.1:9944 [--owner //Eve]
import { parseArgs } from 'node:util';
import { Keyring } from '@polkadot/api';
import { stringToHex } from '@polkadot/util';
import { randomAsU8a } from '@polkadot/util-crypto';
import { connect, motion, send, signer, theEvent } from '../../scripts/lib/chain.mjs';
import { meterApplication, signReading } from './reading.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' }, owner: { type: 'string', default: '//Eve' } } });
const PALLETS = ['miners', 'metering', 'issuance', 'orderBook', 'slotAuction', 'lots', 'storageNodes'];
const api = await connect(values.url);

/** Everything of a pallet that has docs in the metadata, by kind and name; the value says whether it has any. */
function documented(section) {
  const found = {};
  const note = (kind, name, docs) => {
    found[`${kind} ${name}`] = docs.map((line) => line.toString()).join(' ').trim().length > 0;
  };
  for (const [name, { meta }] of Object.entries(api.query[section])) if (name !== 'palletVersion') note('storage', name, meta.docs);
  for (const [name, { meta }] of Object.entries(api.tx[section])) note('call', name, meta.docs);
  for (const [name, { meta }] of Object.entries(api.events[section])) note('event', name, meta.docs);
  for (const [name, { meta }] of Object.entries(api.errors[section])) note('error', name, meta.docs);
  for (const [name, { meta }] of Object.entries(api.consts[section])) note('constant', name, meta.docs);
  return found;
}

const members = ['//Alice', '//Bob', '//Charlie'].map(signer);
const owner = signer(values.owner);
const genesis = api.genesisHash.toU8a();
const keypair = () => new Keyring({ type: 'ed25519' }).addFromSeed(randomAsU8a(32));
const profile = { source: 'Wind', method: 'Dongle', capacity: 3000, location: 'u33d', gridArea: '10YDE-VE-------2', commissioned: 19_500 };
const apply = async (key) =>
  theEvent(
    await send(api.tx.miners.apply('Plant', profile, [meterApplication(key, genesis, owner.address, 'Generation', 3000)]), owner),
    'miners',
    'Applied'
  ).data.application.toNumber();

// Admission. The open motion is looked at as the Apps page lists it: its proposal decoded by name.
const meterKey = keypair();
const application = await apply(meterKey);
const approveCall = api.tx.miners.approve(application);
const pending = (await api.query.miners.applications(application)).unwrap();
const length = approveCall.method.encodedLength;
const { weight } = await api.tx(approveCall.method).paymentInfo(owner.address);
const proposed = theEvent(
  await send(api.tx.technicalCommittee.propose(2, approveCall.method, length), members[0]),
  'technicalCommittee',
  'Proposed'
);
const { proposalIndex, proposalHash } = proposed.data;
const listed = (await api.query.technicalCommittee.proposals()).map((hash) => hash.toHex());
const proposal = (await api.query.technicalCommittee.proposalOf(proposalHash)).unwrap().toHuman();
await Promise.all(members.slice(0, 2).map((member) => send(api.tx.technicalCommittee.vote(proposalHash, proposalIndex, true), member)));
const votes = (await api.query.technicalCommittee.voting(proposalHash)).unwrap().toHuman();
const closed = await send(api.tx.technicalCommittee.close(proposalHash, proposalIndex, weight, length), members[1]);
const admitted = theEvent(closed, 'miners', 'Admitted').toHuman();
const miner = theEvent(closed, 'miners', 'Admitted').data.miner.toNumber();
const meter = theEvent(closed, 'miners', 'Admitted').data.firstMeter.toNumber();

// A single member cannot admit: one vote of three does not reach two thirds.
const lonely = await apply(keypair());
const lonelyCall = api.tx.miners.approve(lonely);
const lonelyMotion = await send(api.tx.technicalCommittee.propose(1, lonelyCall.method, lonelyCall.method.encodedLength), members[2]);
const refused = theEvent(lonelyMotion, 'technicalCommittee', 'Executed').data.result;

// Rejection with a reason.
const rejection = await motion(api, api.tx.miners.reject(lonely, stringToHex('the inverter is not certified')), members);
const rejected = theEvent(rejection, 'miners', 'Rejected').toHuman();

// A reading, so that there is a state to look at.
await send(api.tx.miners.addOperator(miner, owner.address), owner);
const clock = (await api.query.timestamp.now()).toBigInt() / (await api.query.metering.intervalMillis()).toBigInt();
const read = await send(
  api.tx.metering.submitReadings([signReading(meterKey, genesis, { meter, epoch: 0, interval: Number(clock) - 3, register: 123_456_789n })]),
  owner
);

console.log(
  JSON.stringify({
    documented: Object.fromEntries(PALLETS.map((section) => [section, documented(section)])),
    properties: {
      token: api.registry.chainTokens,
      decimals: api.registry.chainDecimals,
      ss58: api.registry.chainSS58,
    },
    extrinsic_version: api.extrinsicVersion,
    application: pending.toHuman(),
    motion: { listed: listed.includes(proposalHash.toHex()), proposal, votes, admitted },
    lonely: refused.isErr ? refused.asErr.toHuman() : 'executed',
    rejected,
    freed: (await api.query.miners.applications(lonely)).isNone,
    miner: (await api.query.miners.miners(miner)).unwrap().toHuman(),
    meter: (await api.query.miners.meters(meter)).unwrap().toHuman(),
    state: (await api.query.metering.meterStates(meter)).unwrap().toHuman(),
    judged: theEvent(read, 'metering', 'BatchJudged').toHuman(),
  })
);
await api.disconnect();
