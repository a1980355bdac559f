/** `Promise.all` over a list with at most `atOnce` tasks under way; results keep the list's order. */
export async function boundedMap<Item, Outcome>(
  items: readonly Item[],
  atOnce: number,
  task: (item: Item) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes = new Array<Outcome>(items.length);
  const queue = items.entries();
  const takeTurns = async () => {
    for (const [index, item] of queue) outcomes[index] = await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, takeTurns));
  return outcomes;
}
