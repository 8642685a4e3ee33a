// Registers several sites at once, by one motion of the Technical Committee, and funds their owners and operators. Prints
// the numbers of miners and meters as JSON, in the order of the file.
//
//   node tests/js/sites.mjs --url ws://… --sites sites.json
//
// sites.json: [{"owner": "//Olga", "kind": "Standard", "area": "10YDE-VE-------2", "operator": "5…", "meters": […]}, …], where
// `meters` is what `heliograph-agent keys application` prints. A site without an agent has `flows` instead: meters of those
// flows, with keys that nobody keeps, so that they never report.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Keyring } from '@polkadot/api';
import { randomAsU8a } from '@polkadot/util-crypto';
import { connect, motion, send, signer, theEvent, tokens } from '../../scripts/lib/chain.mjs';
import { members, report } from './lib.mjs';
import { meterApplication } from './reading.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' }, sites: { type: 'string' } } });
const log = (line) => console.error(`sites: ${line}`);
const api = await connect(values.url);
const NAMEPLATE = 40_000;
const sites = JSON.parse(readFileSync(values.sites, 'utf8')).map((site) => ({ ...site, owner: signer(site.owner) }));
const pay = (to, amount) => api.tx.balances.transferKeepAlive(to, tokens(api, amount));
await send(api.tx.utility.batchAll(sites.map(({ owner }) => pay(owner.address, 10_000))), signer('//Alice'));

const silent = (owner, flow) => {
  const key = new Keyring({ type: 'ed25519' }).addFromSeed(randomAsU8a(32));
  return meterApplication(key, api.genesisHash.toU8a(), owner.address, flow, NAMEPLATE);
};
const applied = await Promise.all(
  sites.map(({ owner, kind, area, meters, flows }) => {
    const profile = { source: 'Solar', method: 'SmartMeter', capacity: NAMEPLATE, location: 'u33d', gridArea: area, commissioned: 19_500 };
    const listed = meters ?? flows.map((flow) => silent(owner, flow));
    return send(api.tx.miners.apply(kind, profile, listed), owner);
  })
);
const applications = applied.map((sent) => theEvent(sent, 'miners', 'Applied').data.application);
log(`applications ${applications}`);
const approval = api.tx.utility.batchAll(applications.map((application) => api.tx.miners.approve(application)));
const { events } = await motion(api, approval, members(), log);
const admitted = applications.map((application) => {
  const found = events.find(({ section, method, data }) => section === 'miners' && method === 'Admitted' && data.application.eq(application));
  if (!found) throw new Error(`application ${application} was not admitted`);
  const first = found.data.firstMeter.toNumber();
  const meters = Array.from({ length: found.data.meters.toNumber() }, (_, index) => first + index);
  return { miner: found.data.miner.toNumber(), meters };
});
await Promise.all(
  sites.map(({ owner, operator }, index) => {
    if (!operator) return null;
    const calls = [api.tx.miners.addOperator(admitted[index].miner, operator), pay(operator, 10)];
    // Final, and with it all before: an agent that starts now, and reads final blocks only, finds everything in place.
    return send(api.tx.utility.batchAll(calls), owner, { final: true });
  })
);
log(`miners ${admitted.map(({ miner }) => miner)}`);
report(admitted);
await api.disconnect();
