// What the holder of a soul-bound token tries with it, by real extrinsics, and what the chain says to each. Prints the
// answers and the token before and after as JSON.
//
//   node tests/js/sbt.mjs --url ws://… --miner 0 [--owner //Dave]
import { parseArgs } from 'node:util';
import { connect, send, signer } from '../../scripts/lib/chain.mjs';
import { refusal, report } from './lib.mjs';

const { values } = parseArgs({
  options: { url: { type: 'string' }, miner: { type: 'string' }, owner: { type: 'string', default: '//Dave' } },
});
const api = await connect(values.url);
const holder = signer(values.owner);
const friend = signer('//Bob').address;
const [collection, item] = [0, Number(values.miner)];
const nfts = api.tx.nfts;
const attempts = {
  transfer: nfts.transfer(collection, item, friend),
  burn: nfts.burn(collection, item),
  approve_transfer: nfts.approveTransfer(collection, item, friend, null),
  set_price: nfts.setPrice(collection, item, 1, null),
  create_swap: nfts.createSwap(collection, item, collection, null, null, 10),
  set_own_attribute: nfts.setAttribute(collection, item, 'ItemOwner', 'capacity', '1 MW'),
  set_collection_attribute: nfts.setAttribute(collection, item, 'CollectionOwner', 'capacity', '1 MW'),
  clear_attribute: nfts.clearAttribute(collection, item, 'CollectionOwner', 'status'),
  approve_attributes: nfts.approveItemAttributes(collection, item, friend),
  set_metadata: nfts.setMetadata(collection, item, '{"name":"mine"}'),
  clear_metadata: nfts.clearMetadata(collection, item),
  lock_transfer: nfts.lockItemTransfer(collection, item),
  unlock_transfer: nfts.unlockItemTransfer(collection, item),
  lock_properties: nfts.lockItemProperties(collection, item, true, true),
  mint: nfts.mint(collection, 4_000_000, holder.address, null),
  force_mint: nfts.forceMint(collection, 4_000_000, holder.address, { settings: 0 }),
  transfer_ownership: nfts.transferOwnership(collection, friend),
  set_team: nfts.setTeam(collection, holder.address, holder.address, holder.address),
  create_collection: nfts.create(holder.address, {
    settings: 0,
    maxSupply: null,
    mintSettings: { mintType: 'Issuer', price: null, startBlock: null, endBlock: null, defaultItemSettings: 0 },
  }),
  inside_a_batch: api.tx.utility.batchAll([nfts.transfer(collection, item, friend)]),
};

/** All that the chain keeps of the token. */
async function token() {
  const pairs = await Promise.all([
    api.query.nfts.item(collection, item),
    api.query.nfts.itemConfigOf(collection, item),
    api.query.nfts.itemMetadataOf(collection, item),
    api.query.nfts.collection(collection),
  ]);
  const attributes = await api.query.nfts.attribute.entries(collection, item);
  return [
    ...pairs.map((value) => value.toHex()),
    ...attributes.map(([key, value]) => `${key.toHex()}=${value.toHex()}`).sort(),
  ];
}

// Bob would take the collection.
await send(nfts.setAcceptOwnership(collection), signer('//Bob'));
const before = await token();
const nonce = (await api.rpc.system.accountNextIndex(holder.address)).toNumber();
const answers = await Promise.all(
  Object.entries(attempts).map(async ([name, tx], index) => [name, await refusal(tx, holder, { nonce: nonce + index })])
);
report({
  answers: Object.fromEntries(answers),
  unchanged: JSON.stringify(await token()) === JSON.stringify(before),
  owner: (await api.query.nfts.item(collection, item)).unwrap().owner.toString(),
  holder: holder.address,
});
await api.disconnect();
