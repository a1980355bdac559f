import { describe, expect, it } from 'vitest';
import { requiredColumn } from '../../src/evalset/table.ts';

/** What is said of a table with these columns where one is missing. */
function told(names: string, wanted: string, cell = 'x', nested: readonly string[] = []) {
  const columns = new Map(names.split(',').flatMap((name) => (name === '' ? [] : [[name, [cell]] as const])));
  const table = { file: 'a.csv', rows: 1, columns, nested: new Set(nested), where: () => '' };
  try {
    return { found: requiredColumn(table, wanted, wanted) };
  } catch (thrown) {
    return thrown;
  }
}

const rename = (role: string, near = '') => `Rename one, or set \`evalSet.columns.${role}\`${near} in the config`;
const lists =
  'Of a list of {label, score} write the first, beside the image: {"image": path, "prediction": result[0]["label"], "confidence": result[0]["score"]}; of a list of scores, one column per class, called as the class: {"image": path, "cat": 0.9, "dog": 0.1}';
const right = 'Give what the checkpoint answers in a column "prediction": labels are what is right';
const timm = 'If "label" is what the model answers (as of timm\'s inference.py), call it prediction';
const correct = 'Call it failed and turn it round: df["failed"] = ~df["correct"]';
const commas = 'Separate the fields by commas';
const header =
  'Remove the # before the names of the columns (np.savetxt: comments=""), or the lines of comment above them';
const first = 'Name the columns in the first line, such as image,prediction';
const scored = (name: string) =>
  `If "${name}" and the like are scores, say which class each is of, in the model's order: \`evalSet.classes\` in the config (barlow compare: one class per line in a file, named by --classes)`;
const likeliest = (name: string) => `If "${name}" is the likeliest class, call it prediction`;

describe('a column that is not there', () => {
  it.each<[string, string, string]>([
    ['label', 'image,Klasse', rename('label')],
    ['label', 'image,lable', rename('label', ' to "lable"')],
    ['image', 'image;label', commas],
    ['image', 'image\tlabel', commas],
    ['image', 'image|label', commas],
    ['image', 'image label', rename('image')],
    ['image', 'a;b,c', rename('image')],
    ['image', '#image,label', header],
    ['image', 'label,#x', rename('image')],
    ['image', 'a.png,cat', first],
    ['prediction', 'image,a.png', first],
    ['prediction', 'image,note', rename('prediction')],
    ['label', 'image,prob_0,prob_1', rename('label')],
    // What libraries write in place of a prediction.
    ['prediction', 'image', right],
    ['prediction', 'image,label', right],
    ['prediction', 'image,y_true,target', right],
    ['prediction', 'image,prob_0,prob_1,prob_2', scored('prob_0')],
    ['prediction', 'image,0,1', scored('0')],
    ['prediction', 'image,p10,p20', rename('prediction')],
    ['prediction', 'image,p0,p2', rename('prediction')],
    ['prediction', 'image,p0x,p1x', rename('prediction')],
    ...['pred1', 'pred_1', 'preds-1', 'prediction 1', 'PREDICTIONS_1', 'class1', 'label_1', 'top-1', 'top1'].map(
      (name): [string, string, string] => ['prediction', `image,${name},x`, likeliest(name)],
    ),
    ...['pred_10', 'xpred_1', 'pred__1', 'top_2', 'foretell1'].map((name): [string, string, string] => [
      ...(['prediction', `image,${name},x`] as const),
      rename('prediction'),
    ]),
    ...['correct', 'is_correct', 'is-correct', 'IsCorrect', 'is correct'].map((name): [string, string, string] => [
      ...(['prediction', `image,${name}`, correct] as const),
    ]),
    ['prediction', 'image,incorrect', rename('prediction')],
    ['prediction', 'image,corrected', rename('prediction')],
    ...['prob', 'probs', 'probability', 'score', 'scores', 'Logits'].map((name): [string, string, string] => [
      ...(['prediction', `image,Label,${name}`, timm] as const),
    ]),
    ['prediction', 'image,labels,prob', rename('prediction')],
    ['prediction', 'image,my_label,prob', rename('prediction')],
    ['prediction', 'image,label,proba', rename('prediction')],
    ['prediction', 'image,label,my_prob', rename('prediction')],
  ])('%s of %s', (wanted, names, fix) => {
    const shown = names.split(',').map((name) => JSON.stringify(name));
    expect(told(names, wanted)).toMatchObject({
      what: `there is no column "${wanted}"; there are ${shown.join(', ')}`,
      ...{ where: 'a.csv', fix },
    });
  });

  it('is in lists, which are no text', () => {
    expect(told('image,probs', 'prediction', ' [0.1, 0.9]')).toMatchObject({ fix: lists });
    expect(told('image,probs', 'prediction', 'x [0.1]')).toMatchObject({ fix: rename('prediction') });
    expect(told('image', 'prediction', 'x', ['scores'])).toMatchObject({
      what: 'there is no column "prediction"; there are "image", "scores"',
      fix: lists,
    });
    expect(told('image', 'label', 'x', ['scores'])).toMatchObject({ fix: rename('label') });
  });

  it('is there, and holds lists', () => {
    const what = (name: string) => `column "${name}" holds lists, objects or bytes in place of text`;
    const text = 'Write text, numbers or booleans there';
    expect(told('image', 'label', 'x', ['label'])).toMatchObject({ what: what('label'), where: 'a.csv', fix: text });
    expect(told('image', 'prediction', 'x', ['prediction'])).toMatchObject({
      ...{ what: what('prediction'), where: 'a.csv', fix: `${text}. ${lists}` },
    });
  });

  it('is told among twelve that are', () => {
    const names = Array.from({ length: 12 }, (_, at) => `c${String.fromCharCode(97 + at)}`);
    const shown = names.map((name) => JSON.stringify(name)).join(', ');
    expect(told(names.join(), 'label')).toMatchObject({ what: `there is no column "label"; there are ${shown}` });
    expect(told([...names, 'x'].join(), 'label')).toMatchObject({
      what: `there is no column "label"; there are ${shown} and 1 more`,
    });
    expect(told('image', 'image')).toEqual({ found: ['x'] });
  });
});
