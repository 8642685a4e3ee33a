// The judgement of a certificate: what a file or a code says, held against what the chain says.
import { codeOf, codesIn, readRecord, recordHash, VERSION } from './record.mjs';
import { render } from './render.mjs';

export const GENUINE = 'genuine';
export const ALTERED = 'altered';
export const UNKNOWN = 'unknown';

// A damaged file may hold one more code than the two that are the same. More is no damage, and each costs a question.
const MOST_CODES = 4;

/**
 * Judges the bytes of a file. `read(retirement)` gives `{ record, notes }` of the chain with the genesis hash `chain`; the
 * record is null when there is none. A file is genuine if and only if it is, byte for byte, what the chain's record is
 * rendered to.
 */
export async function judgeFile(bytes, chain, read) {
  const codes = codesIn(new TextDecoder('latin1').decode(bytes));
  if (codes.length === 0) {
    return verdict(UNKNOWN, 'the file has no Heliograph code in it: it is no certificate, or one that was changed beyond knowing');
  }
  const answers = [];
  for (const claim of codes.slice(0, MOST_CODES)) {
    const answer = await judgeCode(claim, chain, read);
    if (answer.record) {
      const file = Buffer.from(render(answer.record), 'utf8');
      if (file.equals(bytes)) return answer;
      if (answer.verdict === GENUINE) Object.assign(answer, verdict(ALTERED, difference(bytes, file)));
    }
    answers.push(answer);
  }
  return answers.find((answer) => answer.verdict === ALTERED) ?? answers[0];
}

/** Judges a code: genuine if the chain's record has the hash that it names. */
export async function judgeCode(claim, chain, read) {
  if (claim.version !== VERSION) {
    return verdict(UNKNOWN, `the certificate has format ${claim.version}, and this program knows format ${VERSION}`, claim);
  }
  if (claim.chain !== chain) {
    return verdict(UNKNOWN, `the certificate is of another chain: its genesis hash is ${claim.chain}, this one's is ${chain}`, claim);
  }
  const { record, notes = [] } = await read(claim.retirement);
  if (!record) return verdict(UNKNOWN, `the chain has no retirement ${claim.retirement}`, claim);
  const answer = { ...claim, record, notes };
  if (codeOf(record) === claim.code) {
    return { ...answer, ...verdict(GENUINE, 'it says what the chain says') };
  }
  const edited = record.edited === null ? '' : '; its texts were mended on the chain, so it may be the file from before';
  return {
    ...answer,
    ...verdict(ALTERED, `it names the record ${claim.hash}, and the chain's has ${recordHash(record)}${edited}`),
  };
}

const verdict = (word, reason, claim = {}) => ({ ...claim, verdict: word, reason });

/** Where a file departs from the one that the chain's record makes. */
function difference(bytes, genuine) {
  let place = 0;
  while (place < bytes.length && place < genuine.length && bytes[place] === genuine[place]) place += 1;
  const line = 1 + genuine.subarray(0, place).filter((byte) => byte === 0x0a).length;
  if (place === bytes.length) return `the file ends after ${place} bytes, in line ${line}; the genuine one has ${genuine.length}`;
  if (place === genuine.length) return `${bytes.length - place} bytes follow after the end of the genuine file`;
  return `the file departs from the genuine one at byte ${place}, in line ${line}`;
}
