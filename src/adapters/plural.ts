import pluralize from 'pluralize';

/** The plural of an English noun: "trucks", "deer", "people", "hot dogs". */
export function pluralOf(noun: string): string {
  return pluralize.plural(noun);
}
