// What the scripts of the end-to-end tests share. Everything goes through @polkadot/api, at a block where a block matters.
import { Keyring } from '@polkadot/api';
import { compactAddLength, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsHex, randomAsU8a } from '@polkadot/util-crypto';
import { describe, motion, send, signer, theEvent, tokens } from '../../scripts/lib/chain.mjs';
import { meterApplication, signReading } from './reading.mjs';

/** The Technical Committee of the development presets. */
export const members = () => ['//Alice', '//Bob', '//Charlie'].map(signer);

/** The accounts of a development chain that Polkadot.js Apps shows. With 900,000 DECA each they are more than half of all. */
export const voters = () =>
  ['//Alice', '//Alice//stash', '//Bob', '//Bob//stash', '//Charlie', '//Dave', '//Eve', '//Ferdie'].map(signer);

/** Asset numbers of the chain. */
export const KWH = 1;
export const CO2 = 2;
export const REC = 4;

export const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Waits until `condition` gives something true, and resolves to that. */
export async function until(what, condition, { seconds = 60, every = 300 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(every);
  }
}

/** Sends a transaction that is meant to fail; the name of its error, or null when it went through. */
export async function refusal(tx, account, options) {
  try {
    await send(tx, account, options);
    return null;
  } catch (error) {
    return error.message.split('\n')[0];
  }
}

/** A motion that is meant to fail; the name of its call's error, or null when it went through. */
export async function motionRefusal(api, call, log) {
  try {
    await motion(api, call, members(), log);
    return null;
  } catch (error) {
    return error.message.replace('the motion passed, but its call failed: ', '');
  }
}

// --- Reading the chain ------------------------------------------------------------------------------------------------

/** Calls a view function of a pallet, by the names and types of the metadata; at the best block when none is given. */
export async function view(api, pallet, name, args = [], block) {
  const found = api.runtimeMetadata.asV16.pallets
    .find((entry) => entry.name.toString() === pallet)
    ?.viewFunctions.find((entry) => entry.name.toString() === name);
  if (!found) throw new Error(`the metadata has no view function ${pallet}.${name}`);
  const typed = (id, value) => api.createType(api.registry.createLookupType(id), value);
  const input = u8aConcat(...found.inputs.map(({ type }, index) => typed(type, args[index]).toU8a()));
  const call = u8aConcat(found.id.toU8a(true), compactAddLength(input));
  const at = block ? [block] : [];
  const answer = await api.rpc.state.call('RuntimeViewFunction_execute_view_function', u8aToHex(call), ...at);
  const result = api.createType('Result<Bytes, u8>', answer.toU8a(true));
  if (result.isErr) throw new Error(`the view function ${pallet}.${name} failed`);
  return typed(found.output, result.asOk.toU8a(true));
}

/** The interval that runs on the chain's clock. */
export const currentInterval = async (api) => (await view(api, 'Metering', 'current_interval')).toNumber();

/** A meter's energy in mWh, with what has matured by now; as plain values, numbers beyond 2^53 as strings. */
export const energyOf = async (api, meter, block) => (await view(api, 'Metering', 'energy', [meter], block)).toPrimitive();

/** Waits until a meter's matured energy is at least `energy` mWh. */
export const awaitMatured = (api, meter, energy, seconds) =>
  until(
    `energy of meter ${meter} matures`,
    async () => {
      const known = await energyOf(api, meter);
      return known && BigInt(known.matured) >= BigInt(energy) && known;
    },
    { seconds, every: 500 }
  );

/** How long energy takes to mature at most, in seconds: the window, a bucket, and a few blocks. */
export async function maturitySeconds(api) {
  return ((await api.query.metering.intervalMillis()).toNumber() * 110) / 1000 + 10;
}

/** The parent of a block. */
export const parentOf = async (api, block) => (await api.rpc.chain.getHeader(block)).parentHash;

