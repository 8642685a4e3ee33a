// Reads meters through @polkadot/api at the finalised head and prints them as JSON.
//
//   node tests/js/meters.mjs --url ws://127.0.0.1:9944 [--expect 0=1234,1=0] [--timeout 60]
//
// With --expect it follows the finalised head until each meter's attested energy (mWh) is what is expected, and fails
// when that takes longer than the timeout, or when a meter stands above what is expected: energy counted twice.
import { parseArgs } from 'node:util';
import { connect } from '../../scripts/lib/chain.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    expect: { type: 'string', default: '' },
    timeout: { type: 'string', default: '60' },
  },
});
const expected = new Map(
  values.expect
    .split(',')
    .filter(Boolean)
    .map((pair) => pair.split('=').map(Number))
);

async function metersAt(api, hash) {
  const at = await api.at(hash);
  const entries = await at.query.metering.meterStates.entries();
  return Object.fromEntries(
    entries.map(([key, state]) => {
      const { epoch, lastInterval, register, attested, recovered, ring, history } = state.unwrap();
      return [
        key.args[0].toNumber(),
        {
          epoch: epoch.toNumber(),
          last_interval: lastInterval.toNumber(),
          register: register.toString(),
          attested: attested.toString(),
          recovered: recovered.toString(),
          ring: ring.map((slot) => slot.toNumber()),
          history: history.toHex(),
        },
      ];
    })
  );
}

const settled = (meters) => [...expected].every(([meter, energy]) => meters[meter]?.attested === String(energy));
const exceeded = (meters) => [...expected].filter(([meter, energy]) => BigInt(meters[meter]?.attested ?? 0) > BigInt(energy));

const api = await connect(values.url);
const deadline = Date.now() + Number(values.timeout) * 1000;
let hash, meters;
do {
  hash = await api.rpc.chain.getFinalizedHead();
  meters = await metersAt(api, hash);
  if (settled(meters) || exceeded(meters).length > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 500));
} while (Date.now() < deadline);

const header = await api.rpc.chain.getHeader(hash);
console.log(
  JSON.stringify({
    block: { number: header.number.toNumber(), hash: hash.toHex() },
    genesis: api.genesisHash.toHex(),
    settled: settled(meters),
    meters,
  })
);
await api.disconnect();
