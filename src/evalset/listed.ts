/** The first few names, quoted so that no name does harm on a terminal, and how many there are besides. */
export function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, 3)
    .map((name) => JSON.stringify(name))
    .join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
