// A certificate's whole way, by the extrinsics that people send: request, certification by the Technical Committee, split,
// sale of one half, liquidation of the other, retirement in the name of a beneficiary out of the pool, and of the sold half
// as carbon. Prints what was seen as JSON; what it should be is worked out by the test.
//
//   node tests/js/certificates.mjs --url ws://… --miner 0 --meter 2 --least MWH [--owner //Dave] [--window INTERVALS]
//
// --least is the energy that must be certifiable before it asks; --window the revocation window that the committee sets.
import { parseArgs } from 'node:util';
import { hexToString, stringToHex, u8aToHex } from '@polkadot/util';
import { connect, motion, send, signer, theEvent, tokens } from '../../scripts/lib/chain.mjs';
import {
  CO2,
  currentInterval,
  eventsOf,
  feeOf,
  feesOf,
  funded,
  members,
  motionRefusal,
  parentOf,
  REC,
  refusal,
  report,
  treasury,
  until,
  view,
} from './lib.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    miner: { type: 'string' },
    meter: { type: 'string' },
    least: { type: 'string' },
    owner: { type: 'string', default: '//Dave' },
    window: { type: 'string', default: '200' },
  },
});
const log = (line) => console.error(`certificates: ${line}`);
const api = await connect(values.url);
const [miner, meter] = [Number(values.miner), Number(values.meter)];
const owner = signer(values.owner);
const buyer = await funded(api, '//Berta', 1_000);
const company = await funded(api, '//Carla', 1_000);
const vault = treasury(api);

const deca = async (at, address) => {
  const { data } = await at.query.system.account(address);
  return { free: data.free.toBigInt(), held: data.reserved.toBigInt() };
};
const asset = async (id, address, at = api) => {
  const account = await at.query.assets.account(id, address);
  return account.isSome ? account.unwrap().balance.toBigInt() : 0n;
};
const supply = async (id) => (await api.query.assets.asset(id)).unwrap().supply.toBigInt();
const certificate = async (id) => (await api.query.rec.certificates(id)).unwrap().toPrimitive();
const issuance = async (id) => (await api.query.rec.issuances(id)).unwrap();

/** What free and held DECA of some accounts changed by in a block. */
async function moved(block, addresses) {
  const [before, after] = [await api.at(await parentOf(api, block)), await api.at(block)];
  const changes = {};
  for (const [name, address] of Object.entries(addresses)) {
    const [was, is] = [await deca(before, address), await deca(after, address)];
    changes[name] = { free: is.free - was.free, held: is.held - was.held };
  }
  return changes;
}

// --- The committee's numbers ------------------------------------------------------------------------------------------

const window = Number(values.window);
await motion(api, api.tx.parameters.setParameter({ Rec: { RevocationWindow: [null, window] } }), members(), log);
const area = (await api.query.miners.miners(miner)).unwrap().profile.gridArea;
const factor = { mgPerKwh: 380_000, source: stringToHex('Umweltbundesamt 2025') };
const forbidden = { factor_by_owner: await refusal(api.tx.rec.setEmissionFactor(area, factor), owner) };
await motion(api, api.tx.rec.setEmissionFactor(area, factor), members(), log);

// --- Request and certification ----------------------------------------------------------------------------------------

const least = BigInt(values.least);
await until(
  `${least} mWh of meter ${meter} can be certified`,
  async () => {
    const known = await view(api, 'Rec', 'certifiable', [miner, meter]);
    return known.isOk && known.asOk.toBigInt() >= least;
  },
  { seconds: 180, every: 1000 }
);
const documents = { evidence: stringToHex('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'), url: stringToHex('https://example.org/roof'), memo: '0x' };
forbidden.request_by_stranger = await refusal(api.tx.rec.request(miner, meter, documents), buyer);
const asked = await send(api.tx.rec.request(miner, meter, documents), owner);
const request = theEvent(asked, 'rec', 'Requested').data.request.toNumber();
const requested = {
  id: request,
  entry: (await api.query.rec.requests(request)).unwrap().toPrimitive(),
  moved: await moved(asked.block, { owner: owner.address }),
  fee: feeOf(asked),
};
log(`request ${request} for ${requested.entry.to.position - requested.entry.from.position} mWh`);
forbidden.second_request = await refusal(api.tx.rec.request(miner, meter, documents), owner);
forbidden.certify_by_owner = await refusal(api.tx.rec.certify([request]), owner);

const closed = await motion(api, api.tx.rec.certify([request]), members(), log);
const { issuance: issue, certificate: whole } = theEvent(closed, 'rec', 'Certified').data;
const certified = {
  issuance: issue.toNumber(),
  certificate: whole.toNumber(),
  entry: (await issuance(issue)).toPrimitive(),
  history: { from: u8aToHex((await issuance(issue)).from.history), to: u8aToHex((await issuance(issue)).to.history) },
  whole: await certificate(whole),
  moved: await moved(closed.block, { owner: owner.address, treasury: vault }),
  // Fees of that block's transactions go to the treasury, too.
  fees: await feesOf(api, closed.block),
};
log(`issuance ${issue}, certificate ${whole}`);
forbidden.liquidise_early = await refusal(api.tx.rec.liquidise([whole]), owner);
const twice = eventsOf(api, await motion(api, api.tx.rec.certify([request]), members(), log), 'rec');

// --- Split, and half of it sold ---------------------------------------------------------------------------------------

