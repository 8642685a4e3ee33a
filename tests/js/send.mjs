// Sends one transaction, waits until it is final, and prints its events as JSON.
//
//   node tests/js/send.mjs --url ws://… --as //Alice --call slotAuction.collect --arguments '[{"area":0,"interval":7},[0]]'
import { parseArgs } from 'node:util';
import { connect, send, signer } from '../../scripts/lib/chain.mjs';
import { feeOf, report } from './lib.mjs';

const { values } = parseArgs({
  options: { url: { type: 'string' }, as: { type: 'string' }, call: { type: 'string' }, arguments: { type: 'string', default: '[]' } },
});
const api = await connect(values.url);
const [pallet, call] = values.call.split('.');
const sent = await send(api.tx[pallet][call](...JSON.parse(values.arguments)), signer(values.as), { final: true });
report({
  block: sent.block.toString(),
  fee: feeOf(sent),
  events: sent.events.map(({ section, method, data }) => ({
    name: `${section}.${method}`,
    // By place: a field called `fill` would be the list's own method by its name.
    ...Object.fromEntries((data.names ?? []).map((field, place) => [field, data[place].toPrimitive()])),
  })),
});
await api.disconnect();
