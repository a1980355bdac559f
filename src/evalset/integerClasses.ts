import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';

/** Standard deviations of chance by which one reading must be better than the other. */
const CLEARLY = 4;

/**
 * Refuses predictions of classes that are integers where they are clearly meant as places: "2" is the name of a class, and the third of the classes as
 * torchvision sorts folders, 0, 1, 10, 2, which is another. Taken for names, all but the first two classes would be wrong.
 *
 * @param predictions index into the eval set's classes, by row of the eval set
 * @param order the classes by index of the model's output; null: as they sort
 * @throws UserError where many more of them are right as places than as names
 */
export function refusePlaces(
  predictions: Int32Array,
  { classes, labels }: Pick<EvalSet, 'classes' | 'labels'>,
  order: readonly string[] | null,
  where: string,
): void {
  if (!classes.every((name) => /^\d{1,9}$/.test(name))) return;
  const outputs = order ?? classes;
  const placeOf = new Map(classes.map((name, index) => [name, index]));
  const asPlace = classes.map((name) => placeOf.get(outputs[Number(name)] ?? '') ?? -1);
  let [asNames, asPlaces, apart] = [0, 0, 0];
  for (const [row, prediction] of predictions.entries()) {
    const isName = prediction === labels[row];
    const isPlace = entry(asPlace, prediction) === labels[row];
    if (isName) asNames += 1;
    if (isPlace) asPlaces += 1;
    if (isName !== isPlace) apart += 1;
  }
  if (asPlaces - asNames <= CLEARLY * Math.sqrt(apart)) return;
  const shown = outputs.slice(0, 4).join(', ');
  throw new UserError({
    what: `the predictions are integers, as the classes are: read as names ${asNames} of ${labels.length} are right, and ${asPlaces} read as places in the order ${shown}, ...`,
    where,
    fix: 'Write the name of each class in place of its index (torchvision: dataset.classes[index])',
  });
}
