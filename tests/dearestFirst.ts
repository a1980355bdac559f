import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that share a process with others of them: they start no other process to speak of and leave nothing behind. The rest
 * have one each, which stays small: a large one takes long to start another.
 */
export const together = [
  'tests/{adapters,analysis,config,evalset,gate,images,records,statistics}/**/*.test.ts',
  'tests/{features,pictures,pipeline,report}/**/*.test.ts',
  'tests/faults/{decoration,givenFeatures,oldReports,told,wrongGreens}.test.ts',
];

/** The files that take longest: begun first, none of them is left to run alone at the end. */
const dearest = [
  'faults/campaign.test.ts',
  'action/story.test.ts',
  'cli.test.ts',
  'package.test.ts',
  'action/states.test.ts',
  'action/bundle.test.ts',
  'compare.test.ts',
  'faults/exits.test.ts',
  'baseline/gitKills.test.ts',
  'pipeline/counterfactual.test.ts',
];

/**
 * Orders files for the shortest run, with no memory of earlier ones: a clone's first is as long as its second. Those that share a
 * process follow each other.
 */
export default class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = dearest.findIndex((name) => moduleId.endsWith(`/tests/${name}`));
      return at < 0 ? dearest.length : at;
    };
    const sharing = ({ project }: TestSpecification) => (project.config.isolate ? 0 : 1);
    return (await super.sort(files)).toSorted((a, b) => sharing(a) - sharing(b) || place(a) - place(b));
  }
}
