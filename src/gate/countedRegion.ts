import { entry } from '../records/entry.ts';

/** A region that may become part of a family, with what lies in it. */
export interface CountedRegion {
  /** Numbers of its half-spaces; none: the whole group, or a neighbourhood. */
  readonly conditions: readonly number[];
  /** List of the neighbourhood, whose first `size` images it has; -1: it is none. */
  readonly list: number;
  readonly density: number;
  readonly open: number;
  readonly size: number;
  readonly expected: number;
  /** Places of its open images in `OpenImages.positions`, ascending, and of the others in `rightPositions`. */
  readonly members: readonly number[];
  readonly rightMembers: readonly number[];
}

/** Regions of one kind that are kept, the densest. */
const MOST = 4000;

/** The regions of one kind with the greatest density, each known by two numbers, in whatever order they are offered. State: those kept so far. */
export class DensestRegions {
  private kept: [density: number, i: number, j: number][] = [];
  private floor = 0;

  /** Whether a region of at most this density could be among them. */
  mayTake(most: number): boolean {
    return most >= this.floor;
  }

  offer(density: number, i: number, j: number): void {
    if (density <= 0 || density < this.floor) return;
    this.kept.push([density, i, j]);
    if (this.kept.length < 4 * MOST) return;
    this.cut();
    this.floor = entry(this.kept, MOST - 1)[0];
  }

  /** The densest first. */
  found(): [i: number, j: number][] {
    this.cut();
    return this.kept.map(([, i, j]) => [i, j]);
  }

  private cut(): void {
    this.kept.sort((a, b) => b[0] - a[0] || a[1] - b[1] || a[2] - b[2]);
    this.kept = this.kept.slice(0, MOST);
  }
}
