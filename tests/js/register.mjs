// The first steps of the payment sequence: a miner applies with the proofs of an agent's keys, is refused, applies again
// and is admitted; its soul-bound token; a storage node, and a deposit of the export meter with it. Prints what was seen as
// JSON.
//
//   node tests/js/register.mjs --url ws://… --meters meters.json --operator 5… --export 1 [--owner //Dave] [--storage //Eve]
//
// --export is the place of the export meter in meters.json.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hexToString, stringToHex } from '@polkadot/util';
import { connect, motion, onboard, send, signer, theEvent } from '../../scripts/lib/chain.mjs';
import { agreeDeposit, members, newBattery, purse, report } from './lib.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    meters: { type: 'string' },
    operator: { type: 'string' },
    export: { type: 'string' },
    owner: { type: 'string', default: '//Dave' },
    storage: { type: 'string', default: '//Eve' },
  },
});
const log = (line) => console.error(`register: ${line}`);
const api = await connect(values.url);
const owner = signer(values.owner);
const keeper = signer(values.storage);
const meters = JSON.parse(readFileSync(values.meters, 'utf8'));
const profile = { source: 'Solar', method: 'SmartMeter', capacity: 12_000, location: 'u33d', gridArea: '10YDE-VE-------2', commissioned: 19_500 };
const held = async () => (await purse(api, owner.address)).held;

// Refused: the reason can be read, the deposit is back, the keys are free.
const refused = theEvent(await send(api.tx.miners.apply('Standard', profile, meters), owner), 'miners', 'Applied').data;
const deposit = { while_open: await held() };
await motion(api, api.tx.miners.reject(refused.application, stringToHex('the seal of the meter is not to be seen')), members(), log);
deposit.when_rejected = await held();
const rejection = (await api.query.miners.rejections(owner.address)).unwrap();
const keysFree = await Promise.all(meters.map(async ({ key }) => (await api.query.miners.keyUses(key)).isNone));

// Applied again, admitted, the agent's account named as operator.
const admitted = await onboard(api, { owner, members: members(), meters, operator: values.operator, profile, log });
deposit.when_admitted = await held();
const forgotten = (await api.query.miners.rejections(owner.address)).isNone;

// What a wallet shows.
const item = (await api.query.nfts.item(0, admitted.miner)).unwrap();
const attributes = {};
for (const [key, value] of await api.query.nfts.attribute.entries(0, admitted.miner)) {
  const [, , namespace, name] = key.args;
  if (namespace.isCollectionOwner) attributes[hexToString(name.toHex())] = hexToString(value.unwrap()[0].toHex());
}
const metadata = (await api.query.nfts.itemMetadataOf(0, admitted.miner)).unwrap();

// The storage node that takes the energy in. The meter has not reported yet, so all of it counts.
const storage = await newBattery(api, { owner: keeper, seed: `${values.storage}//battery`, capacity: 10_000_000_000n, log });
const exporter = admitted.meters[Number(values.export)];
await agreeDeposit(api, { owner, meter: exporter, node: storage });

report({
  ...admitted,
  owner: owner.address,
  rejected: {
    application: rejection.application.toNumber(),
    expected: refused.application.toNumber(),
    reason: hexToString(rejection.reason.toHex()),
    keys_free: keysFree.every(Boolean),
    forgotten,
  },
  deposit,
  token: { owner: item.owner.toString(), attributes, metadata: hexToString(metadata.data.toHex()) },
  storage: {
    miner: storage.miner,
    owner: keeper.address,
    assigned: (await api.query.miners.meters(exporter)).unwrap().node.toString(),
  },
});
await api.disconnect();