/** The pool of DECA and KWH: the number of its LP token and its account. */
export async function kwhPool(at) {
  for (const [key, info] of await at.query.assetConversion.pools.entries()) {
    const [first, second] = key.args[0];
    if (first.isNative && second.isWithId && second.asWithId.eq(KWH)) {
      const lp = info.unwrap().lpToken.toNumber();
      const account = (await at.query.poolAssets.asset(lp)).unwrap().owner.toString();
      return { lp, account };
    }
  }
  throw new Error('there is no pool of DECA and KWH');
}

const assetBalance = (account) => (account.isSome ? account.unwrap().balance.toString() : '0');

/** What an account has at a block: free and held DECA, KWH, LP tokens of the pool DECA/KWH; in base units, as strings. */
export async function purse(at, address) {
  const { lp } = await kwhPool(at);
  const { data } = await at.query.system.account(address);
  return {
    deca: data.free.toString(),
    held: data.reserved.toString(),
    kwh: assetBalance(await at.query.assets.account(KWH, address)),
    lp: assetBalance(await at.query.poolAssets.account(lp, address)),
  };
}

/** Everything that an approval may move, at a block: purses by name, the pool, the supply, the parameters. */
export async function ledger(api, block, addresses) {
  const at = await api.at(block);
  const { lp, account } = await kwhPool(at);
  const supply = (asset) => (asset.isSome ? asset.unwrap().supply.toString() : '0');
  const purses = {};
  for (const [name, address] of Object.entries(addresses)) purses[name] = await purse(at, address);
  const pool = await purse(at, account);
  return {
    purses,
    pool: { deca: pool.deca, kwh: pool.kwh, lp_supply: supply(await at.query.poolAssets.asset(lp)), lp_account: pool.lp },
    kwh_supply: supply(await at.query.assets.asset(KWH)),
    parameters: await parameters(api, block),
  };
}

/** The ledgers before and after a block, and what fees went to the treasury in it. */
export async function around(api, block, addresses) {
  const before = await ledger(api, await parentOf(api, block), addresses);
  return { block: block.toString(), before, after: await ledger(api, block, addresses), fees: (await feesOf(api, block)).toString() };
}

/** The sum of the fees, in DECA's base units, that were paid in a block in DECA. */
export async function feesOf(api, block) {
  const events = await (await api.at(block)).query.system.events();
  return events
    .filter(({ event }) => event.section === 'transactionPayment' && event.method === 'TransactionFeePaid')
    .reduce((sum, { event }) => sum + event.data.actualFee.toBigInt(), 0n);
}

/** The fee that one transaction paid in DECA. */
export const feeOf = ({ events }) => {
  const paid = events.find(({ section, method }) => section === 'transactionPayment' && method === 'TransactionFeePaid');
  return paid ? paid.data.actualFee.toBigInt() : 0n;
};

/** The account of a pallet, from its eight letters. */
export const palletAccount = (api, letters) =>
  api.registry.createType('AccountId', u8aConcat(stringToU8a('modl'), stringToU8a(letters), new Uint8Array(20))).toString();

export const treasury = (api) => palletAccount(api, 'hlg/trea');
export const paymentFund = (api) => palletAccount(api, 'hlg/issu');

// --- Parameters -------------------------------------------------------------------------------------------------------

/** The defaults that the documentation names, in base units and parts per million. */
export const DEFAULTS = {
  deca_per_kwh: 100_000_000_000n,
  miner_share: 800_000n,
  node_share: 100_000n,
  max_pool_deviation: 200_000n,
  request_deposit: 1_000_000_000_000n,
};

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const pascal = (name) => camel(`_${name}`);

/** The governed numbers of issuance at a block: what was set, or else the documented default. */
export async function parameters(api, block) {
  const at = await api.at(block);
  const found = {};
  for (const [name, value] of Object.entries(DEFAULTS)) {
    const set = await at.query.parameters.parameters({ Issuance: { [pascal(name)]: null } });
    found[name] = (set.isSome ? set.unwrap().inner.inner.toBigInt() : value).toString();
  }
  return found;
}

// --- Referenda --------------------------------------------------------------------------------------------------------

