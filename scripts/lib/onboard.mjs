// Registers a miner on a development chain, for real: application, motion of the Technical Committee, operator, funds.
// Says each step on stderr and prints the numbers that the chain assigned as JSON on stdout.
//
//   node scripts/lib/onboard.mjs --url ws://127.0.0.1:9944 --meters meters.json --operator 5… [--owner //Dave]
//        [--members //Alice,//Bob,//Charlie] [--fund 10]
//
// meters.json is what `heliograph-agent keys application` prints; `-` reads it from stdin.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { connect, onboard, signer } from './chain.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    meters: { type: 'string' },
    operator: { type: 'string' },
    owner: { type: 'string', default: '//Dave' },
    members: { type: 'string', default: '//Alice,//Bob,//Charlie' },
    fund: { type: 'string', default: '10' },
  },
});
for (const name of ['url', 'meters', 'operator']) {
  if (!values[name]) {
    console.error(`onboard: --${name} is missing`);
    process.exit(2);
  }
}

let api;
try {
  api = await connect(values.url);
  const result = await onboard(api, {
    owner: signer(values.owner),
    members: values.members.split(',').map(signer),
    meters: JSON.parse(readFileSync(values.meters === '-' ? 0 : values.meters, 'utf8')),
    operator: values.operator,
    fund: Number(values.fund),
    log: (line) => console.error(`onboard: ${line}`),
  });
  console.log(JSON.stringify(result));
} catch (error) {
  console.error(`onboard: ${error.message}`);
  process.exitCode = 1;
} finally {
  await api?.disconnect();
}
