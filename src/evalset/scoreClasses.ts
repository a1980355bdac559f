import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import { classFileOf, readClassOrders } from './classOrder.ts';

/**
 * The class of each score: the order that is known, else the eval set's classes as they sort.
 *
 * @throws UserError where the order is not known and classes are integers that sort otherwise as text than as numbers
 */
export function classesInOrder(order: readonly string[] | null, classes: readonly string[]): readonly string[] {
  if (order === null) refuseIntegers(classes);
  return order ?? classes;
}

/**
 * The class of each score as `checkpointModel.classes` gives it, a list or a file as `readClassOrders` takes it; null: as
 * `classesInOrder`, unless the model is a folder of Hugging Face's whose `config.json` names its classes (`id2label`). Of the orders of a file that has several, the one whose names are all classes of the eval set.
 *
 * @throws UserError for what these two refuse; where a class stands twice or is not in the eval set
 */
export async function scoreClasses(
  asked: readonly string[] | string | null,
  order: readonly string[] | null,
  classes: readonly string[],
  model: string,
): Promise<readonly string[]> {
  const given = asked ?? (order === null ? await classFileOf(model) : null);
  if (given === null) return classesInOrder(order, classes);
  const orders = typeof given === 'string' ? await readClassOrders(given) : [given];
  const known = new Set(classes);
  const names = orders.find((each) => each.every((name) => known.has(name))) ?? orders[0] ?? [];
  const where = typeof given === 'string' ? given : 'checkpointModel.classes';
  const unknown = names.findIndex((name) => !known.has(name));
  const place = typeof given === 'string' && !/\.json$/i.test(given) ? `${where}:${unknown + 1}` : where;
  if (unknown >= 0) throw unknownClass(entry(names, unknown), classes, place);
  const twin = names.find((name, index) => names.indexOf(name) < index);
  if (twin === undefined) return names;
  const what = `the class ${JSON.stringify(twin)} stands twice`;
  throw new UserError({ what, where, fix: 'Name each class once, in the order of the scores' });
}

/** Classes sort as text (0, 1, 10, 2), a model's outputs as numbers: every prediction from the third class on would be another's. */
function refuseIntegers(classes: readonly string[]): void {
  if (!classes.every((name) => /^-?\d+$/.test(name))) return;
  const byNumber = classes.toSorted((a, b) => Number(a) - Number(b));
  if (classes.every((name, place) => name === byNumber[place])) return;
  throw new UserError({
    what: `the classes are integers, which sort otherwise as text (${classes.slice(0, 4).join(', ')}) than as numbers (${byNumber.slice(0, 4).join(', ')}): it is not known which score is whose`,
    where: 'evalSet.classes',
    fix: `Name the class of each score, in the model's order; where that is by number, in the config: evalSet: {classes: [${pasted(byNumber)}]}`,
  });
}

function pasted(names: readonly string[]): string {
  return names.length > 100 ? `${names.slice(0, 3).map(quoted).join(', ')}, ...` : names.map(quoted).join(', ');
}

const quoted = (name: string) => JSON.stringify(name);

function unknownClass(name: string, classes: readonly string[], where: string): UserError {
  const near = nearestWord(name, classes);
  const meant = near === null ? 'Add' : `Write ${JSON.stringify(near)} where that is meant, or add`;
  return new UserError({
    what: `no label has the class ${JSON.stringify(name)}`,
    where,
    fix: `${meant} it to evalSet.classes in the config`,
  });
}
