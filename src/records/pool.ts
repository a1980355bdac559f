/**
 * What a pool of images without labels has of an event's kind: images that lie in the region of one of its clusters. It informs; no
 * check and no verdict reads it.
 */
export interface PoolEvidence {
  /** Images of the pool that could be read. */
  readonly images: number;
  /** Of them, those that lie where the event is; without those that the eval set holds too. */
  readonly inside: number;
  /** Of those inside, the ones that `table` lists, the most typical first. */
  readonly listed: number;
  /** What the listed ones look like by the most alike images of the eval set, the most frequent class first. */
  readonly looksLike: readonly { readonly className: string; readonly images: number }[];
  /** Names of the most typical, the first few. */
  readonly typical: readonly string[];
  /** Name of the list in the reports' folder, as `barlow find` writes it; null where none lies there. */
  readonly table: string | null;
  /** Name of the contact sheet beside it; null where none could be made. */
  readonly sheet: string | null;
}