/**
 * A public referendum by the extrinsics that the pages "Preimages" and "Referenda" of Polkadot.js Apps send: the call's
 * preimage, the referendum, its decision deposit, votes; then it waits until the chain has carried the call out. Returns
 * its number, the blocks of its way, and the result of the call.
 */
export async function referendum(api, { origin, call, by, voters: electorate, stake = 900_000, seconds = 240, log = () => {} }) {
  const encoded = call.method.toHex();
  const lookup = { hash: call.method.hash.toHex(), len: call.method.encodedLength };
  await send(api.tx.preimage.notePreimage(encoded), by);
  log(`preimage ${lookup.hash} of ${call.method.section}.${call.method.method}, ${lookup.len} bytes`);

  const submitted = await send(api.tx.referenda.submit(origin, { Lookup: lookup }, { After: 1 }), by);
  const { index, track } = theEvent(submitted, 'referenda', 'Submitted').data;
  log(`referendum ${index} submitted on track ${track}`);
  await send(api.tx.referenda.placeDecisionDeposit(index), by);
  log(`referendum ${index}: decision deposit placed`);

  const vote = { Standard: { vote: { aye: true, conviction: 'Locked1x' }, balance: tokens(api, stake) } };
  await Promise.all(electorate.map((voter) => send(api.tx.convictionVoting.vote(index, vote), voter)));
  log(`referendum ${index}: ${electorate.length} accounts voted aye with ${stake.toLocaleString('en')} DECA each`);

  // Its enactment carries this name in the scheduler.
  const name = blake2AsHex(
    u8aConcat(stringToU8a('assembly'), compactAddLength(stringToU8a('enactment')), index.toU8a()),
    256
  );
  let next = (await api.rpc.chain.getHeader(submitted.block)).number.toNumber();
  const from = next;
  let confirmed;
  const enacted = await until(
    `referendum ${index} is carried out`,
    async () => {
      const head = (await api.rpc.chain.getHeader()).number.toNumber();
      for (; next <= head; next++) {
        const hash = await api.rpc.chain.getBlockHash(next);
        for (const { event } of await (await api.at(hash)).query.system.events()) {
          const { section, method, data } = event;
          if (section === 'referenda' && data.index?.eq(index) && ['Rejected', 'TimedOut', 'Cancelled', 'Killed'].includes(method)) {
            throw new Error(`referendum ${index} ended: ${method}`);
          }
          if (section === 'referenda' && data.index?.eq(index) && ['DecisionStarted', 'ConfirmStarted', 'Confirmed'].includes(method)) {
            log(`referendum ${index}: ${method} in block ${next}`);
            if (method === 'Confirmed') confirmed = next;
          }
          if (section === 'scheduler' && method === 'Dispatched' && data.id.isSome && data.id.unwrap().toHex() === name) {
            return { block: hash, number: next, result: data.result };
          }
        }
      }
      return null;
    },
    { seconds, every: 500 }
  );
  const error = enacted.result.isErr ? enacted.result.asErr.toString() : null;
  log(`referendum ${index}: carried out in block ${enacted.number}${error ? `, and its call failed: ${error}` : ''}`);
  return {
    index: index.toNumber(),
    track: track.toNumber(),
    submitted: from,
    confirmed,
    enacted: enacted.number,
    block: enacted.block,
    error,
  };
}

// --- Sites whose devices are in this script -----------------------------------------------------------------------------

/** An account of its own with some DECA from Alice. */
export async function funded(api, uri, amount) {
  const account = signer(uri);
  await send(api.tx.balances.transferKeepAlive(account.address, tokens(api, amount)), signer('//Alice'));
  return account;
}

