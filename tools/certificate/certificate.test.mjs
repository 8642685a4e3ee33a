// The certificate without a chain: what it shows, that nothing else gets in, and that no byte of it can change unnoticed.
//
//   node --test tools/certificate/certificate.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringToHex } from '@polkadot/util';
import decodeQR from 'qr/decode.js';
import { codeOf, codesIn, recordHash } from './record.mjs';
import { render } from './render.mjs';
import { decimal, fit, kwh, moment, readable, width, wrap } from './text.mjs';
import { ALTERED, GENUINE, judgeCode, judgeFile, UNKNOWN } from './verify.mjs';

const CHAIN = `0x${'c4'.repeat(32)}`;
const PETER = `0x${'11'.repeat(32)}`;

const checkpoint = (interval, position) => ({
  position: String(position),
  recovered: '0',
  voided: '0',
  interval,
  epoch: 0,
  register: String(1_000_000 + position),
  history: `0x${'ab'.repeat(32)}`,
});

const issuance = (changes = {}) => ({
  request: 4,
  miner: 7,
  meter: 21,
  owner: PETER,
  source: 'Solar',
  method: 'SmartMeter',
  capacity: 12_000,
  location: stringToHex('u33d'),
  area: stringToHex('10YDE-VE-------2'),
  commissioned: 19_500,
  from: checkpoint(1_990_000, 0),
  to: checkpoint(1_992_880, 320_000_000),
  energy: '320000000',
  recovered: '0',
  voided: '0',
  storage: null,
  factor: { mg_per_kwh: 380_125, source: stringToHex('Umweltbundesamt 2025') },
  evidence: '0x',
  url: '0x',
  memo: '0x',
  issued: 1_993_000,
  expires: 2_028_040,
  ...changes,
});

const record = (changes = {}) => ({
  format: 'heliograph/retirement/1',
  chain: CHAIN,
  retirement: 42,
  interval_millis: '900000',
  ss58: 42,
  retired_by: PETER,
  at: 1_993_700,
  edited: null,
  energy: '123456789',
  carbon: null,
  beneficiary: stringToHex('Bäckerei Morgenrot & Söhne'),
  entity: null,
  purpose: stringToHex('Electricity of our ovens'),
  message: '0x',
  period: null,
  parts: [{ certificate: 9, issuance: 3, from: '0', to: '123456789' }],
  issuances: { 3: issuance() },
  ...changes,
});

/** A chain that holds these records. */
const chainOf = (...records) => async (retirement) => ({ record: records.find((each) => each.retirement === retirement) ?? null });
const judge = (bytes, ...records) => judgeFile(Buffer.from(bytes), CHAIN, chainOf(...records));
const textsOf = (svg) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, content]) => content);

// --- The picture ------------------------------------------------------------------------------------------------------

test('certificate shows whom, how much, what for and where from', () => {
  const texts = textsOf(render(record()));
  for (const shown of [
    '123.456789 kWh',
    'Bäckerei Morgenrot &amp; Söhne',
    'Electricity of our ovens',
    'Solar, 12 kW, since 2023-05-23',
    'u33d, 10YDE-VE-------2',
    '0 – 123,456,789',
    '380.125',
  ]) {
    assert.ok(texts.includes(shown), `${shown} is not shown`);
  }
});

test('certificate of carbon says the carbon and that the energy is used', () => {
  const texts = textsOf(render(record({ carbon: '46914579', beneficiary: '0x' })));
  assert.ok(texts.includes('46.914579 kg CO2e'));
  assert.ok(texts.includes('Retired as carbon'));
  assert.ok(!texts.some((content) => content.includes('in the name of')));
});

test('certificate shows energy that belongs to no single interval, and what a battery lost', () => {
  const recovered = { 3: issuance({ recovered: '5000000' }) };
  assert.ok(textsOf(render(record({ issuances: recovered }))).some((content) => content.includes('5 of the 320 kWh of issue 3')));
  const storage = {
    meter: 22,
    from: '0',
    to: '400000000',
    since: 1,
    until: checkpoint(2, 400_000_000),
    originals: [1, 2],
    efficiency: 812_500,
    measured: 800_000,
  };
  const stored = { 3: issuance({ storage, factor: null, source: 'Battery' }) };
  const texts = textsOf(render(record({ issuances: stored })));
  assert.ok(texts.includes('Storage, 81.25 % returned'));
  assert.ok(texts.some((content) => content.includes('of stored electricity')));
});

