const PREFIX = 'mean of ';

/** The name of a map's mean over height and width, N x C: a layer of any model, though no model holds it. */
export function nameOfMean(map: string): string {
  return `${PREFIX}${map}`;
}

/** The map that such a name means the mean of; null for any other name. */
export function mapOfMean(name: string): string | null {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : null;
}
