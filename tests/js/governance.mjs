// From an application to tokens, a treasury payment and a changed parameter, with nothing but the extrinsics and queries
// that the pages of Polkadot.js Apps send. docs/governance.md walks a person through the same steps, in the same order.
//
//   heliograph-node --dev --chain fast
//   node tests/js/governance.mjs --url ws://127.0.0.1:9944
//
// Say with --owner and --storage whose accounts shall own the miner and the storage node. Energy has to mature before it
// can be paid for: about 5 minutes on the chain "fast". Where it would take longer than --patience seconds (on
// "development": more than a day), the steps with tokens are left out, and the script says so.
//
// Exit code 0 when every step did what it should, 1 when one did not, 2 for a wrong option.
import { parseArgs } from 'node:util';
import { hexToString, stringToHex } from '@polkadot/util';
import { connect, motion, send, signer, theEvent, tokens } from '../../scripts/lib/chain.mjs';
import {
  agreeDeposit,
  awaitMatured,
  currentInterval,
  KWH,
  kwhPool,
  maturitySeconds,
  members,
  motionRefusal,
  newBattery,
  newSite,
  purse,
  referendum,
  request,
  treasury,
  voters,
} from './lib.mjs';

let values;
try {
  ({ values } = parseArgs({
    options: {
      url: { type: 'string', default: 'ws://127.0.0.1:9944' },
      owner: { type: 'string', default: '//Eve' },
      storage: { type: 'string', default: '//Ferdie' },
      patience: { type: 'string', default: '900' },
    },
  }));
} catch (error) {
  console.error(`governance: ${error.message}`);
  process.exit(2);
}

let steps = 0;
/** A page of Apps, and what is done there. */
const page = (name, what) => console.log(`\n${(steps += 1)}. ${name}\n   ${what}`);
const note = (line) => console.log(`   - ${line}`);
const check = (fact, what) => {
  if (!fact) throw new Error(`expected: ${what}`);
  note(`checked: ${what}`);
};
const deca = (amount) => `${Number(amount / 10n ** 6n) / 1e6} DECA`;
const kwh = (amount) => `${Number(amount) / 1e6} KWH`;

