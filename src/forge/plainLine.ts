/**
 * A text as one line of a runner's log that the runner takes for nothing but text. A runner obeys `::command::` at the
 * start of a line and `##[command]` anywhere in it; a class or file may be named like that. Each is parted by a blank.
 */
export function plainLine(text: string): string {
  return text
    .replace(/\r\n?|[\n\v\f\u0085\u2028\u2029]/g, ' ')
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replaceAll('##[', '# #[');
}

/** A text of several lines, each plain. */
export function plainLines(text: string): string {
  return text
    .split(/\r\n?|\n/)
    .map(plainLine)
    .join('\n');
}
