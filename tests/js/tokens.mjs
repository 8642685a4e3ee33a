// The pool and the tokens: liquidity from a payment, swaps and the fees that they leave to miner and storage node, liquidity
// added and removed, and a fee paid in KWH by an account that has no DECA. Prints ledgers from around each block as JSON.
//
//   node tests/js/tokens.mjs --url ws://…
import { parseArgs } from 'node:util';
import { connect, motion, send, signer, tokens } from '../../scripts/lib/chain.mjs';
import {
  around,
  awaitMatured,
  eventsOf,
  feeOf,
  funded,
  KWH,
  kwhPool,
  maturitySeconds,
  members,
  newBattery,
  newSite,
  paymentFund,
  refusal,
  report,
  request,
  treasury,
} from './lib.mjs';

const { values } = parseArgs({ options: { url: { type: 'string' } } });
const log = (line) => console.error(`tokens: ${line}`);
const api = await connect(values.url);
const olga = await funded(api, '//Olga', 1_000);
const nils = await funded(api, '//Nils', 10_000);
const tom = await funded(api, '//Tom', 1_000);
const kai = signer('//Kai');
const people = {
  miner: olga.address,
  node: nils.address,
  trader: tom.address,
  poor: kai.address,
  treasury: treasury(api),
  fund: paymentFund(api),
};
const [DECA, ENERGY] = ['Native', { WithId: KWH }];

/** Sends, and gives the ledgers around the block and what the sender paid. */
async function moved(tx, account, options) {
  const sent = await send(tx, account, options);
  return { ...(await around(api, sent.block, people)), fee: feeOf(sent), events: eventsOf(api, sent, 'assetConversion') };
}

// A miner and its storage node are paid with liquidity, for the 92 % that arrived. A tenth of the energy is left for later.
const node = await newBattery(api, { owner: nils, capacity: 5_000_000_000n, log });
const site = await newSite(api, { owner: olga, seed: '//Olga//meter', node, log });
await site.deliver(5_000_000_000n);
await node.take(4_600_000_000n);
await node.account(site.meter, 5_000_000_000n);
await awaitMatured(api, site.meter, 5_000_000_000n, await maturitySeconds(api));
const asked = await request(api, site, 'Liquidity', 4_500_000_000n);
const closed = await motion(api, api.tx.issuance.approve([asked]), members(), log);
const paid = { ...(await around(api, closed.block, people)), events: eventsOf(api, closed, 'issuance') };

// There and back again.
const swap = (path, amount) => api.tx.assetConversion.swapExactTokensForTokens(path, amount, 1, tom.address, true);
const bought = await moved(swap([DECA, ENERGY], tokens(api, 10)), tom);
const gain = BigInt(bought.after.purses.trader.kwh) - BigInt(bought.before.purses.trader.kwh);
const sold = await moved(swap([ENERGY, DECA], gain / 2n), tom);

// Liquidity in and out.
const added = await moved(
  api.tx.assetConversion.addLiquidity(DECA, ENERGY, tokens(api, 100), gain / 4n, 1, 1, tom.address),
  tom
);
const lpOf = (ledger, name) => BigInt(ledger.purses[name].lp);
const remove = (account, amount) => api.tx.assetConversion.removeLiquidity(DECA, ENERGY, amount, 1, 1, account.address);
const removed = {
  trader: await moved(remove(tom, lpOf(added.after, 'trader')), tom),
  miner: await moved(remove(olga, lpOf(added.after, 'miner') / 2n), olga),
  node: await moved(remove(nils, lpOf(added.after, 'node') / 2n), nils),
};

// A fee in KWH.
await send(api.tx.assets.transferKeepAlive(KWH, kai.address, 20_000_000n), olga);
const payment = api.tx.assets.transferKeepAlive(KWH, olga.address, 1_000_000n);
const without = await refusal(payment, kai);
const sent = await send(api.tx.assets.transferKeepAlive(KWH, olga.address, 1_000_000n), kai, { assetId: ENERGY });
const inKwh = {
  ...(await around(api, sent.block, people)),
  event: eventsOf(api, sent, 'assetTxPayment')[0],
  swaps: eventsOf(api, sent, 'assetConversion'),
};

// Nobody but the chain mints.
const forbidden = {
  mint: await refusal(api.tx.assets.mint(KWH, olga.address, 1), olga),
  mint_by_committee: await motion(api, api.tx.assets.mint(KWH, olga.address, 1), members(), log).then(
    () => null,
    (error) => error.message
  ),
  take_over: await refusal(api.tx.assets.transferOwnership(KWH, olga.address), olga),
  create: await refusal(api.tx.assets.create(77, olga.address, 1), olga),
};
const { isSufficient, issuer } = (await api.query.assets.asset(KWH)).unwrap();
const metadata = {};
for (const id of [1, 2, 3, 4]) {
  const { name, symbol, decimals } = await api.query.assets.metadata(id);
  metadata[id] = [name.toUtf8(), symbol.toUtf8(), decimals.toNumber()];
}

report({
  olga: { miner: site.miner, meter: site.meter },
  lp: (await kwhPool(api)).lp,
  paid,
  bought,
  sold,
  added,
  removed,
  without,
  in_kwh: inKwh,
  forbidden,
  kwh: { sufficient: isSufficient.isTrue, issuer: issuer.toString(), fund: people.fund },
  metadata,
});
await api.disconnect();