const energy = (await issuance(issue)).energy.toBigInt();
const half = energy / 2n;
const cut = theEvent(await send(api.tx.rec.split(whole, half), owner), 'rec', 'Split').data.part;
const split = { part: cut.toNumber(), lower: await certificate(whole), upper: await certificate(cut) };
const price = tokens(api, 20);
await send(api.tx.rec.offer(cut, price), owner);
forbidden.buy_below = await refusal(api.tx.rec.buy(cut, half, price - 1n), buyer);
forbidden.buy_more = await refusal(api.tx.rec.buy(cut, half + 1n, price), buyer);
const bought = await send(api.tx.rec.buy(cut, half, price), buyer);
const sold = {
  price,
  after: await certificate(cut),
  moved: await moved(bought.block, { owner: owner.address, buyer: buyer.address }),
  fee: feeOf(bought),
};
forbidden.transfer_sold = await refusal(api.tx.rec.transfer(cut, owner.address), owner);
log(`certificate ${cut} of ${half} mWh sold`);

// --- The other half becomes fungible ----------------------------------------------------------------------------------

const { revocableUntil } = await issuance(issue);
await until('the revocation window is over', async () => (await currentInterval(api)) > revocableUntil.toNumber(), { seconds: 120 });
const before = { rec: await asset(REC, owner.address), supply: await supply(REC), pool: (await view(api, 'Rec', 'pool')).energy.toBigInt() };
await send(api.tx.rec.liquidise([whole]), owner);
const liquidised = {
  before,
  after: { rec: await asset(REC, owner.address), supply: await supply(REC), pool: (await view(api, 'Rec', 'pool')).energy.toBigInt() },
  certificate: await certificate(whole),
};
forbidden.revoke_late = await motionRefusal(api, api.tx.rec.revoke(issue, stringToHex('too late')), log);
forbidden.mint = await refusal(api.tx.assets.mint(REC, owner.address, 1), owner);
forbidden.use_pooled = await refusal(api.tx.rec.transfer(whole, buyer.address), owner);

// --- Retired in the name of a beneficiary, by who got REC ------------------------------------------------------------------

const given = energy - half;
await send(api.tx.assets.transfer(REC, company.address, given), owner);
const used = (given * 3n) / 5n;
const details = {
  beneficiary: stringToHex('Bäckerei Morgenrot & Söhne'),
  entity: company.address,
  purpose: stringToHex('Electricity of our ovens'),
  message: stringToHex('Baked with the sun of our neighbourhood.'),
  period: { from: requested.entry.from.interval, to: requested.entry.to.interval },
};
forbidden.retire_too_much = await refusal(api.tx.rec.retireFungible(given + 1n, details), company);
forbidden.nobody = await refusal(api.tx.rec.retireFungible(used, { ...details, beneficiary: '0x' }), company);
const retiring = await send(api.tx.rec.retireFungible(used, details), company);
const first = theEvent(retiring, 'rec', 'Retired').data.retirement.toNumber();
const token = async (id) => {
  const item = await api.query.nfts.item(1, id);
  const attributes = {};
  for (const [key, value] of await api.query.nfts.attribute.entries(1, id)) {
    const [, , namespace, name] = key.args;
    if (namespace.isCollectionOwner || namespace.isPallet) attributes[hexToString(name.toHex())] = hexToString(value.unwrap()[0].toHex());
  }
  return { owner: item.isSome ? item.unwrap().owner.toString() : null, attributes };
};
const retired = {
  id: first,
  used,
  entry: (await api.query.rec.retirements(first)).unwrap().toPrimitive(),
  left: await asset(REC, company.address),
  supply: await supply(REC),
  token: await token(first),
};
forbidden.move_token = await refusal(api.tx.nfts.transfer(1, first, owner.address), company);
forbidden.burn_token = await refusal(api.tx.nfts.burn(1, first), company);
forbidden.mend_of_another = await refusal(
  api.tx.rec.editRetirement(first, { beneficiary: stringToHex('Somebody else'), purpose: '0x', message: '0x' }),
  owner
);
log(`retirement ${first} of ${used} mWh out of the pool`);

// --- And as carbon ----------------------------------------------------------------------------------------------------

const burnt = half / 4n;
const co2 = await asset(CO2, buyer.address);
const unnamed = { beneficiary: '0x', entity: null, purpose: '0x', message: '0x', period: null };
const turned = await send(api.tx.rec.retireAsCarbon(cut, burnt, unnamed), buyer);
const second = theEvent(turned, 'rec', 'Retired').data.retirement.toNumber();
const carbon = {
  id: second,
  used: burnt,
  mg_per_kwh: factor.mgPerKwh,
  entry: (await api.query.rec.retirements(second)).unwrap().toPrimitive(),
  gained: (await asset(CO2, buyer.address)) - co2,
};
const { parts } = (await api.query.rec.retirements(second)).unwrap();
forbidden.retire_again = await refusal(api.tx.rec.retire(parts[0].certificate, null, details), buyer);
forbidden.retire_more_than_left = await refusal(api.tx.rec.retire(cut, half, details), buyer);
log(`retirement ${second} of ${burnt} mWh as carbon`);

// Final, so that whoever reads final blocks only sees all of it.
await send(api.tx.system.remark('0x'), buyer, { final: true });

report({
  owner: owner.address,
  buyer: buyer.address,
  company: company.address,
  window,
  forbidden,
  requested,
  certified,
  twice,
  split,
  sold,
  liquidised,
  retired,
  carbon,
  sums: (await issuance(issue)).sums.toPrimitive(),
  energy,
  totals: (await view(api, 'Rec', 'totals')).toPrimitive(),
});
await api.disconnect();
