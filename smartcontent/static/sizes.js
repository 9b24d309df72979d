// How long a text is, in words or, where its script has no blanks between them, in characters.

// Letters of scripts without blanks between words; the server (counting.py) has them, too.
const DENSE = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;
const howMany = (text, what) => text.match(what)?.length ?? 0;

export function countsOf(text) {
  return { words: howMany(text, /\S+/gu), characters: howMany(text, /\S/gu), dense: howMany(text, DENSE) };
}

// A text's size as its readers count: in characters where most are of a script without blanks.
export function sizeOf({ words = 0, characters = 0, dense = 0 }) {
  return 2 * dense > characters ? { number: characters, unit: "characters" } : { number: words, unit: "words" };
}

export function inWords({ number, unit }) {
  return `${number} ${number === 1 ? unit.slice(0, -1) : unit}`;
}
