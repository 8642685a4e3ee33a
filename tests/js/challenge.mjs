// Challenges: inside the window, after it, against an open request, upheld, dismissed. Prints ledgers from around the blocks
// that moved money, and what the chain said to each attempt, as JSON.
//
//   node tests/js/challenge.mjs --url ws://…
import { parseArgs } from 'node:util';
import { stringToHex } from '@polkadot/util';
import { connect, motion, send } from '../../scripts/lib/chain.mjs';
import {
  around,
  awaitMatured,
  currentInterval,
  energyOf,
  eventsOf,
  feeOf,
  funded,
  maturitySeconds,
  members,
  newSite,
  refusal,
  report,
  request,
  treasury,
  until,
} from './lib.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' } } });
const log = (line) => console.error(`challenge: ${line}`);
const api = await connect(values.url);
const owner = await funded(api, '//Ines', 1_000);
const challenger = await funded(api, '//Karl', 1_000);
const people = { owner: owner.address, challenger: challenger.address, treasury: treasury(api) };
const evidence = stringToHex('https://example.org/the-seal-is-broken.jpg');
const [MATURED, CHALLENGED, MEANWHILE, HONEST] = [40_000_000n, 7_000_001n, 1_000_003n, 5_000_005n];

const site = await newSite(api, { owner, log });
const patience = await maturitySeconds(api);
const { meter } = site;
const challenge = api.tx.metering.challenge(meter, evidence);
const deposit = (await api.query.miners.miners(site.miner)).unwrap().deposit.toString();
const bond = '100000000000000';

// After maturity there is nothing left to take back.
await site.deliver(MATURED);
await awaitMatured(api, meter, MATURED, patience);
const late = await refusal(challenge, challenger);
const standing = await request(api, site);
const before = await energyOf(api, meter);

// Inside the window.
await site.deliver(CHALLENGED);
const own = await refusal(challenge, owner);
const opened = await send(challenge, challenger);
const opening = { ...(await around(api, opened.block, people)), fee: feeOf(opened) };
const again = await refusal(challenge, challenger);
const opened_in = await currentInterval(api);

// While it is open: readings are taken, nothing matures, nothing is paid.
await site.deliver(MEANWHILE);
const approval = eventsOf(api, await motion(api, api.tx.issuance.approve([standing]), members(), log), 'issuance');
await send(api.tx.issuance.withdraw(standing), owner);
const asked = await refusal(api.tx.issuance.requestPayment(site.miner, [[meter, null]], 'Direct'), owner);
await until('a day passes', async () => (await currentInterval(api)) > opened_in + 110, { seconds: patience });
const quarantined = await energyOf(api, meter);

// Upheld.
const ruling = await motion(api, api.tx.metering.uphold(meter), members(), log);
const upheld = {
  ...(await around(api, ruling.block, people)),
  events: eventsOf(api, ruling, 'metering'),
  energy: await energyOf(api, meter),
  deposit_left: (await api.query.miners.miners(site.miner)).unwrap().deposit.toString(),
};
const paid = eventsOf(api, await motion(api, api.tx.issuance.approve([await request(api, site)]), members(), log), 'issuance');
const exhausted = await refusal(api.tx.issuance.requestPayment(site.miner, [[meter, null]], 'Direct'), owner);

// A frivolous one.
await site.deliver(HONEST);
await send(challenge, challenger);
const dismissal = await motion(api, api.tx.metering.dismiss(meter), members(), log);
const dismissed = {
  ...(await around(api, dismissal.block, people)),
  events: eventsOf(api, dismissal, 'metering'),
  open: (await api.query.metering.challenges(meter)).isSome,
};
const after = await awaitMatured(api, meter, MATURED + HONEST, patience);

report({
  amounts: { matured: MATURED, challenged: CHALLENGED, meanwhile: MEANWHILE, honest: HONEST },
  bond,
  deposit,
  late,
  before,
  own,
  opening,
  again,
  approval,
  asked,
  quarantined,
  upheld,
  paid,
  exhausted,
  dismissed,
  after,
});
await api.disconnect();
