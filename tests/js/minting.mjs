// The rest of the payment sequence, for a miner whose meter has matured energy: requests, a rejection with resubmission,
// approvals, and what each of them moved. Prints ledgers from before and after the blocks that matter as JSON; what they
// should say is worked out by the test. Of what the meter sent, 92 % went into the battery that tests/js/register.mjs made.
//
//   node tests/js/minting.mjs --url ws://… --miner 0 --meter 1 --attested MWH --node 1 [--owner //Dave] [--storage //Eve]
import { parseArgs } from 'node:util';
import { stringToHex } from '@polkadot/util';
import { connect, motion, send, signer, theEvent } from '../../scripts/lib/chain.mjs';
import {
  around,
  awaitMatured,
  energyOf,
  eventsOf,
  knownBattery,
  maturitySeconds,
  members,
  paymentFund,
  purse,
  refusal,
  report,
  treasury,
  view,
} from './lib.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    miner: { type: 'string' },
    meter: { type: 'string' },
    attested: { type: 'string' },
    node: { type: 'string' },
    owner: { type: 'string', default: '//Dave' },
    storage: { type: 'string', default: '//Eve' },
  },
});
const log = (line) => console.error(`minting: ${line}`);
const api = await connect(values.url);
const owner = signer(values.owner);
const meter = Number(values.meter);
const keeper = signer(values.storage);
const battery = await knownBattery(api, { owner: keeper, seed: `${values.storage}//battery`, miner: Number(values.node) });
const people = { miner: owner.address, node: keeper.address, treasury: treasury(api), fund: paymentFund(api) };

const requestOf = async (id) => (await api.query.issuance.requests(id)).unwrap().toPrimitive();
const held = async () => (await purse(api, owner.address)).held;

/** Sends a request, and gives what the chain froze. */
async function ask(upTo, payout) {
  const before = await held();
  const sent = await send(api.tx.issuance.requestPayment(Number(values.miner), [[meter, upTo]], payout), owner);
  const id = theEvent(sent, 'issuance', 'Requested').data.request.toNumber();
  return { id, entry: await requestOf(id), deposit: (BigInt(await held()) - BigInt(before)).toString() };
}

/** Has the committee approve, and gives the ledgers around that block. */
async function approve(id) {
  const closed = await motion(api, api.tx.issuance.approve([id]), members(), log);
  return {
    ...(await around(api, closed.block, people)),
    events: eventsOf(api, closed, 'issuance'),
    energy: await energyOf(api, meter, closed.block),
    gone: (await api.query.issuance.requests(id)).isNone,
  };
}

// Nobody accounted for the battery all month, so nothing can be compared interval by interval: what it took in now is what
// arrived of all that was sent.
const early = await refusal(api.tx.issuance.requestPayment(Number(values.miner), [[meter, null]], 'Direct'), owner);
const arrived = (BigInt(values.attested) * 92n) / 100n;
await battery.take(arrived);
const receipt = await battery.account(meter, values.attested);

const energy = await awaitMatured(api, meter, values.attested, await maturitySeconds(api));

// Half of it into the pool: refused first, with a reason, and resubmitted under a new number.
const half = BigInt(values.attested) / 2n;
const first = await ask(half, 'Liquidity');
const busy = await refusal(api.tx.issuance.requestPayment(Number(values.miner), [[meter, null]], 'Direct'), owner);
const before = await purse(api, owner.address);
await motion(api, api.tx.issuance.reject(first.id, stringToHex('please add a photo of the seal')), members(), log);
const after = await purse(api, owner.address);
const rejected = { entry: await requestOf(first.id), before, after };
const premature = eventsOf(api, await motion(api, api.tx.issuance.approve([first.id]), members(), log), 'issuance');
const sent = await send(api.tx.issuance.resubmit(first.id), owner);
const number = theEvent(sent, 'issuance', 'Resubmitted').data.replacement.toNumber();
const resubmitted = { id: number, entry: await requestOf(number), held: await held() };
const liquidity = await approve(number);
const twice = eventsOf(api, await motion(api, api.tx.issuance.approve([first.id, number]), members(), log), 'issuance');

// The rest is paid out.
const second = await ask(null, 'Direct');
const direct = await approve(second.id);

report({
  early,
  arrived,
  receipt,
  half,
  energy,
  first,
  busy,
  rejected,
  premature,
  resubmitted,
  liquidity,
  twice,
  second,
  direct,
  supply: (await view(api, 'Issuance', 'supply')).toPrimitive(),
  held_at_end: await held(),
});
await api.disconnect();
