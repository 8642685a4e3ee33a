// The picture of a record: an A4 page, landscape, as SVG without scripts, fonts or anything from elsewhere. The same record
// gives the same bytes, always: nothing here knows the time, the machine or the place.
//
// Units are tenths of a millimetre.
import { hexToU8a } from '@polkadot/util';
import { encodeAddress } from '@polkadot/util-crypto';
import encodeQR from 'qr';
import { codeOf, recordHash, VERSION } from './record.mjs';
import { day, decimal, escape, fit, grouped, kilograms, kwh, moment, percent, readable, wrap } from './text.mjs';

const WIDTH = 2970;
const HEIGHT = 2100;
const LEFT = 170;
const RIGHT = WIDTH - LEFT;
/** Where the column with the text ends; right of it are seal and code. */
const COLUMN = 2090;
/** The middle of seal and code. */
const AXIS = 2460;

const INK = '#14263d';
const SOFT = '#5b6b7f';
const SUN = '#c8891b';
const PALE = '#f1dfb4';
const PAPER = '#fffdf8';

const SERIF = "Georgia,'Times New Roman','DejaVu Serif',serif";
const SANS = "'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif";
const MONO = "Consolas,Menlo,'DejaVu Sans Mono',monospace";

const SOURCES = {
  Solar: 'solar electricity',
  Wind: 'wind power',
  Hydro: 'hydropower',
  Biogas: 'electricity from biogas',
  Battery: 'stored electricity',
};