/** The device of a meter, in this script: its key, and the readings that it signs. `owner` is its operator, too. */
function device(api, { owner, miner, meter, key, register }) {
  const genesis = api.genesisHash.toU8a();
  return {
    owner,
    miner,
    meter,
    /** Submits a reading of what the register shows, for the interval that ended last or for the one that is named. */
    async read(at) {
      const interval = at ?? (await currentInterval(api)) - 1;
      const reading = signReading(key, genesis, { meter, epoch: 0, interval, register });
      const result = await send(api.tx.metering.submitReadings([reading]), owner);
      const refused = result.events.find(({ section, method }) => section === 'metering' && method === 'ReadingRefused');
      if (refused) throw new Error(`the reading of meter ${meter} was refused: ${refused.data.reason}`);
      return result;
    },
    /** Submits a reading for each of the intervals from `first` on, late, as a site does that was offline. `energies` in mWh. */
    async catchUp(first, energies) {
      const readings = energies.map((energy, index) => {
        register += BigInt(energy);
        return signReading(key, genesis, { meter, epoch: 0, interval: first + index, register });
      });
      const result = await send(api.tx.metering.submitReadings(readings), owner);
      const refused = result.events.find(({ section, method }) => section === 'metering' && method === 'ReadingRefused');
      if (refused) throw new Error(`a reading of meter ${meter} was refused: ${refused.data.reason}`);
      return result;
    },
    /** Attests `energy` mWh more. */
    async deliver(energy, at) {
      register += BigInt(energy);
      return this.read(at);
    },
  };
}

const deviceKey = (seed) => {
  const keyring = new Keyring({ type: 'ed25519' });
  return seed ? keyring.addFromUri(seed) : keyring.addFromSeed(randomAsU8a(32));
};

/** Has the committee admit a miner of `owner` with a meter of each flow; its number, and those of its meters. */
async function admit(api, { owner, keys, kind, flows, nameplate, profile: own, log }) {
  const profile = { source: 'Solar', method: 'SmartMeter', capacity: nameplate, location: 'u33d', gridArea: '', commissioned: 19_000, ...own };
  const meters = keys.map((key, index) => meterApplication(key, api.genesisHash.toU8a(), owner.address, flows[index], nameplate));
  const applied = theEvent(await send(api.tx.miners.apply(kind, profile, meters), owner), 'miners', 'Applied');
  const approved = await motion(api, api.tx.miners.approve(applied.data.application), members(), log);
  const admitted = theEvent(approved, 'miners', 'Admitted').data;
  const miner = admitted.miner.toNumber();
  const numbers = keys.map((_, index) => admitted.firstMeter.toNumber() + index);
  await send(api.tx.miners.addOperator(miner, owner.address), owner);
  log(`miner ${miner} of ${owner.address} with meters ${numbers} (${flows})`);
  return { miner, numbers };
}

/** What the registers of the meters here show at first. */
const BASE = 1_000_000n;

/**
 * A registered miner of `owner` with one meter whose key is here, made of `seed` when it shall be found again. It submits
 * its own readings. The base reading lies `back` intervals ago, so that a good amount of energy is plausible at once; there
 * is none yet where `back` is null. Before it a deposit is agreed with `node`, if there is one, so that all energy counts.
 */
export async function newSite(
  api,
  { owner, seed, kind = 'Standard', flow = 'Export', nameplate = 10_000, profile = {}, node, back = 4_000, log = () => {} }
) {
  const key = deviceKey(seed);
  const { miner, numbers } = await admit(api, { owner, keys: [key], kind, flows: [flow], nameplate, profile, log });
  const [meter] = numbers;
  if (node) await agreeDeposit(api, { owner, meter, node });
  const site = device(api, { owner, miner, meter, key, register: BASE });
  if (back !== null) await site.read((await currentInterval(api)) - back);
  return site;
}

/** An export meter sends to a battery from now on: its owner asks, and that of the battery accepts. */
export async function agreeDeposit(api, { owner, meter, node }) {
  await send(api.tx.storageNodes.askDeposit(meter, node.miner), owner);
  await send(api.tx.storageNodes.acceptDeposit(meter), node.owner);
}

