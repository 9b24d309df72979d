// Marks of Markdown put around what is marked in a text, or before its lines; taken off where they are.
//
// Each act answers which part of the text is replaced, by what, and what is marked afterwards. It
// knows nothing of a page.

const LEAD = /^\s*(?:(?:[-*+•]|\d+[.)]|#{1,6}|>) +)*/u; // of a list, a heading, a quotation
const MARK = /^(\s*)(?:(?:[-*+•]|\d+[.)]|#{1,6}) +)?/u;
const ADDRESS = /^(?:https?:\/\/|mailto:)\S+$/iu;

// The lines that are marked, whole. One that only its end of line is marked of is not.
function linesAt(value, start, end) {
  const last = end > start && value[end - 1] === "\n" ? end - 1 : end;
  const next = value.indexOf("\n", last);
  return [value.lastIndexOf("\n", start - 1) + 1, next < 0 ? value.length : next];
}

// What is marked of each line, without blanks, stars and the mark before it.
function wordsAt(value, start, end) {
  const [from, to] = linesAt(value, start, end);
  const found = [];
  let at = from;
  for (const line of value.slice(from, to).split("\n")) {
    let [a, b] = [Math.max(start, at + LEAD.exec(line)[0].length), Math.min(end, at + line.length)];
    while (a < b && /[\s*]/u.test(value[a])) a += 1;
    while (b > a && /[\s*]/u.test(value[b - 1])) b -= 1;
    if (a < b) found.push([a, b]);
    at += line.length + 1;
  }
  return found.length ? found : [[start, start]];
}

function starsAround(value, [a, b]) {
  const before = /\**$/u.exec(value.slice(Math.max(0, a - 3), a))[0].length;
  return Math.min(before, /^\**/u.exec(value.slice(b, b + 3))[0].length);
}

// Three stars are both.
const isMarked = { "**": (stars) => stars > 1, "*": (stars) => stars % 2 === 1 };

function emphasis(mark) {
  return (value, start, end) => {
    const words = wordsAt(value, start, end);
    const isOn = words.every((each) => isMarked[mark](starsAround(value, each)));
    const [taken, put] = isOn ? [mark.length, ""] : [0, mark];
    const from = words[0][0] - taken;
    let [text, at] = ["", from];
    for (const [a, b] of words) {
      text += value.slice(at, a - taken) + put + value.slice(a, b) + put;
      at = b + taken;
    }
    return { from, to: at, text, start: from + put.length, end: from + text.length - put.length };
  };
}

function beforeLines(is, markOf) {
  return (value, start, end) => {
    const [from, to] = linesAt(value, start, end);
    const lines = value.slice(from, to).split("\n");
    const isMeant = (line) => lines.length === 1 || line.trim() !== "";
    const isOn = lines.filter(isMeant).every((line) => is.test(line));
    let number = 0;
    const changed = (line) => line.replace(MARK, (_, blanks) => blanks + (isOn ? "" : markOf(number += 1)));
    const text = lines.map((line) => (isMeant(line) ? changed(line) : line)).join("\n");
    const caret = Math.max(from, end + text.length - (to - from));
    return { from, to, text, start: start === end ? caret : from, end: start === end ? caret : from + text.length };
  };
}

function link(value, start, end) {
  const said = value.slice(start, end);
  if (ADDRESS.test(said)) return { from: start, to: end, text: `[](${said})`, start: start + 1, end: start + 1 };
  const text = `[${said}](https://)`;
  const caret = start + 1; // what the link says is written first, then where it leads
  const [first, last] = said ? [start + text.length - 9, start + text.length - 1] : [caret, caret];
  return { from: start, to: end, text, start: first, end: last };
}

export const ACTS = {
  bold: emphasis("**"),
  italic: emphasis("*"),
  heading: beforeLines(/^\s*#{1,6} /u, () => "## "),
  list: beforeLines(/^\s*[-*+•] /u, () => "- "),
  numbers: beforeLines(/^\s*\d+[.)] /u, (number) => `${number}. `),
  link,
};
