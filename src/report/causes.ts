import type { ClassShare, Counterfactual, InsideOf, MovedImages, TrainingEvidence } from '../records/causes.ts';
import type { FailureEvent } from '../records/comparison.ts';
import { nameText, oneLine } from '../records/names.ts';
import { count, odds, percent } from '../records/words.ts';

/** What is known of an event's causes, a sentence or two each; raw texts. */
export function causesText({ trainingSet, counterfactual }: FailureEvent): string[] {
  return [...trainingTexts(trainingSet), ...counterfactualTexts(counterfactual)];
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

function shareOf({ inside, images }: InsideOf): string {
  return percent(images === 0 ? 0 : inside / images);
}

/** A difference from random features that chance makes less often is told as one. */
const CLEAR = 0.01;

function counterfactualTexts(tried: Counterfactual | null): string[] {
  if (tried === null) return [];
  if (tried.untested !== null) return [`Whether they mend was not tried: ${oneLine(tried.untested, 300)}.`];
  const { mend, breaks } = tried;
  if (mend === null) return ['Whether they mend was not tried: changed by nothing they are not judged as they were.'];
  const mending = `Where what the rule names is changed to what is usual among right images, ${count(mend.turned)} of ${count(mend.images)} mend; changed as much along random features, ${count(mend.turnedAtRandom)}${isClear(mend) ? '' : ': no more than chance'}.`;
  if (breaks === null) return [mending];
  const breaking = `The other way round ${count(breaks.turned)} of ${count(breaks.images)} right images break; along random features, ${count(breaks.turnedAtRandom)}${isClear(breaks) ? '' : ': no more than chance'}.`;
  return [`${mending} ${breaking}`];
}

function isClear({ turned, turnedAtRandom, pValue }: MovedImages): boolean {
  return turned > turnedAtRandom && pValue <= CLEAR;
}
