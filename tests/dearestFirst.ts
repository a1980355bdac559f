import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest: begun first, none of them is left to run alone at the end. */
const dearest = [
  'faults/campaign.test.ts',
  'action/story.test.ts',
  'action/states.test.ts',
  'cli.test.ts',
  'package.test.ts',
  'action/bundle.test.ts',
  'compare.test.ts',
  'pipeline/counterfactual.test.ts',
  'faults/exits.test.ts',
  'baseline/gitKills.test.ts',
];

/** Orders files for the shortest run, with no memory of earlier ones: a clone's first is as long as its second. */
export default class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = dearest.findIndex((name) => moduleId.endsWith(`/tests/${name}`));
      return at < 0 ? dearest.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
