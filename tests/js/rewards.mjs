// Rewards, by the extrinsics that people send: two miners enrol, somebody records a day of both, and when it is closed
// somebody else has both paid. Prints what the chain weighed and paid as JSON; what it should be is worked out by the test.
//
//   node tests/js/rewards.mjs --url ws://… --miner 0 --meter 2 [--owner //Dave]
import { parseArgs } from 'node:util';
import { connect, send, signer } from '../../scripts/lib/chain.mjs';
import { currentInterval, feeOf, funded, newSite, parentOf, refusal, report, until, view } from './lib.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    miner: { type: 'string' },
    meter: { type: 'string' },
    owner: { type: 'string', default: '//Dave' },
  },
});
const log = (line) => console.error(`rewards: ${line}`);
const api = await connect(values.url);
const DAY = 96;
const owner = signer(values.owner);
const [miner, meter] = [Number(values.miner), Number(values.meter)];
const ria = await funded(api, '//Ria', 1_000);
const bot = await funded(api, '//Robot', 1_000);
const today = async () => Math.floor((await currentInterval(api)) / DAY);
const seconds = Math.ceil(((await api.query.metering.intervalMillis()).toNumber() * DAY) / 1000);
const dayBegins = (day) => until(`day ${day} begins`, async () => (await today()) >= day, { seconds: 6 * seconds + 60 });

// A second miner, elsewhere, so that neither is the other's neighbour.
const site = await newSite(api, { owner: ria, flow: 'Generation', profile: { method: 'Dongle', location: 'u281z' }, log });
const forbidden = {
  enroll_by_stranger: await refusal(api.tx.rewards.enroll(miner, meter), ria),
  weigh_by_hand: await refusal(api.tx.rewards.setEmission('Generation', null), ria),
};
await send(api.tx.rewards.enroll(miner, meter), owner);
await send(api.tx.rewards.enroll(site.miner, site.meter), ria);
forbidden.enroll_again = await refusal(api.tx.rewards.enroll(miner, meter), owner);
const enrolled = await today();
const day = enrolled + 1;
log(`miners ${miner} and ${site.miner} enrolled on day ${enrolled}`);

// The second miner was offline, and brings its day late: in the day of grace.
await dayBegins(day + 1);
const energies = Array.from({ length: DAY }, (_, slot) => Math.max(0, 300_000 - 11 * Math.abs(slot - 48) ** 3));
await site.read(day * DAY - 1);
await site.catchUp(day * DAY, energies);
log(`day ${day} of miner ${site.miner} was reported on day ${await today()}`);

// Recorded by somebody whom it costs nothing.
await dayBegins(day + 2);
const recorded = await send(api.tx.rewards.record([miner, site.miner]), bot);
const at = await api.at(recorded.block);
const weights = {};
const days = new Set();
for (const number of [miner, site.miner]) {
  const { open } = (await at.query.rewards.enrolments(number)).unwrap();
  weights[number] = Object.fromEntries(open.map(([of, weight]) => [of.toNumber(), weight.toString()]));
  for (const [of] of open) days.add(of.toNumber());
}
const weighing = Object.fromEntries(
  await Promise.all(
    [miner, site.miner].map(async (number) => {
      const seen = await view(api, 'Rewards', 'weight_of', [number, day], recorded.block);
      return [number, seen.isSome ? seen.unwrap().toPrimitive() : null];
    })
  )
);
log(`days ${[...days]} recorded`);
const record = { fee: feeOf(recorded), events: recorded.events.filter(({ section }) => section === 'rewards').length };
forbidden.claim_open_day = (await view(api, 'Rewards', 'due_of_miner', [miner])).toString();

// Paid by somebody else, once the days are closed.
await dayBegins(Math.max(...days) + 4);
const claimed = await send(api.tx.utility.batchAll([api.tx.rewards.claim(miner), api.tx.rewards.claim(site.miner)]), bot);
const [before, after] = [await api.at(await parentOf(api, claimed.block)), await api.at(claimed.block)];
const books = {};
for (const of of days) {
  const book = await before.query.rewards.dayBooks('Generation', of);
  books[of] = book.isSome ? book.unwrap().toPrimitive() : null;
}
const free = async (state, address) => (await state.query.system.account(address)).data.free.toBigInt();
const paid = {};
for (const [number, address] of [[miner, owner.address], [site.miner, ria.address]]) {
  paid[number] = (await free(after, address)) - (await free(before, address));
}
const pool = async (state) => (await state.query.rewards.pools('Generation')).toPrimitive();
log(`paid ${Object.values(paid)}`);

report({
  miners: { first: miner, second: site.miner },
  day,
  days: [...days],
  energies,
  forbidden,
  record,
  weights,
  weighing,
  books,
  emission: (await before.query.rewards.emissions('Generation')).unwrap().toPrimitive(),
  paid,
  events: claimed.events
    .filter(({ section, method }) => section === 'rewards' && method === 'Claimed')
    .map(({ data }) => ({ miner: data.miner.toNumber(), to: data.to.toString(), amount: data.amount.toString() })),
  pool: { before: await pool(before), after: await pool(after) },
  owners: { [miner]: owner.address, [site.miner]: ria.address },
});
await api.disconnect();