test('same record gives the same bytes, another record another seal', () => {
  assert.equal(render(record()), render(structuredClone(record())));
  const rays = (svg) => svg.match(/<path d="(M[^"]*)"[^>]*stroke-width="7"/)[1];
  assert.notEqual(rays(render(record())), rays(render(record({ at: 1_993_701 }))));
});

test('certificate stays on the page when everything is as large as it can be', () => {
  const most = '18446744073709551615';
  const parts = Array.from({ length: 16 }, (_, index) => ({
    certificate: 4_294_967_295 - index,
    issuance: 4_294_967_295,
    from: String(BigInt(most) - 1n),
    to: most,
  }));
  const svg = render(
    record({
      retirement: 4_294_967_295,
      energy: '340282366920938463463374607431768211455',
      beneficiary: stringToHex('W'.repeat(64)),
      purpose: stringToHex('M'.repeat(128)),
      message: stringToHex('太陽'.repeat(21)),
      entity: PETER,
      edited: 4_294_967_295,
      period: { from: 0, to: 4_294_967_295 },
      parts,
      issuances: {
        4294967295: issuance({ recovered: most, capacity: 4_294_967_295, commissioned: 4_294_967_295, to: checkpoint(4_294_967_295, 1) }),
      },
    })
  );
  for (const [, x, y, rest, content] of svg.matchAll(/<text x="(\S+)" y="(\S+)"([^>]*)>([^<]*)</g)) {
    const size = Number(rest.match(/font-size="(\d+)"/)[1]);
    assert.ok(Number(y) - size > 86 && Number(y) < 2014, `"${content}" is at ${y}`);
    const monospaced = rest.includes('mono');
    const room = monospaced ? content.length * size * 0.62 : width(content, size);
    const left = Number(x) - (rest.includes('middle') ? room / 2 : rest.includes('"end"') ? room : 0);
    assert.ok(left > 86 && left + room < 2884, `"${content}" reaches from ${left} to ${left + room}`);
  }
});

// --- Texts of strangers -----------------------------------------------------------------------------------------------

test('text cannot leave its place in the file', () => {
  const svg = render(record({ beneficiary: stringToHex('</text><script>alert("1")</script>'), purpose: stringToHex(`"'&<!--`) }));
  assert.ok(!svg.includes('<script'));
  assert.ok(svg.includes('&lt;/text&gt;&lt;script&gt;'));
  assert.equal(svg.match(/<!--/g).length, 1);
});

test('signs that mislead a reader are shown as such', () => {
  assert.equal(readable(Buffer.from('ab\u202edc')), 'ab\ufffddc');
  assert.equal(readable(Buffer.from('a\u200bb\u0000c')), 'a\ufffdb\ufffdc');
  assert.equal(readable(Buffer.from('two\nlines')), 'two lines');
  assert.equal(readable(Buffer.from([0x41, 0xff])), 'A\ufffd');
  assert.equal(readable(Buffer.from('क्‍ष 👩‍🌾 葛\u{e0100}')), 'क्‍ष 👩‍🌾 葛\u{e0100}');
});

test('text is laid out within its room, and cut visibly', () => {
  const lines = wrap('word '.repeat(60).trim(), 30, 500, 3);
  assert.equal(lines.length, 3);
  assert.ok(lines.every((line) => width(line, 30) <= 500));
  assert.ok(lines[2].endsWith('…'));
  assert.deepEqual(fit('short', [90, 40], 1_000, 1), { size: 90, lines: ['short'] });
  assert.equal(fit('W'.repeat(30), [90, 40], 1_200, 1).size, 40);
});

// --- Numbers ----------------------------------------------------------------------------------------------------------

test('numbers are exact, however large', () => {
  assert.equal(decimal(0, 6), '0');
  assert.equal(kwh('1'), '0.000001');
  assert.equal(kwh('1250000000'), '1,250');
  assert.equal(kwh('340282366920938463463374607431768211455'), '340,282,366,920,938,463,463,374,607,431,768.211455');
});

test('interval is a moment on the clock of its chain', () => {
  assert.equal(moment(1_993_700, '900000'), '2026-11-10 17:00');
  // Shorter than a second: counted from 2026.
  assert.equal(moment(0, '120'), '2026-01-01 00:00');
  assert.equal(moment(4_294_967_295, '9'.repeat(19)), 'interval 4294967295');
});

// --- The code ---------------------------------------------------------------------------------------------------------

