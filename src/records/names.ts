import type { Neighbourhood } from './comparison.ts';
import { groupOfId } from './groupKinds.ts';
import { counted } from './words.ts';

const HEAD = 56;
const TAIL = 20;

/** Unassigned-looking or invisible characters that could move the cursor, end a line or turn the reading direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

/** Texts whose characters are their code units. */
const PRINTABLE_ASCII = /^[ -~…]*$/;

const SEGMENTER = new Intl.Segmenter('en');

/** What `nameText` makes of a name that reads from right to left. */
const SET_APART = /\u2068([^\u2066-\u2069]*)\u2069/u;

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * A text from data made fit to stand in one line: control, bidi-override and lone-surrogate characters become visible
 * stand-ins, and a text longer than `limit` user-perceived characters keeps its beginning and its end.
 */
export function oneLine(text: string, limit = HEAD + TAIL): string {
  return shorten(text, limit).replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return code < 32 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}

/** `oneLine`, set apart from the text around it where it reads from right to left. */
export function nameText(name: string, limit = HEAD + TAIL): string {
  const text = oneLine(name, limit);
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

/** `oneLine` of a text that holds names: what sets those apart stays where it ends again. */
export function sentence(text: string, limit: number): string {
  return shorten(text, limit)
    .split(SET_APART)
    .map((part, at) => (at % 2 === 0 ? oneLine(part, limit) : `\u2068${oneLine(part, limit)}\u2069`))
    .join('');
}

function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // A character may be several code units; four each bound what is looked at of a name of any length.
  const ends = text.length > limit * 8 ? `${text.slice(0, limit * 4)}…${text.slice(-limit * 4)}` : text;
  const characters = PRINTABLE_ASCII.test(ends)
    ? [...ends]
    : [...SEGMENTER.segment(ends)].map(({ segment }) => segment);
  if (characters.length <= limit) return ends;
  const tail = Math.min(TAIL, Math.floor(limit / 3));
  return `${characters.slice(0, limit - tail - 1).join('')}…${characters.slice(-tail).join('')}`;
}

/** A group in words by its id: "images of automobile", "images with colour = red". */
export function groupIdText(id: string): string {
  const { kind, value, column } = groupOfId(id);
  return kind.words(nameText(column === null ? value : value === '' ? `no ${column}` : `${column} = ${value}`));
}

/** A neighbourhood in words: "the 40 images most like car-17.png", "the 40 images with most of what car-17.png and its like share". */
export function neighbourhoodText({ around, shape }: Pick<Neighbourhood, 'around' | 'shape'>, size: number): string {
  const images = `the ${counted(size, 'image')}`;
  return shape === 'ball'
    ? `${images} most like ${nameText(around)}`
    : `${images} with most of what ${nameText(around)} and its like share`;
}
