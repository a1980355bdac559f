/**
 * Things so that each stands after those it needs; those that do stay where they are. So no walk over them meets a circle.
 *
 * @param needsOf of a thing, those among `things` that it needs
 * @returns `circle`: one that needs itself, perhaps by way of others; then they have no such order
 */
export function inOrder<Thing>(
  things: readonly Thing[],
  needsOf: (thing: Thing) => readonly Thing[],
): { readonly ordered: readonly Thing[] } | { readonly circle: Thing } {
  const ordered: Thing[] = [];
  const states = new Map<Thing, 'open' | 'done'>();
  for (const start of things) {
    const stack = [start];
    for (let thing = stack.at(-1); thing !== undefined; thing = stack.at(-1)) {
      const state = states.get(thing);
      const missing = state === 'done' ? [] : needsOf(thing).filter((each) => states.get(each) !== 'done');
      if (missing.length > 0 && state === 'open') return { circle: thing };
      if (missing.length > 0) {
        states.set(thing, 'open');
        stack.push(...missing.toReversed());
      } else {
        stack.pop();
        if (state !== 'done') ordered.push(thing);
        states.set(thing, 'done');
      }
    }
  }
  return { ordered };
}
