// Follows the chain with smoldot, a light client that holds no state: it verifies GRANDPA's finality and, for what it
// reads, the storage proof against the finalised header's state root. Prints what it saw as JSON.
//
//   node tests/js/light-client.mjs --spec raw-spec-with-bootnode.json --meter 0 [--timeout 60]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hexToU8a, u8aToHex } from '@polkadot/util';
import { start } from 'smoldot';
import { decodeMeterState, meterStateKey } from './reading.mjs';

const { values } = parseArgs({
  options: {
    spec: { type: 'string' },
    meter: { type: 'string' },
    timeout: { type: 'string', default: '60' },
  },
});
const began = Date.now();
const client = start({
  maxLogLevel: 3,
  logCallback: (level, target, message) => console.error(`smoldot: ${target}: ${message}`),
});
const chain = await client.addChain({ chainSpec: readFileSync(values.spec, 'utf8') });

let lastId = 0;
const waiting = new Map();
let onEvent = () => {};

function call(method, ...params) {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, method });
    chain.sendJsonRpc(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  });
}

(async () => {
  for (;;) {
    const message = JSON.parse(await chain.nextJsonRpcResponse());
    if (message.id !== undefined) {
      const { resolve, reject, method } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    } else {
      onEvent(message.params.result);
    }
  }
})().catch((error) => console.error(`smoldot: ${error.message}`));

/** Resolves to the hash of the first finalised block behind genesis, and keeps it pinned for reading. */
function syncedBlock(genesis) {
  return new Promise((resolve) => {
    onEvent = (event) => {
      const hashes = event.finalizedBlockHashes ?? [];
      const best = hashes.at(-1);
      if (['initialized', 'finalized'].includes(event.event) && best && best !== genesis) resolve(best);
    };
  });
}

/** Reads one key of a pinned block; smoldot downloads the value with its proof and checks it. */
async function read(subscription, block, key) {
  const items = [];
  const outcome = new Promise((resolve, reject) => {
    onEvent = (event) => {
      if (event.event === 'operationStorageItems') items.push(...event.items);
      if (event.event === 'operationStorageDone') resolve();
      if (['operationError', 'operationInaccessible', 'stop'].includes(event.event)) {
        reject(new Error(`reading failed: ${event.error ?? event.event}`));
      }
    };
  });
  const { result } = await call('chainHead_v1_storage', subscription, block, [{ key: u8aToHex(key), type: 'value' }], null);
  if (result !== 'started') throw new Error(`reading was refused: ${result}`);
  await outcome;
  return items.find((item) => item.key === u8aToHex(key))?.value;
}

const timer = setTimeout(() => {
  console.error(`light client: not synced and read within ${values.timeout} s`);
  process.exit(1);
}, Number(values.timeout) * 1000);

try {
  const genesis = await call('chainSpec_v1_genesisHash');
  const synced = syncedBlock(genesis);
  const subscription = await call('chainHead_v1_follow', false);
  const block = await synced;
  const syncedAfter = Date.now() - began;
  const value = await read(subscription, block, meterStateKey(Number(values.meter)));
  console.log(
    JSON.stringify({
      genesis,
      block,
      synced_after_millis: syncedAfter,
      read_after_millis: Date.now() - began,
      state: value === undefined ? null : decodeMeterState(hexToU8a(value)),
    })
  );
} catch (error) {
  console.error(`light client: ${error.message}`);
  process.exitCode = 1;
}
clearTimeout(timer);
await client.terminate();
process.exit();
