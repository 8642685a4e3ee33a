#!/usr/bin/env node
// Renders the certificate of a retirement, and verifies one. See --help.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Chain, Stopped, Unreachable } from './chain.mjs';
import { codeOf, codesIn, readRecord } from './record.mjs';
import { render } from './render.mjs';
import { kilograms, kwh, readable } from './text.mjs';
import { ALTERED, GENUINE, judgeCode, judgeFile, UNKNOWN } from './verify.mjs';
import { hexToU8a } from '@polkadot/util';

const HELP = `Makes the certificate of a retirement of clean energy, and verifies one.

  heliograph-certificate render --retirement N --out FILE.svg CHAIN
  heliograph-certificate verify FILE.svg CHAIN
  heliograph-certificate verify --code CODE CHAIN

CHAIN is one of:
  --node URL      a node of your own, for example ws://127.0.0.1:9944: its answers are believed
  --light FILE    a light client, from the chain's raw spec with boot nodes. It believes nobody: it verifies finality from
                  the genesis block on, and each value it reads by its proof. Use this for a certificate of somebody else,
                  with a spec that you have from a source that you trust: the spec says which chain is the right one

render writes an A4 page as SVG, from the state of a finalised block and from nothing else: everybody who renders the
same retirement gets the same file, byte for byte. "--out -" writes to the standard output.

verify reads the record of the retirement that FILE names, renders it, and compares. It answers, with the exit code:
  genuine (0)     FILE is exactly what the chain's record makes. So even a line end that a mail program changed is too much
  altered (1)     the chain has the retirement, and FILE is not its certificate. Also so when the texts were mended on the
                  chain after FILE was made, which the one who retired may do for three days: render it again
  unknown (2)     the chain has no such retirement, FILE is of another chain, or it is no certificate
  no answer (3)   the chain could not be read, or the command was wrong

--code takes what the QR code of a printed certificate carries (HELIOGRAPH:R1:...), and holds that against the chain. The
rest of the paper may still have been printed differently: compare it with what this prints, or with the file that
render makes.

Other options:
  --json          print the answer as one line of JSON
  --timeout N     give up after N seconds (default 120)
  --verbose       say on the standard error what the light client does
  --help          this text
`;

/** How long a light client that just caught up may take to hear of a retirement of the last minute, in seconds. */
const NEWS = 15;

class Wrong extends Error {}

