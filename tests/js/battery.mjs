// Tokens for energy that a storage node received: waits until all of it has matured, requests payment, has it approved.
// Prints the evidence, the ledgers around the approval, and how tokens compare with the energy in the batteries, as JSON.
//
//   node tests/js/battery.mjs --url ws://… --miner 0 --meter 1 --energy MWH --owner //Olga --node-owner 5…
import { parseArgs } from 'node:util';
import { connect, motion, signer } from '../../scripts/lib/chain.mjs';
import { around, awaitMatured, eventsOf, maturitySeconds, members, paymentFund, report, request, treasury, view } from './lib.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    miner: { type: 'string' },
    meter: { type: 'string' },
    energy: { type: 'string' },
    owner: { type: 'string' },
    'node-owner': { type: 'string' },
  },
});
const log = (line) => console.error(`battery: ${line}`);
const api = await connect(values.url);
const [miner, meter] = [Number(values.miner), Number(values.meter)];
const owner = signer(values.owner);
const people = { miner: owner.address, node: values['node-owner'], treasury: treasury(api), fund: paymentFund(api) };
const parity = async (block) => (await view(api, 'StorageNodes', 'parity', [], block)).toPrimitive();

await awaitMatured(api, meter, values.energy, await maturitySeconds(api));
const id = await request(api, { owner, miner, meter }, 'Direct', BigInt(values.energy));
const entry = (await api.query.issuance.requests(id)).unwrap().toPrimitive();
log(`request ${id}: ${entry.evidence.received} of ${entry.evidence.sent} mWh were received`);
const before = await parity();
const closed = await motion(api, api.tx.issuance.approve([id]), members(), log);
report({
  entry,
  ...(await around(api, closed.block, people)),
  events: eventsOf(api, closed, 'issuance'),
  parity: { before, after: await parity(closed.block) },
  supply: (await view(api, 'Issuance', 'supply')).toPrimitive(),
});
await api.disconnect();
