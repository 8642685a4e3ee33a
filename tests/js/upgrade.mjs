// A runtime upgrade by a public referendum on a chain that is running, as Polkadot.js Apps does it: the preimage of
// system.authorizeUpgrade, a referendum on the root track, and then anyone uploads the code. Prints what was before and
// after, as JSON.
//
//   node tests/js/upgrade.mjs --url ws://… --code runtime.compact.compressed.wasm
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { connect, send, signer } from '../../scripts/lib/chain.mjs';
import { funded, newSite, refusal, referendum, report, sleep, until, voters } from './lib.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' }, code: { type: 'string' } } });
const log = (line) => console.error(`upgrade: ${line}`);
const api = await connect(values.url);
const code = readFileSync(values.code);
const alice = signer('//Alice');

// An account that submitted readings and operates nothing any more: what the migration drops.
const owner = await funded(api, '//Uwe', 100);
const site = await newSite(api, { owner, log });
await send(api.tx.miners.removeOperator(site.miner, owner.address), owner);

/** Who has an entry of operator use, and who operates a miner. */
async function operators(at) {
  const used = (await at.query.metering.operatorUse.keys()).map(({ args }) => args[0].toString());
  const operating = new Set((await at.query.miners.operators.keys()).map(({ args }) => args[0].toString()));
  return { used: used.sort(), stale: used.filter((account) => !operating.has(account)).sort() };
}

const version = async () => (await api.rpc.state.getRuntimeVersion()).specVersion.toNumber();
const before = { version: await version(), ...(await operators(api)) };

// Nobody can do this alone.
const hash = blake2AsHex(code, 256);
const alone = await refusal(api.tx.system.authorizeUpgrade(hash), alice);
const unauthorised = await refusal(api.tx.system.applyAuthorizedUpgrade(u8aToHex(code)), alice);

const vote = await referendum(api, {
  origin: { system: 'Root' },
  call: api.tx.system.authorizeUpgrade(hash),
  by: alice,
  voters: voters(),
  log,
});
const authorised = (await api.query.system.authorizedUpgrade()).unwrap().codeHash.toHex();
const applied = await send(api.tx.system.applyAuthorizedUpgrade(u8aToHex(code)), alice);
log('the code is uploaded');
await until('the new version runs', async () => (await version()) > before.version, { seconds: 60 });
log(`spec version ${await version()}`);
await api.disconnect();

// A new connection, with the metadata of the new runtime.
await sleep(500);
const anew = await connect(values.url);
await until('the migration is over', async () => (await anew.query.multiBlockMigrations.cursor()).isNone, { seconds: 60 });
const at = (await anew.rpc.chain.getHeader()).number.toNumber();
const number = (await anew.rpc.chain.getHeader(applied.block)).number.toNumber();
const migration = [];
for (let block = number; block <= at; block++) {
  for (const { event } of await (await anew.at(await anew.rpc.chain.getBlockHash(block))).query.system.events()) {
    if (event.section === 'multiBlockMigrations') migration.push({ block, name: event.method, ...event.data.toPrimitive() });
  }
}
report({
  vote,
  alone,
  unauthorised,
  hash,
  authorised,
  applied: number,
  before: { ...before, stale_expected: owner.address },
  after: { version: (await anew.rpc.state.getRuntimeVersion()).specVersion.toNumber(), ...(await operators(anew)) },
  migration,
});
await anew.disconnect();