/** The SVG of a record. */
export function render(record) {
  const view = new View(record);
  const table = view.table();
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escape(view.title)}</title>`,
    `<desc>${escape(view.summary)}</desc>`,
    `<metadata>${view.code}</metadata>`,
    ...view.paper(),
    ...view.heading(),
    ...view.statement(table.top - 60),
    ...view.seal(),
    ...view.qr(),
    ...table.lines,
    ...view.footer(),
    '</svg>',
    '',
  ];
  return lines.join('\n');
}

class View {
  constructor(record) {
    this.record = record;
    this.hash = recordHash(record);
    this.code = codeOf(record);
    this.texts = Object.fromEntries(
      ['beneficiary', 'purpose', 'message'].map((name) => [name, readable(hexToU8a(record[name]))])
    );
    this.carbon = record.carbon !== null;
    this.title = `Certificate of retirement ${record.retirement}`;
    this.summary = this.carbon
      ? `${kwh(record.energy)} kWh retired as ${kilograms(record.carbon)} kg of CO2e`
      : `${kwh(record.energy)} kWh retired in the name of ${this.texts.beneficiary}`;
  }

  address(account) {
    return encodeAddress(account, this.record.ss58);
  }

  moment(interval) {
    return moment(interval, this.record.interval_millis);
  }

  /** The kind of energy, when all of it is of one kind. */
  get energyName() {
    const kinds = new Set(Object.values(this.record.issuances).map(({ source, storage }) => (storage ? 'Battery' : source)));
    return kinds.size === 1 ? (SOURCES[[...kinds][0]] ?? 'electricity') : 'renewable electricity';
  }

  paper() {
    return [
      `<rect width="${WIDTH}" height="${HEIGHT}" fill="${PAPER}"/>`,
      // The light of the seal, over the whole page.
      `<path d="${this.light()}" stroke="${PALE}" stroke-width="3" opacity="0.35"/>`,
      `<rect x="70" y="70" width="${WIDTH - 140}" height="${HEIGHT - 140}" fill="none" stroke="${SUN}" stroke-width="5"/>`,
      `<rect x="86" y="86" width="${WIDTH - 172}" height="${HEIGHT - 172}" fill="none" stroke="${INK}" stroke-width="1.5"/>`,
    ];
  }

  light() {
    const [x, y] = [AXIS, 410];
    const beams = [];
    for (let index = 0; index < 72; index += 1) {
      const angle = (index * Math.PI) / 36;
      const [right, down] = [Math.sin(angle), -Math.cos(angle)];
      // To the inner frame.
      const reach = Math.min(
        right > 1e-9 ? (WIDTH - 86 - x) / right : right < -1e-9 ? (86 - x) / right : Infinity,
        down > 1e-9 ? (HEIGHT - 86 - y) / down : down < -1e-9 ? (86 - y) / down : Infinity
      );
      if (reach > 300) beams.push(`M${near(x + 290 * right)} ${near(y + 290 * down)}L${near(x + reach * right)} ${near(y + reach * down)}`);
    }
    return beams.join('');
  }

  heading() {
    const kind = this.carbon ? 'Retired as carbon' : 'Certificate of retirement';
    return [
      ...mark(LEFT + 46, 216),
      text(LEFT + 120, 230, 'HELIOGRAPH', { size: 44, family: SANS, weight: 600, spacing: 16 }),
      text(LEFT, 400, kind, { size: 118, family: SERIF }),
      `<path d="M${LEFT} 446H${COLUMN}" stroke="${SUN}" stroke-width="4"/>`,
    ];
  }

  /** What is certified, from under the heading to `bottom`: the more room there is, the wider it is set. */
  statement(bottom) {
    const { record } = this;
    const room = COLUMN - LEFT;
    // Baselines: how far each is below the one before, and how much of the room that is left it may take.
    const rows = [];
    const put = (down, stretch, ...texts) => rows.push({ down, stretch, texts });
    const plain = (content, options) => ({ x: LEFT, content, ...options });
    const note = { size: 38, family: SERIF, style: 'italic', fill: SOFT };
    const energy = `${kwh(record.energy)} kWh`;

    put(0, 0, plain('This certifies that', note));
    put(122, 1, plain(energy, { size: fit(energy, [120, 96, 76, 60], room, 1).size, family: SERIF, fill: SUN }));
    put(74, 1, plain(`of ${this.energyName}, measured by the meters named below,`, note));
    if (this.carbon) {
      put(50, 0, plain('was used up for carbon, and can be used for nothing else:', note));
      const mass = `${kilograms(record.carbon)} kg CO2e`;
      put(108, 1, plain(mass, { size: fit(mass, [92, 76, 60], room, 1).size, family: SERIF }));
      put(64, 1, plain('were issued to the account that retired it. Nobody else may claim this energy.', note));
      if (this.texts.beneficiary) {
        const behalf = `On behalf of ${this.texts.beneficiary}`;
        put(62, 1, plain(behalf, { size: fit(behalf, [44, 38, 32, 26], room, 1).size, family: SERIF }));
      }
    } else {
      put(50, 0, plain('was used up, and can be used by nobody else, in the name of', note));
      const { size, lines } = fit(this.texts.beneficiary || 'the account that retired it', [92, 76, 62, 50], room, 2);
      lines.forEach((line, index) => put(index ? Math.round(size * 1.12) : 108, index ? 0 : 1, plain(line, { size, family: SERIF })));
    }
    if (record.entity !== null) put(58, 0, plain(this.address(record.entity), { size: 28, family: MONO, fill: SOFT }));

    const details = [['Purpose', this.texts.purpose], ['Message', this.texts.message]];
    // To the end of its last interval.
    if (record.period !== null) details.push(['Period', `${this.moment(record.period.from)} to ${this.moment(record.period.to + 1)} UTC`]);
    let first = true;
    for (const [label, content] of details.filter(([, text]) => text)) {
      wrap(content, 34, room - 190, 2).forEach((line, index) => {
        const body = { x: LEFT + 190, content: line, size: 34, family: SERIF };
        const head = { x: LEFT, content: label, size: 30, family: SANS, fill: SOFT };
        put(index ? 42 : first ? 56 : 46, index ? 0 : first ? 2 : 0.4, ...(index ? [body] : [head, body]));
      });
      first = false;
    }

    const [top, sum] = [530, (name) => rows.reduce((total, row) => total + row[name], 0)];
    const share = Math.min(64, Math.max(0, bottom - top - sum('down')) / Math.max(1, sum('stretch') + 2));
    let y = top + Math.round(share);
    return rows.flatMap(({ down, stretch, texts }) => {
      y += down + Math.round(share * stretch);
      return texts.map(({ x, content, ...options }) => text(x, y, content, options));
    });
  }

  /** Sixty-four rays, whose lengths are the digits of the record's hash: another record has another sun. */
  seal() {
    const [x, y, inner] = [AXIS, 410, 128];
    const number = String(this.record.retirement);
    const { size } = fit(number, [92, 72, 56, 44, 34, 28], 2 * inner - 44, 1);
    const rays = [...this.hash.slice(2)].map((digit, index) => {
      const length = 18 + 6 * parseInt(digit, 16);
      const angle = (index * Math.PI) / 32;
      const at = (radius) => `${near(x + radius * Math.sin(angle))} ${near(y - radius * Math.cos(angle))}`;
      return `M${at(inner + 14)}L${at(inner + 14 + length)}`;
    });
    return [
      `<path d="${rays.join('')}" stroke="${SUN}" stroke-width="7" stroke-linecap="round"/>`,
      `<circle cx="${x}" cy="${y}" r="${inner}" fill="${PALE}" stroke="${SUN}" stroke-width="5"/>`,
      `<circle cx="${x}" cy="${y}" r="${inner - 12}" fill="none" stroke="${SUN}" stroke-width="2"/>`,
      text(x, y - 46, 'No.', { size: 36, family: SERIF, style: 'italic', anchor: 'middle', fill: SOFT }),
      text(x, y + 12 + Math.round(size * 0.36), number, { size, family: SERIF, anchor: 'middle' }),
    ];
  }

  qr() {
    // Every choice that the encoder would make by itself is made here: the picture has to stay the same.
    const modules = encodeQR(this.code, 'raw', { ecc: 'medium', encoding: 'alphanumeric', version: qrVersion(this.code), border: 0 });
    const size = modules.length;
    const edge = 480;
    const [left, top] = [AXIS - edge / 2, 742];
    const runs = [];
    modules.forEach((row, y) => {
      for (let x = 0; x < size; x += 1) {
        if (!row[x]) continue;
        let end = x;
        while (end < size && row[end]) end += 1;
        runs.push(`M${x} ${y}h${end - x}v1h${x - end}z`);
        x = end;
      }
    });
    const caption = { size: 25, family: SANS, anchor: 'middle', fill: SOFT };
    return [
      // A quiet zone of four modules, as readers expect.
      `<rect x="${left - 46}" y="${top - 46}" width="${edge + 92}" height="${edge + 92}" fill="#ffffff" stroke="${PALE}" stroke-width="3"/>`,
      `<svg x="${left}" y="${top}" width="${edge}" height="${edge}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">`,
      `<desc>${this.code}</desc>`,
      `<path d="${runs.join('')}" fill="#000000"/>`,
      '</svg>',
      text(AXIS, top + edge + 84, 'Scan it, and verify against the chain:', caption),
      text(AXIS, top + edge + 118, 'heliograph-certificate verify --code …', { ...caption, family: MONO, size: 24 }),
    ];
  }

  table() {
    const { record } = this;
    const columns = [
      { x: LEFT, room: 225, head: 'Certificate' },
      { x: LEFT + 235, room: 170, head: 'Miner, meter' },
      { x: LEFT + 415, room: 455, head: 'Source' },
      { x: LEFT + 880, room: 345, head: 'Place' },
      { x: LEFT + 1235, room: 495, head: 'Measured between (UTC)' },
      { x: LEFT + 1740, room: 470, head: 'Part of the meter’s energy (mWh)' },
      { x: LEFT + 2370, room: 140, head: 'g CO2e/kWh', anchor: 'end' },
      { x: RIGHT, room: 230, head: 'kWh', anchor: 'end' },
    ];
    const rows = record.parts.map((part) => this.row(part));
    const many = rows.length > 8;
    const step = many ? 29 : 42;
    const sizes = (many ? [] : [24, 22]).concat([20, 18, 16, 14, 12]);
    const top = 1838 - rows.length * step;
    const out = [
      ...columns.map(({ x, head, anchor }) => text(x, top, head, { size: 22, family: SANS, fill: SOFT, anchor })),
      `<path d="M${LEFT} ${top + 12}H${RIGHT}" stroke="${INK}" stroke-width="2"/>`,
    ];
    rows.forEach((row, index) => {
      const y = top + step * (index + 1) + 4;
      row.forEach((cell, column) => {
        const { x, room, anchor } = columns[column];
        const { size, lines } = fit(cell, sizes, room, 1);
        out.push(text(x, y, lines[0], { size, family: SANS, anchor }));
      });
    });
    for (const [index, line] of this.remarks().entries()) {
      out.push(text(LEFT, 1874 + 26 * index, line, { size: 21, family: SANS, fill: SOFT }));
    }
    return { top, lines: out };
  }

  row({ certificate, issuance: number, from, to }) {
    const { miner, meter, source, storage, capacity, commissioned, location, area, from: begin, to: end, factor } =
      this.record.issuances[number];
    const place = [location, area].map((bytes) => readable(hexToU8a(bytes))).filter(Boolean);
    const kind = storage ? `Storage, ${percent(storage.efficiency)} returned` : `${source}, ${decimal(capacity, 3)} kW, since ${day(commissioned)}`;
    return [
      `${certificate} of issue ${number}`,
      `${miner}, ${meter}`,
      kind,
      place.join(', ') || 'not stated',
      `${this.moment(begin.interval)} – ${this.moment(end.interval)}`,
      `${grouped(from)} – ${grouped(to)}`,
      factor ? decimal(factor.mg_per_kwh, 3) : '–',
      kwh(BigInt(to) - BigInt(from)),
    ];
  }

  /** What a reader must not overlook: the part of the energy of which only the sum is known, and whose word the carbon is. */
  remarks() {
    const issuances = Object.entries(this.record.issuances);
    const recovered = issuances
      .filter(([, { recovered: energy }]) => energy !== '0')
      .map(([number, { recovered: energy, energy: all }]) => `${kwh(energy)} of the ${kwh(all)} kWh of issue ${number}`);
    const sources = new Set(issuances.map(([, { factor }]) => factor && readable(hexToU8a(factor.source))).filter(Boolean));
    const lines = [];
    if (recovered.length > 0) {
      lines.push(...wrap(`Measured, but not to be assigned to single quarter hours: ${recovered.join('; ')}.`, 21, RIGHT - LEFT, 1));
    }
    if (this.carbon && sources.size > 0) lines.push(...wrap(`Emission factors: ${[...sources].join('; ')}.`, 21, RIGHT - LEFT, 1));
    return lines;
  }

  footer() {
    const { record } = this;
    const small = { size: 22, family: MONO, fill: INK };
    const label = { size: 22, family: SANS, fill: SOFT };
    const edited = record.edited === null ? '' : `, texts mended ${this.moment(record.edited)}`;
    const left = [
      ['Retired', `${this.moment(record.at)} UTC${edited}`],
      ['By', this.address(record.retired_by)],
    ];
    const right = [
      ['Chain', record.chain],
      ['Record', this.hash],
    ];
    return [
      `<path d="M${LEFT} 1928H${RIGHT}" stroke="${PALE}" stroke-width="3"/>`,
      ...[left, right].flatMap((rows, column) =>
        rows.flatMap(([name, content], index) => {
          const x = column ? 1610 : LEFT;
          return [text(x, 1964 + 32 * index, name, label), text(x + 105, 1964 + 32 * index, content, small)];
        })
      ),
      `<!-- ${record.format}, picture ${VERSION} -->`,
    ];
  }
}

/** The smallest QR version that holds a text of capital letters and digits with error correction "medium". */
function qrVersion(code) {
  // Characters by version, from the table of the standard (ISO/IEC 18004).
  const ROOM = [20, 38, 61, 90, 122, 154, 178, 221, 262, 311];
  const version = ROOM.findIndex((room) => code.length <= room) + 1;
  if (version === 0) throw new Error('the code is too long for a certificate');
  return version;
}

/** A coordinate. Sine and cosine may differ in the last bits from machine to machine; a tenth of a unit does not. */
const near = (number) => number.toFixed(1);

/** The project's mark: a mirror that throws the sun's light. */
function mark(x, y) {
  const rays = [];
  for (let index = 0; index < 12; index += 1) {
    const angle = (index * Math.PI) / 6;
    const at = (radius) => `${near(x + radius * Math.sin(angle))} ${near(y - radius * Math.cos(angle))}`;
    rays.push(`M${at(31)}L${at(45)}`);
  }
  return [
    `<circle cx="${x}" cy="${y}" r="21" fill="${SUN}"/>`,
    `<path d="${rays.join('')}" stroke="${SUN}" stroke-width="6" stroke-linecap="round"/>`,
  ];
}

function text(x, y, content, { size, family, fill = INK, weight, style, anchor, spacing }) {
  const attributes = [
    `x="${x}"`,
    `y="${y}"`,
    `font-family="${family}"`,
    `font-size="${size}"`,
    weight && `font-weight="${weight}"`,
    style && `font-style="${style}"`,
    anchor && `text-anchor="${anchor}"`,
    spacing && `letter-spacing="${spacing}"`,
    `fill="${fill}"`,
  ].filter(Boolean);
  return `<text ${attributes.join(' ')}>${escape(content)}</text>`;
}
