import type { ClassShare, InsideOf, TrainingEvidence } from '../records/causes.ts';
import { nameText, oneLine } from '../records/names.ts';
import { count, odds, percent } from '../records/words.ts';

/** What is known of an event's causes, a sentence or two each; raw texts. */
export function causesText(training: TrainingEvidence | null): string[] {
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

function shareOf({ inside, images }: InsideOf): string {
  return percent(images === 0 ? 0 : inside / images);
}
