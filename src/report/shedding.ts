/** How much of each kind of thing a Markdown report shows. */
export interface Detail {
  readonly checkpoints: number;
  readonly failedChecks: number;
  readonly newClusters: number;
  readonly contactSheets: number;
  readonly imageNames: number;
  readonly knownClusters: number;
  readonly failureModes: number;
  readonly groups: number;
  readonly otherChecks: number;
  readonly howMade: number;
}

/** A report that sheds nothing. What is not shown stands in result.json. */
export const FULL_DETAIL: Detail = {
  checkpoints: 1_000,
  failedChecks: 1_000,
  newClusters: 1_000,
  contactSheets: 20,
  imageNames: 50,
  knownClusters: 1_000,
  failureModes: 2_000,
  groups: 5_000,
  otherChecks: 1_000,
  howMade: 1,
};

/** What is given up, in this order, until a report fits; each step adds to those before it and is named in the text. */
export const SHEDDING_STEPS: readonly { readonly says: string; readonly detail: Partial<Detail> }[] = [
  { says: 'checks that passed', detail: { otherChecks: 0 } },
  { says: 'groups beyond 50', detail: { groups: 50 } },
  { says: 'failure modes beyond 50', detail: { failureModes: 50 } },
  { says: 'names of images beyond 6 a cluster', detail: { imageNames: 6 } },
  { says: 'known clusters beyond 20', detail: { knownClusters: 20 } },
  { says: 'new clusters beyond 50', detail: { newClusters: 50, failedChecks: 50 } },
  { says: 'all groups', detail: { groups: 0 } },
  { says: 'names of images', detail: { imageNames: 0 } },
  { says: 'failure modes beyond 10', detail: { failureModes: 10 } },
  { says: 'how the run was made', detail: { howMade: 0 } },
  { says: 'checkpoints beyond 20', detail: { checkpoints: 20 } },
  {
    says: 'new clusters and failing checks beyond 10',
    detail: { newClusters: 10, failedChecks: 10, knownClusters: 5 },
  },
  { says: 'contact sheets', detail: { contactSheets: 0 } },
  { says: 'known clusters and failure modes', detail: { knownClusters: 0, failureModes: 0 } },
  { says: 'new clusters and failing checks beyond 3', detail: { newClusters: 3, failedChecks: 3 } },
  { says: 'checkpoints beyond 5', detail: { checkpoints: 5 } },
];