let api;
try {
  api = await connect(values.url);
  await walk();
  console.log(`\nAll ${steps} steps done.`);
} catch (error) {
  console.error(`\ngovernance: step ${steps} failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  await api?.disconnect();
}

async function walk() {
  const [alice, bob] = members();
  const owner = signer(values.owner);
  const keeper = signer(values.storage);
  const vault = treasury(api);

  // --- Registration ---------------------------------------------------------------------------------------------------

  page('Developer > Extrinsics, then Governance > Tech. comm. > Proposals', 'a miner applies; the committee proposes, votes and closes miners.approve');
  const site = await newSite(api, { owner, back: null, log: note });
  check((await api.query.miners.miners(site.miner)).unwrap().status.isActive, `miner ${site.miner} is active`);

  page('Network > NFTs, or Developer > Chain state > nfts', 'the soul-bound token of the miner');
  const token = (await api.query.nfts.item(0, site.miner)).unwrap();
  check(token.owner.eq(owner.address), `token ${site.miner} of collection 0 is held by ${owner.address}`);
  for (const [key, value] of await api.query.nfts.attribute.entries(0, site.miner)) {
    const [, , namespace, name] = key.args;
    if (namespace.isCollectionOwner) note(`${hexToString(name.toHex())}: ${hexToString(value.unwrap()[0].toHex())}`);
  }

  page('Governance > Tech. comm. > Proposals', 'an application is refused, with a reason that the applicant can read');
  const refused = theEvent(
    await send(
      api.tx.miners.apply(
        'Remote',
        { source: 'Solar', method: 'SmartMeter', capacity: 100, location: 'u33d', gridArea: '', commissioned: 19_000 },
        []
      ),
      owner
    ),
    'miners',
    'Applied'
  ).data.application;
  await motion(api, api.tx.miners.reject(refused, stringToHex('there is no plant to feed it yet')), members(), note);
  const rejection = (await api.query.miners.rejections(owner.address)).unwrap();
  check(rejection.application.eq(refused), `the reason stands at miners.rejections: "${hexToString(rejection.reason.toHex())}"`);

  // --- From energy to tokens ------------------------------------------------------------------------------------------

  const wait = await maturitySeconds(api);
  const withTokens = wait <= Number(values.patience);
  let second, roof;
  if (withTokens) {
    page('Developer > Extrinsics', 'a battery is admitted, too, and registered as a storage node (storageNodes.registerNode); the owners agree on a deposit (askDeposit, acceptDeposit)');
    const storage = await newBattery(api, { owner: keeper, capacity: 1_000_000_000n, log: note });
    await agreeDeposit(api, { owner, meter: site.meter, node: storage });
    check((await api.query.miners.meters(site.meter)).unwrap().node.eq(storage.miner), `meter ${site.meter} sends to storage node ${storage.miner}`);

    roof = await newSite(api, { owner, flow: 'Generation', log: note });
    page('(the agents)', 'a meter reports that it sent 300 kWh, the battery that 276 kWh arrived, a roof that it made 50 kWh');
    await site.read((await currentInterval(api)) - 4_000);
    await roof.deliver(50_000_000n);
    await site.deliver(300_000_000n);
    await storage.take(276_000_000n);

    page('Developer > Extrinsics', `anyone has the node and the meter accounted for (storageNodes.account, accountMeter); all of it matures within ${Math.round(wait)} s on this chain`);
    const receipt = await storage.account(site.meter, 300_000_000n);
    check(BigInt(receipt.received) === 276_000_000n, '92 % of what was sent was received');
    await awaitMatured(api, roof.meter, 50_000_000n, wait);
    await awaitMatured(api, site.meter, 300_000_000n, wait);

    page('Developer > Extrinsics', 'the owner requests payment for 200 kWh into the pool (issuance.requestPayment)');
    const first = await request(api, site, 'Liquidity', 200_000_000n);
    note(`request ${first}`);
    const evidence = (await api.query.issuance.requests(first)).unwrap().evidence;
    note(`evidence: sent ${kwh(evidence.sent.toBigInt())}, received ${kwh(evidence.received.toBigInt())} by the ${evidence.receivedBy.type}`);
    note(`evidence: ${evidence.reportedIntervals} of ${evidence.expectedIntervals} intervals reported, ${evidence.openChallenges} open challenges`);

    page('Governance > Tech. comm. > Proposals', 'the committee finds something missing: issuance.reject, and the owner resubmits');
    await motion(api, api.tx.issuance.reject(first, stringToHex('please add a photo of the seal')), members(), note);
    check((await api.query.issuance.requests(first)).unwrap().status.isRejected, `request ${first} is rejected`);
    const resubmitted = theEvent(await send(api.tx.issuance.resubmit(first), owner), 'issuance', 'Resubmitted').data.replacement;
    note(`resubmitted as request ${resubmitted}: evidence that nobody has seen yet has a number that nobody has voted on`);

    page('Governance > Tech. comm. > Proposals', 'the committee approves: issuance.approve');
    const supply = await kwhSupply();
    await motion(api, api.tx.issuance.approve([resubmitted]), members(), note);
    check((await kwhSupply()) - supply === 184_000_000n, '184 KWH were minted, for what was received of 200 kWh');

    page('Network > Assets, Developer > Chain state > poolAssets', 'KWH in the treasury, LP tokens with the miner and the storage node');
    const { lp } = await kwhPool(api);
    for (const [name, address] of [['the miner', owner.address], ['the storage node', keeper.address], ['the treasury', vault]]) {
      const has = await purse(api, address);
      note(`${name}: ${kwh(BigInt(has.kwh))}, ${has.lp} base units of LP token ${lp}`);
    }
    check(BigInt((await purse(api, owner.address)).lp) > 0n, 'the miner holds LP tokens');
    check(BigInt((await purse(api, keeper.address)).lp) > 0n, 'the storage node holds LP tokens');
    second = await request(api, site, 'Direct');
    note(`the owner requests payment for the rest, paid out directly: request ${second}`);
  } else {
    page('(left out)', `energy takes ${Math.round(wait / 3600)} hours to mature on this chain: no payment request, and no KWH in the treasury`);
  }

  // --- The treasury and the public ------------------------------------------------------------------------------------

  page('Accounts > Transfer', 'somebody gives the treasury 100 DECA');
  await send(api.tx.balances.transferKeepAlive(vault, tokens(api, 100)), alice);
  note(`the treasury at ${vault} has ${deca(BigInt((await purse(api, vault)).deca))}`);

  const spends = [api.tx.treasury.spend('Native', tokens(api, 40), owner.address, null)];
  if (withTokens) {
    page('Governance > Tech. comm. > Proposals', 'the committee sets what a KWH is worth to the treasury: assetRate.create');
    // 0.1 DECA per KWH: 100,000 base units for one, as a number with 18 decimals.
    const rate = 100_000n * 10n ** 18n;
    const known = (await api.query.assetRate.conversionRateToNative({ WithId: KWH })).isSome;
    await motion(api, known ? api.tx.assetRate.update({ WithId: KWH }, rate) : api.tx.assetRate.create({ WithId: KWH }, rate), members(), note);
    spends.push(api.tx.treasury.spend({ WithId: KWH }, 5_000_000n, owner.address, null));
  }

  page('Governance > Preimages, Governance > Referenda', 'the public spends from the treasury, on the track treasurer');
  const number = (await api.query.treasury.spendCount()).toNumber();
  const spent = await referendum(api, {
    origin: { Origins: 'Treasurer' },
    call: api.tx.utility.batchAll(spends),
    by: bob,
    voters: voters(),
    log: note,
  });
  check(spent.error === null, 'the spends were approved');

  page('Developer > Extrinsics', 'anyone has the approved spends paid out: treasury.payout');
  for (const [offset, name] of ['DECA', 'KWH'].slice(0, spends.length).entries()) {
    const field = name.toLowerCase();
    const before = BigInt((await purse(api, owner.address))[field]);
    await send(api.tx.treasury.payout(number + offset), alice);
    const got = BigInt((await purse(api, owner.address))[field]) - before;
    check(got === [tokens(api, 40), 5_000_000n][offset], `${name === 'DECA' ? deca(got) : kwh(got)} from the treasury arrived`);
  }

  if (withTokens) {
    page('Governance > Preimages, Governance > Referenda', 'the public approves the second request, on the track minting');
    const supply = await kwhSupply();
    const approved = await referendum(api, {
      origin: { Origins: 'Minting' },
      call: api.tx.issuance.approve([second]),
      by: bob,
      voters: voters(),
      log: note,
    });
    check(approved.error === null, 'the call was carried out');
    check((await kwhSupply()) - supply === 92_000_000n, '92 KWH were minted');
  }

  page('Governance > Tech. comm. > Proposals', 'the committee changes a governed number: parameters.setParameter');
  const deposit = { Issuance: { RequestDeposit: [null, tokens(api, 2)] } };
  await motion(api, api.tx.parameters.setParameter(deposit), members(), note);
  const set = (await api.query.parameters.parameters({ Issuance: { RequestDeposit: null } })).unwrap();
  check(set.inner.inner.toBigInt() === tokens(api, 2), 'a request now needs a deposit of 2 DECA');
  await motion(api, api.tx.parameters.setParameter({ Issuance: { RequestDeposit: [null, null] } }), members(), note);
  check((await api.query.parameters.parameters({ Issuance: { RequestDeposit: null } })).isNone, 'and the default again');

  // --- Certificates and rewards -----------------------------------------------------------------------------------------

  if (withTokens) {
    page('Developer > Extrinsics', 'the owner asks for a certificate over what the roof made (rec.request)');
    const documents = { evidence: '0x', url: stringToHex('https://example.org/roof'), memo: '0x' };
    const asked = theEvent(await send(api.tx.rec.request(roof.miner, roof.meter, documents), owner), 'rec', 'Requested').data;
    note(`request ${asked.request} for ${kwh(asked.energy.toBigInt())}: nobody typed this amount`);

    page('Governance > Tech. comm. > Proposals', 'the committee finds something missing: rec.reject, and the owner updates');
    await motion(api, api.tx.rec.reject(asked.request, stringToHex('please add the date of the inspection')), members(), note);
    check((await api.query.rec.requests(asked.request)).unwrap().deposit.toBigInt() === 0n, 'deposit and fee are back');
    const updated = theEvent(await send(api.tx.rec.update(asked.request, documents), owner), 'rec', 'Requested').data.request;
    note(`updated as request ${updated}`);

    page('Governance > Tech. comm. > Proposals', 'the committee certifies: rec.certify');
    const certified = theEvent(await motion(api, api.tx.rec.certify([updated]), members(), note), 'rec', 'Certified').data;
    check(certified.energy.toBigInt() === 50_000_000n, `certificate ${certified.certificate} of 50 kWh is the owner's`);

    page('Governance > Tech. comm. > Proposals', 'within the window the committee takes it back: rec.revoke');
    await motion(api, api.tx.rec.revoke(certified.issuance, stringToHex('the meter counts the neighbour, too')), members(), note);
    const { sums } = (await api.query.rec.issuances(certified.issuance)).unwrap();
    check(sums.revoked.toBigInt() === 50_000_000n && sums.live.isZero(), 'nothing of it can be used any more');
  }

  page('Governance > Tech. comm. > Proposals', 'the committee says what carbon a kWh of an area avoids: rec.setEmissionFactor');
  const factor = { mgPerKwh: 380_000, source: stringToHex('Umweltbundesamt 2025') };
  await motion(api, api.tx.rec.setEmissionFactor(stringToHex('10YDE-VE-------2'), factor), members(), note);
  const known = (await api.query.rec.emissionFactors(stringToHex('10YDE-VE-------2'))).unwrap();
  check(known.mgPerKwh.toNumber() === 380_000, 'what is certified there from now on carries 380 g per kWh');

  page('Developer > Extrinsics, then Governance > Tech. comm. > Proposals', 'somebody funds a pool of rewards; the committee sets what it pays a day');
  const pool = async () => (await api.query.rewards.pools('Generation')).funds.toBigInt();
  const funds = await pool();
  await send(api.tx.rewards.fund('Generation', tokens(api, 50)), alice);
  // Somebody may collect a day meanwhile.
  note(`the pool Generation had ${deca(funds)}, and has ${deca(await pool())}`);
  const before = (await api.query.rewards.emissions('Generation')).unwrapOr(null);
  await motion(api, api.tx.rewards.setEmission('Generation', { daily: tokens(api, 500), source: 'Funds' }), members(), note);
  check((await api.query.rewards.emissions('Generation')).unwrap().daily.toBigInt() === tokens(api, 500), 'it pays up to 500 DECA a day');
  await motion(api, api.tx.rewards.setEmission('Generation', before), members(), note);
  const minting = await motionRefusal(api, api.tx.rewards.setEmission('Generation', { daily: tokens(api, 500), source: 'Mint' }), note);
  check(minting === 'rewards.MayNotMint', 'the committee cannot have rewards minted: that is for the public');
}

async function kwhSupply() {
  return (await api.query.assets.asset(KWH)).unwrap().supply.toBigInt();
}
