// Safe mode, entered and left by the Technical Committee: what goes on, and what does not. Prints the answers as JSON.
//
//   node tests/js/safe-mode.mjs --url ws://… --miner 3 --meter 4
//
// --miner and --meter are what tests/js/tokens.mjs made for //Olga: with matured energy left, and with LP tokens.
import { parseArgs } from 'node:util';
import { stringToHex } from '@polkadot/util';
import { connect, motion, send, signer, theEvent, tokens } from '../../scripts/lib/chain.mjs';
import { energyOf, KWH, knownSite, members, motionRefusal, purse, refusal, report, request } from './lib.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' }, miner: { type: 'string' }, meter: { type: 'string' } } });
const log = (line) => console.error(`safe mode: ${line}`);
const api = await connect(values.url);
const [olga, tom, bob] = ['//Olga', '//Tom', '//Bob'].map(signer);
const site = await knownSite(api, { owner: olga, seed: '//Olga//meter', miner: Number(values.miner), meter: Number(values.meter) });
const [DECA, ENERGY] = ['Native', { WithId: KWH }];
const apply = api.tx.miners.apply(
  'Remote',
  { source: 'Solar', method: 'SmartMeter', capacity: 100, location: 'u33d', gridArea: '', commissioned: 19_000 },
  []
);
const evidence = stringToHex('https://example.org/why.html');

// Something of each kind that has a way out.
const application = theEvent(await send(apply, olga), 'miners', 'Applied').data.application;
const standing = await request(api, site);
await motion(api, api.tx.safeMode.forceEnter(), members(), log);
const until = (await api.query.safeMode.enteredUntil()).toString();
const attested = (await energyOf(api, site.meter)).attested;

const answers = async (attempts) => {
  const found = {};
  for (const [name, [tx, account]] of Object.entries(attempts)) found[name] = await refusal(tx, account);
  return found;
};
await site.deliver(1_000n);
const works = {
  ...(await answers({
    withdraw_application: [api.tx.miners.withdraw(application), olga],
    withdraw_request: [api.tx.issuance.withdraw(standing), olga],
    remove_liquidity: [api.tx.assetConversion.removeLiquidity(DECA, ENERGY, BigInt((await purse(api, olga.address)).lp) / 10n, 1, 1, olga.address), olga],
    challenge: [api.tx.metering.challenge(site.meter, evidence), tom],
  })),
  ruling: await motionRefusal(api, api.tx.metering.dismiss(site.meter), log),
};
const refused = {
  ...(await answers({
    apply: [apply, olga],
    transfer: [api.tx.balances.transferKeepAlive(bob.address, tokens(api, 1)), olga],
    transfer_kwh: [api.tx.assets.transfer(KWH, bob.address, 1), olga],
    request_payment: [api.tx.issuance.requestPayment(site.miner, [[site.meter, null]], 'Direct'), olga],
    swap: [api.tx.assetConversion.swapExactTokensForTokens([DECA, ENERGY], tokens(api, 1), 1, tom.address, true), tom],
    add_liquidity: [api.tx.assetConversion.addLiquidity(DECA, ENERGY, tokens(api, 1), 1_000_000, 1, 1, tom.address), tom],
    inside_a_batch: [api.tx.utility.batchAll([apply]), olga],
  })),
  motion_to_approve: await motionRefusal(api, api.tx.issuance.approve([standing]), log),
};
const during = { attested_before: attested, attested_after: (await energyOf(api, site.meter)).attested };

await motion(api, api.tx.safeMode.forceExit(), members(), log);
const left = (await api.query.safeMode.enteredUntil()).isNone;
const again = theEvent(await send(apply, olga), 'miners', 'Applied').data.application;
report({ until, works, refused, during, left, afterwards: await refusal(api.tx.miners.withdraw(again), olga) });
await api.disconnect();