function options() {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        retirement: { type: 'string' },
        out: { type: 'string' },
        code: { type: 'string' },
        node: { type: 'string' },
        light: { type: 'string' },
        json: { type: 'boolean', default: false },
        timeout: { type: 'string', default: '120' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new Wrong(error.message);
  }
  const { values, positionals } = parsed;
  if (values.help) return { help: true };
  const [command, ...rest] = positionals;
  if (!['render', 'verify'].includes(command)) throw new Wrong(command ? `there is no command "${command}"` : 'a command is missing');
  if (Boolean(values.node) === Boolean(values.light)) throw new Wrong('name the chain by one of --node and --light');
  if (values.node && !/^wss?:\/\//.test(values.node)) throw new Wrong('--node takes an address that begins with ws:// or wss://');
  if (!/^[1-9]\d{0,5}$/.test(values.timeout)) throw new Wrong('--timeout takes a whole number of seconds');
  const chosen = { ...values, command, timeout: Number(values.timeout) };
  if (command === 'render') {
    if (rest.length > 0 || values.code) throw new Wrong('render takes --retirement and --out');
    if (!/^\d{1,10}$/.test(values.retirement ?? '') || Number(values.retirement) > 0xffff_ffff) {
      throw new Wrong('--retirement takes the number of a retirement');
    }
    if (!values.out) throw new Wrong('--out is missing: the file to write');
    return { ...chosen, retirement: Number(values.retirement) };
  }
  if (values.retirement || values.out) throw new Wrong('verify takes a file, or --code');
  if ((rest.length === 1) === Boolean(values.code) || rest.length > 1) throw new Wrong('verify takes one file, or --code');
  return { ...chosen, file: rest[0] };
}

/** The record of a retirement in a finalised block; again when the chain went on meanwhile, or has only just caught up. */
async function read(chain, id, seen) {
  const deadline = Date.now() + NEWS * 1000;
  let block;
  for (let attempt = 1; ; ) {
    try {
      const next = await chain.block({ after: block?.hash, patience: block ? (deadline - Date.now()) / 1000 : Infinity });
      // Nothing newer came: what was read last stands.
      if (!next) return seen.answer;
      block = next;
      seen.answer = await readRecord(block, id);
      seen.block = block.hash;
      seen.time = seen.answer.time;
    } catch (error) {
      if (!(error instanceof Stopped) || attempt === 5) throw error;
      attempt += 1;
      block = undefined;
      continue;
    }
    if (seen.answer.record || !chain.light || Date.now() > deadline) return seen.answer;
  }
}

function describe(record) {
  const name = readable(hexToU8a(record.beneficiary));
  return [
    `retirement  ${record.retirement}`,
    `energy      ${kwh(record.energy)} kWh`,
    record.carbon === null ? `in the name of  ${name}` : `as carbon   ${kilograms(record.carbon)} kg CO2e`,
    ...[['purpose', record.purpose], ['message', record.message]].flatMap(([label, bytes]) => {
      const content = readable(hexToU8a(bytes));
      return content ? [`${label.padEnd(11)} ${content}`] : [];
    }),
    `code        ${codeOf(record)}`,
  ];
}

async function main() {
  const chosen = options();
  if (chosen.help) {
    process.stdout.write(HELP);
    return 0;
  }
  let bytes;
  if (chosen.file) {
    try {
      bytes = readFileSync(chosen.file);
    } catch (error) {
      throw new Wrong(`the file cannot be read: ${error.message}`);
    }
  }
  let claim;
  if (chosen.code) {
    const claims = codesIn(chosen.code.trim().toUpperCase());
    if (claims.length !== 1 || claims[0].code !== chosen.code.trim().toUpperCase()) {
      throw new Wrong('--code takes what the QR code carries: HELIOGRAPH:R1:number:64 digits:64 digits');
    }
    [claim] = claims;
  }

  const log = chosen.verbose ? (line) => console.error(`smoldot: ${line}`) : () => {};
  const chain = await Chain.connect({ node: chosen.node, light: chosen.light }, { timeout: chosen.timeout, log });
  const seen = {};
  const found = (id) => read(chain, id, seen);
  try {
    if (chosen.command === 'render') {
      const { record, notes } = await found(chosen.retirement);
      if (!record) {
        say(chosen, { verdict: UNKNOWN, reason: `the chain has no retirement ${chosen.retirement}`, retirement: chosen.retirement }, seen);
        return 2;
      }
      const svg = render(record);
      if (chosen.out === '-') {
        process.stdout.write(svg);
      } else {
        // Never half a file under the name that was asked for.
        writeFileSync(`${chosen.out}.part`, svg);
        renameSync(`${chosen.out}.part`, chosen.out);
        say(chosen, { file: chosen.out, record, notes }, seen);
      }
      return 0;
    }
    const answer = claim
      ? await judgeCode(claim, chain.genesis, found)
      : await judgeFile(bytes, chain.genesis, found);
    say(chosen, answer, seen);
    return { [GENUINE]: 0, [ALTERED]: 1, [UNKNOWN]: 2 }[answer.verdict];
  } finally {
    await chain.close();
  }
}

function say(chosen, answer, { block, time }) {
  const { verdict, reason, file, record, notes = [] } = answer;
  if (chosen.json) {
    const code = record ? codeOf(record) : null;
    const retirement = record?.retirement ?? answer.retirement ?? null;
    console.log(JSON.stringify({ verdict, reason, file, retirement, code, block: block ?? null, notes }));
    return;
  }
  const lines = verdict ? [`${verdict}: ${reason}`] : [`written: ${file}`];
  if (record) lines.push(...(verdict === ALTERED ? ['', 'What the chain says:'] : []), ...describe(record));
  lines.push(...notes.map((note) => `note: ${note}`));
  if (block) {
    lines.push(`${chosen.light ? 'proven' : 'read'} at the finalised block ${block}, of ${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`);
    const age = Math.round((Date.now() - time) / 60_000);
    if (age > 10) lines.push(`note: that block is ${age} minutes old; the chain stands still, or ${chosen.light ? 'the light client' : 'the node'} is behind`);
  }
  console.log(lines.join('\n'));
}

// The process is ended rather than left to end: a light client keeps timers and connections.
main().then(
  (code) => process.exit(code),
  (error) => {
    const known = error instanceof Wrong || error instanceof Unreachable;
    console.error(`heliograph-certificate: ${known ? error.message : error.stack}`);
    if (error instanceof Wrong) console.error('See heliograph-certificate --help.');
    process.exit(3);
  }
);
