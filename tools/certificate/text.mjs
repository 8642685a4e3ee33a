// Texts and numbers as they stand on a certificate. Texts come from strangers: what could mislead a reader or break the
// file is made visible here, before anything is laid out.

/** Bytes from the chain as text. Bytes that are no UTF-8, and characters that do not show, become a visible mark. */
export function readable(bytes) {
  return new TextDecoder('utf-8', { ignoreBOM: true })
    .decode(bytes)
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/gu, ' ')
    .replace(HIDDEN, '\ufffd')
    .trim();
}

// Controls, marks that turn the direction of writing (a name could be made to read backwards), signs without width, and
// what XML forbids. The joiners U+200C and U+200D and the variation selectors stay: some scripts cannot be written without
// them. No class of characters that grows with a new version of Unicode: every version of Node has to make the same file.
const HIDDEN =
  /[\p{Cc}\p{Cs}\p{Co}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e00ff}]/gu;

/** Text for between tags and in attributes of XML. */
export function escape(text) {
  return text.replace(/[&<>"']/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[sign]);
}

// --- Room -------------------------------------------------------------------------------------------------------------

/**
 * The room that a text takes at most, in the unit of `size`. Which font a viewer has is not known, so this counts with the
 * widest of those that are asked for.
 */
export function width(text, size) {
  let ems = 0;
  for (const sign of text) {
    const code = sign.codePointAt(0);
    if (code >= 0x2010 && code <= 0x2027) ems += 0.6;
    else if (code >= 0x1100 && !(code >= 0x1e00 && code <= 0x1fff)) ems += 1.05;
    else if (code >= 0x80) ems += 0.8;
    else if (/[MWmw@%]/.test(sign)) ems += 0.98;
    else if (/[A-Z]/.test(sign)) ems += 0.78;
    else if (/[ .,:;!'|il]/.test(sign)) ems += 0.36;
    else ems += 0.64;
  }
  return ems * size;
}

/** `text` in lines of at most `room`; a word that is too long is broken. What exceeds `most` lines is cut, visibly. */
export function wrap(text, size, room, most) {
  const lines = [];
  let line = '';
  for (const word of text.split(/ +/)) {
    if (line && width(`${line} ${word}`, size) <= room) {
      line = `${line} ${word}`;
      continue;
    }
    if (line) lines.push(line);
    line = '';
    for (const sign of word) {
      if (line && width(line + sign, size) > room) {
        lines.push(line);
        line = '';
      }
      line += sign;
    }
  }
  if (line) lines.push(line);
  if (lines.length <= most) return lines;
  let last = lines[most - 1];
  while (width(`${last}…`, size) > room) last = [...last].slice(0, -1).join('');
  return [...lines.slice(0, most - 1), `${last}…`];
}

/** The largest of `sizes` at which `text` needs at most `most` lines of `room`, and these lines. */
export function fit(text, sizes, room, most) {
  for (const size of sizes) {
    const lines = wrap(text, size, room, most + 1);
    if (lines.length <= most) return { size, lines };
  }
  const size = sizes.at(-1);
  return { size, lines: wrap(text, size, room, most) };
}

// --- Numbers ----------------------------------------------------------------------------------------------------------

/** An integer with commas between groups of three digits. */
export const grouped = (number) => number.toString().replace(/\B(?=(\d{3})+$)/g, ',');

/** `amount` of 10^-`decimals`, exactly: no rounding, no zeros at the end. */
export function decimal(amount, decimals) {
  const digits = BigInt(amount).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return part ? `${grouped(whole)}.${part}` : grouped(whole);
}

/** mWh as kWh. */
export const kwh = (energy) => decimal(energy, 6);

/** mg as kg. */
export const kilograms = (mass) => decimal(mass, 6);

/** Parts per million as per cent. */
export const percent = (parts) => `${decimal(parts, 4)} %`;

// --- Time -------------------------------------------------------------------------------------------------------------

const YEAR_2026 = 1_767_225_600_000n;

/**
 * The moment at which an interval begins, as "2026-10-01 12:15". The number of an interval is Unix time divided by its
 * length; on test chains whose intervals are shorter than a second they are counted from 2026.
 */
export function moment(interval, intervalMillis) {
  const millis = BigInt(interval) * BigInt(intervalMillis) + (BigInt(intervalMillis) < 1000n ? YEAR_2026 : 0n);
  const date = new Date(Number(millis));
  if (!hasFourDigitYear(date)) return `interval ${interval}`;
  return date.toISOString().slice(0, 16).replace('T', ' ');
}

/** A date from days since 1970. */
export function day(days) {
  const date = new Date(Number(days) * 86_400_000);
  return hasFourDigitYear(date) ? date.toISOString().slice(0, 10) : `day ${days}`;
}

// Also false for what is no date at all.
const hasFourDigitYear = (date) => date.getUTCFullYear() <= 9999;