/** A battery whose meters report from this script. `reported` is the interval of their newest reading. */
function battery(api, { owner, miner, charge, discharge, reported }) {
  const isOver = async () => (await currentInterval(api)) - 1 > reported;
  /** Reports both meters, and that `energy` mWh went in. */
  const report = async (energy) => {
    reported = (await currentInterval(api)) - 1;
    await charge.deliver(energy, reported);
    await discharge.read(reported);
  };
  return {
    owner,
    miner,
    charge: charge.meter,
    discharge: discharge.meter,
    /** Lets `energy` mWh have gone in. */
    async take(energy) {
      await until('an interval ends', isOver);
      await report(energy);
    },
    /** Reports and accounts until all of `energy` mWh that a meter sent is counted; what was counted, and received of it. */
    account: (meter, energy, seconds = 120) =>
      until(
        `node ${miner} accounts for what meter ${meter} sent`,
        async () => {
          if (await isOver()) await report(0n);
          await send(api.tx.storageNodes.account(miner, 96), owner);
          await send(api.tx.storageNodes.accountMeter(meter), owner);
          const { receipt } = (await view(api, 'StorageNodes', 'deposit', [meter])).toPrimitive();
          return BigInt(receipt.counted) >= BigInt(energy) && receipt;
        },
        { seconds }
      ),
  };
}

const BATTERY = ['charge', 'discharge'];

/** A battery of `owner` that is a storage node: it holds `capacity` mWh, and takes deposits. `seed` as for `newSite`. */
export async function newBattery(api, { owner, seed, capacity, nameplate = 1_000_000, back = 4_000, log = () => {} }) {
  const keys = BATTERY.map((name) => deviceKey(seed && `${seed}//${name}`));
  const { miner, numbers } = await admit(api, { owner, keys, kind: 'Storage', flows: ['Charge', 'Discharge'], nameplate, log });
  const [charge, discharge] = keys.map((key, index) => device(api, { owner, miner, meter: numbers[index], key, register: BASE }));
  const reported = (await currentInterval(api)) - back;
  for (const meter of [charge, discharge]) await meter.read(reported);
  const meters = { charge: charge.meter, discharge: discharge.meter, loss: null };
  await send(api.tx.storageNodes.registerNode(miner, meters, capacity), owner);
  log(`storage node ${miner} for ${capacity} mWh`);
  return battery(api, { owner, miner, charge, discharge, reported });
}

/** A battery that `newBattery` made with a seed, from what the chain knows of it. */
export async function knownBattery(api, { owner, seed, miner }) {
  const { meters } = (await api.query.storageNodes.nodes(miner)).unwrap();
  const found = {};
  let reported = 0;
  for (const name of BATTERY) {
    const meter = meters[name].toNumber();
    const { register, lastInterval } = (await api.query.metering.meterStates(meter)).unwrap();
    found[name] = device(api, { owner, miner, meter, key: deviceKey(`${seed}//${name}`), register: register.toBigInt() });
    reported = Math.max(reported, lastInterval.toNumber());
  }
  return battery(api, { owner, miner, ...found, reported });
}

/** A site that `newSite` made with a seed, from what the chain knows of it. */
export async function knownSite(api, { owner, seed, miner, meter }) {
  const state = (await api.query.metering.meterStates(meter)).unwrap();
  return device(api, { owner, miner, meter, key: deviceKey(seed), register: state.register.toBigInt() });
}

/** Asks for payment up to a position in what matured of a site's meter, or for all of it; the request's number. */
export async function request(api, site, payout = 'Direct', upTo = null) {
  const sent = await send(api.tx.issuance.requestPayment(site.miner, [[site.meter, upTo]], payout), site.owner);
  return theEvent(sent, 'issuance', 'Requested').data.request.toNumber();
}

/** The events of one pallet in a result, as plain values. An error in one of them has the chain's own name for it. */
export const eventsOf = (api, { events }, pallet) =>
  events
    .filter(({ section }) => section === pallet)
    .map(({ method, data }) => ({
      name: method,
      ...Object.fromEntries(
        (data.names ?? []).map((field) => [field, field === 'error' ? describe(api.registry, data.error) : data[field].toPrimitive()])
      ),
    }));

/** Prints the outcome for the test that called. */
export function report(outcome) {
  console.log(JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));
}
