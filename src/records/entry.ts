/**
 * The entry at an index that must be there.
 *
 * @throws Error where it is not, which is a bug: a stand-in for it would be a silent mistake
 */
export function entry<Value>(values: ArrayLike<Value>, index: number): Value {
  const value = values[index];
  if (value === undefined) throw new Error(`no entry ${index} of ${values.length}`);
  return value;
}

/**
 * The value under a key that must be there.
 *
 * @throws Error where it is not, which is a bug
 */
export function lookUp<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`no value for ${String(key)}`);
  return value;
}