test('QR code of the picture reads as the code of the record', () => {
  const svg = render(record());
  const [, size, path] = svg.match(/viewBox="0 0 (\d+) \1"[\s\S]*?<path d="([^"]*)"/);
  // Painted as a viewer would do it: four pixels for a module, and a white border.
  const [scale, border] = [4, 4];
  const edge = (Number(size) + 2 * border) * scale;
  const data = new Uint8Array(edge * edge * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = 0; row < scale; row += 1) {
      for (let column = 0; column < Number(length) * scale; column += 1) {
        const place = ((Number(y) + border) * scale + row) * edge + (Number(x) + border) * scale + column;
        data.fill(0, place * 4, place * 4 + 3);
      }
    }
  }
  assert.equal(decodeQR({ width: edge, height: edge, data }), codeOf(record()));
});

test('code names format, retirement, chain and record', () => {
  const [code] = codesIn(`something ${codeOf(record())} else`);
  assert.deepEqual(code, { code: codeOf(record()), version: 1, retirement: 42, chain: CHAIN, hash: recordHash(record()) });
  assert.deepEqual(codesIn('HELIOGRAPH:R1:42:00:00'), []);
  assert.deepEqual(codesIn(codeOf(record({ retirement: 9_999_999_999 }))), []);
});

test('hash of the record changes with anything in it', () => {
  const hashes = new Set([
    recordHash(record()),
    recordHash(record({ message: stringToHex('x') })),
    recordHash(record({ edited: 1_993_701 })),
    recordHash(record({ issuances: { 3: issuance({ recovered: '1' }) } })),
    recordHash(record({ issuances: { 3: issuance({ to: checkpoint(1_992_880, 320_000_001) }) } })),
  ]);
  assert.equal(hashes.size, 5);
});

// --- The judgement ----------------------------------------------------------------------------------------------------

test('file is genuine when it is what the chain says', async () => {
  const answer = await judge(render(record()), record());
  assert.equal(answer.verdict, GENUINE);
});

test('file is refused whichever byte of it was altered', async () => {
  const genuine = Buffer.from(render(record()));
  const codes = [...genuine.toString('latin1').matchAll(/HELIOGRAPH:R1/g)].map(({ index }) => index);
  assert.equal(codes.length, 2);
  const places = new Set(codes.flatMap((begin) => Array.from({ length: 160 }, (_, offset) => begin + offset - 5)));
  for (let place = 0; place < genuine.length; place += 211) places.add(place);
  for (const place of places) {
    const file = Buffer.from(genuine);
    file[place] ^= 1 + (place % 127);
    const { verdict } = await judge(file, record());
    assert.equal(verdict, ALTERED, `byte ${place}`);
  }
  for (const file of [genuine.subarray(0, -1), Buffer.concat([genuine, Buffer.from(' ')]), genuine.subarray(1)]) {
    assert.equal((await judge(file, record())).verdict, ALTERED);
  }
});

test('file of a record that was mended is refused, and says why', async () => {
  const mended = record({ beneficiary: stringToHex('Bäckerei Morgenrot'), edited: 1_993_800 });
  const answer = await judge(render(record()), mended);
  assert.equal(answer.verdict, ALTERED);
  assert.match(answer.reason, /mended/);
});

test('file with the picture of one record and the code of another is refused', async () => {
  const other = record({ retirement: 43, energy: '1', parts: [{ certificate: 10, issuance: 3, from: '0', to: '1' }] });
  const mixed = render(record()).replaceAll(codeOf(record()), codeOf(other));
  assert.equal((await judge(mixed, record(), other)).verdict, ALTERED);
});

test('file is unknown when the chain does not have it, or it is of another chain or format, or no certificate', async () => {
  assert.equal((await judge(render(record()))).verdict, UNKNOWN);
  const foreign = record({ chain: `0x${'c5'.repeat(32)}` });
  const answer = await judge(render(foreign), record());
  assert.equal(answer.verdict, UNKNOWN);
  assert.match(answer.reason, /another chain/);
  assert.equal((await judge(render(record()).replaceAll(':R1:', ':R2:'), record())).verdict, UNKNOWN);
  assert.equal((await judge('<svg/>', record())).verdict, UNKNOWN);
});

test('code alone is genuine, altered or unknown', async () => {
  const [claim] = codesIn(codeOf(record()));
  assert.equal((await judgeCode(claim, CHAIN, chainOf(record()))).verdict, GENUINE);
  assert.equal((await judgeCode(claim, CHAIN, chainOf(record({ at: 1 })))).verdict, ALTERED);
  assert.equal((await judgeCode(claim, CHAIN, chainOf())).verdict, UNKNOWN);
});
