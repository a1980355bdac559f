/** Names of what is right. Taken for what a checkpoint answers, it would pass every image. */
const truth = /label|true|truth|target|actual|\bgt\b|gt_|_gt/i;

/** Whether a column or an array is called as what is right, and not as what is predicted. */
export function isTruth(name: string): boolean {
  return truth.test(name) && !/pred/i.test(name);
}
