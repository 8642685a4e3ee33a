// What the demo and the end-to-end tests need of a Heliograph node through @polkadot/api.
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { cryptoWaitReady } from '@polkadot/util-crypto';

/**
 * The only type that @polkadot/api has to be told: what a fee can be paid in. It takes it for a location on another chain.
 * In Polkadot.js Apps the same stands in Settings, Developer.
 */
export const TYPES = { FeeAsset: { _enum: { Native: 'Null', WithId: 'u32' } }, TAssetConversion: 'Option<FeeAsset>' };

/** Connects, and fails instead of retrying for ever when nobody listens. */
export async function connect(url, { patience = 30_000 } = {}) {
  await cryptoWaitReady();
  const provider = new WsProvider(url, 500);
  let timer;
  const expired = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no node answers at ${url} within ${patience / 1000} s`)), patience);
  });
  try {
    return await Promise.race([ApiPromise.create({ provider, types: TYPES, noInitWarn: true }), expired]);
  } catch (error) {
    await provider.disconnect();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A signer from a secret URI such as `//Alice`. */
export function signer(uri) {
  return new Keyring({ type: 'sr25519', ss58Format: 42 }).addFromUri(uri);
}

/** What went wrong, by the name that the chain gives to it. */
export function describe(registry, dispatchError) {
  if (dispatchError.isModule) {
    const { section, name } = registry.findMetaError(dispatchError.asModule);
    return `${section}.${name}`;
  }
  return dispatchError.toString();
}

/** A transaction that was included, and failed there. */
export class DispatchFailed extends Error {
  constructor(name, result) {
    super(name);
    this.result = result;
  }
}

/**
 * Signs, sends and waits until a block contains the transaction (or until that block is final). Resolves to the block's
 * hash and the transaction's events; rejects with the pallet's own name of the error.
 */
export function send(tx, account, { final = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    let unsubscribe = () => {};
    const settle = (act) => {
      unsubscribe();
      act();
    };
    tx.signAndSend(account, { nonce: -1, ...options }, ({ status, events, dispatchError, txHash }) => {
      if (status.isInvalid || status.isDropped || status.isUsurped) {
        settle(() => reject(new Error(`the transaction was ${status.type.toLowerCase()}`)));
      } else if (final ? status.isFinalized : status.isInBlock) {
        const block = final ? status.asFinalized : status.asInBlock;
        const result = { block, events: events.map(({ event }) => event), txHash };
        settle(() =>
          dispatchError ? reject(new DispatchFailed(describe(tx.registry, dispatchError), result)) : resolve(result)
        );
      }
    }).then((stop) => {
      unsubscribe = stop;
    }, reject);
  });
}

/** The only event `section.method` of a result. */
export function theEvent({ events }, section, method) {
  const found = events.filter((event) => event.section === section && event.method === method);
  if (found.length !== 1) {
    throw new Error(`expected one event ${section}.${method}, found ${found.length} among ${events.map((e) => `${e.section}.${e.method}`)}`);
  }
  return found[0];
}

/**
 * A motion of the Technical Committee, by the extrinsics that the "Tech. comm." page of Polkadot.js Apps sends: propose,
 * a vote of each member, close. Returns what closing it gave; rejects when the committee's call failed.
 */
export async function motion(api, call, members, log = () => {}) {
  const committee = api.tx.technicalCommittee;
  const length = call.method.encodedLength;
  const threshold = Math.ceil((members.length * 2) / 3);
  const { weight } = await api.tx(call.method).paymentInfo(members[0].address);

  const proposed = theEvent(
    await send(committee.propose(threshold, call.method, length), members[0]),
    'technicalCommittee',
    'Proposed'
  );
  const { proposalIndex, proposalHash } = proposed.data;
  log(`motion ${proposalIndex}: ${call.method.section}.${call.method.method}, ${threshold} of ${members.length} needed`);

  await Promise.all(members.map((member) => send(committee.vote(proposalHash, proposalIndex, true), member)));
  log(`motion ${proposalIndex}: ${members.length} votes in favour`);

  const closed = await send(committee.close(proposalHash, proposalIndex, weight, length), members[0]);
  const { result } = theEvent(closed, 'technicalCommittee', 'Executed').data;
  if (result.isErr) {
    throw new Error(`the motion passed, but its call failed: ${describe(api.registry, result.asErr)}`);
  }
  log(`motion ${proposalIndex}: closed and executed`);
  return closed;
}

/** Whole tokens of the chain's own currency as base units. */
export function tokens(api, amount) {
  return BigInt(Math.round(amount * 1e6)) * 10n ** BigInt(api.registry.chainDecimals[0] - 6);
}

/**
 * Registers a miner the way its owner and the Technical Committee do: apply, motion to approve, name the operator, fund
 * it. Returns the numbers that the chain assigned.
 */
export async function onboard(api, { owner, members, meters, operator, kind = 'Standard', profile = {}, fund = 10, log = () => {} }) {
  const capacity = Math.max(...meters.map(({ nameplate }) => nameplate));
  const applied = theEvent(
    await send(
      api.tx.miners.apply(
        kind,
        { source: 'Solar', method: 'SmartMeter', capacity, location: 'u33d', gridArea: '', commissioned: 19_000, ...profile },
        meters
      ),
      owner
    ),
    'miners',
    'Applied'
  );
  const { application } = applied.data;
  log(`application ${application} of ${owner.address} with ${meters.length} meters, proofs of possession verified`);

  const approved = await motion(api, api.tx.miners.approve(application), members, log);
  const admitted = theEvent(approved, 'miners', 'Admitted').data;
  const miner = admitted.miner.toNumber();
  const first = admitted.firstMeter.toNumber();
  const numbers = meters.map((_, index) => first + index);
  log(`miner ${miner} admitted, its meters are ${numbers.join(', ')}`);

  if (operator) {
    // Final, and with it all before: an agent that starts now, and reads final blocks only, finds everything in place.
    await send(
      api.tx.utility.batchAll([
        api.tx.miners.addOperator(miner, operator),
        api.tx.balances.transferKeepAlive(operator, tokens(api, fund)),
      ]),
      owner,
      { final: true }
    );
    log(`operator ${operator} may submit for miner ${miner}, funded with ${fund} ${api.registry.chainTokens[0]}`);
  }
  return { application: application.toNumber(), miner, meters: numbers };
}
