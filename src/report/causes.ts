import {
  type ClassShare,
  type Counterfactual,
  type InsideOf,
  isClear,
  type MovedImages,
  type TrainingEvidence,
} from '../records/causes.ts';
import type { FailureEvent } from '../records/comparison.ts';
import type { FeatureNames } from '../records/features.ts';
import { nameText, oneLine } from '../records/names.ts';
import { count, odds, percent } from '../records/words.ts';
import { featureLabel } from './rule.ts';

/** What is known of an event's causes, a sentence or two each; raw texts. */
export function causesText({ trainingSet, counterfactual }: FailureEvent, names: FeatureNames): string[] {
  return [...trainingTexts(trainingSet), ...counterfactualTexts(counterfactual, names)];
}

function trainingTexts(training: TrainingEvidence | null): string[] {
  if (training === null) return [];
  const { classes, untested } = training;
  const left = untested === null ? [] : [`Not looked for in the training set: ${oneLine(untested, 300)}.`];
  return [...classes.map(trainingText), ...left];
}

function trainingText({ className, evalSet, trainingSet, adjustedPValue, finding }: ClassShare): string {
  const name = nameText(className);
  const trained = `${count(trainingSet.inside)} of ${count(trainingSet.images)} training images of ${name} (${shareOf(trainingSet)})`;
  const lie = `${trained} ${trainingSet.inside === 1 ? 'lies' : 'lie'} where ${shareOf(evalSet)} of the eval set's do`;
  const chance = `by chance in ${odds(adjustedPValue)}`;
  if (finding === 'missing') return `The training set lacks such images: ${lie}; ${chance}.`;
  if (finding === 'fewer') return `The training set has fewer such images: ${lie}; ${chance}.`;
  if (finding === 'unclear') return `Too few images to say whether the training set lacks such: ${lie}; ${chance}.`;
  return `The training set has such images: ${lie}. A lack of them does not explain it.`;
}

/** How many of some images lie inside, in per cent. */
export function shareOf({ inside, images }: InsideOf): string {
  return percent(images === 0 ? 0 : inside / images);
}

function counterfactualTexts(tried: Counterfactual | null, names: FeatureNames): string[] {
  if (tried === null) return [];
  if (tried.untested !== null) return [`Whether they mend was not tried: ${oneLine(tried.untested, 300)}.`];
  const { mend, breaks } = tried;
  if (mend === null) return ['Whether they mend was not tried: changed by nothing they are not judged as they were.'];
  const changed = list(tried.features.map((feature) => featureLabel(feature, names)));
  const depends = isClear(mend) ? 'The checkpoint depends' : 'Not shown that the checkpoint depends';
  const mended = `${count(mend.turned)} of ${count(mend.images)} come right again (changed as far along random features: ${atRandom(mend)})`;
  const mending = `${depends} on ${changed} here: changed to what is usual among right images, ${mended}.`;
  if (breaks === null) return [mending];
  const broken = `${count(breaks.turned)} of ${count(breaks.images)} break (along random features: ${atRandom(breaks)})`;
  return [`${mending} Given to right images, ${broken}.`];
}

function atRandom(moved: MovedImages): string {
  return `${count(moved.turnedAtRandom)}${isClear(moved) ? '' : ', no more than chance'}`;
}

/** "a, b and c". */
function list(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
