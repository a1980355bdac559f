/** Work in threads, and how its progress is told. */

/**
 * A module whose default export is a pure function, run in a worker thread. `url` is the module's own
 * `import.meta.url`, so that it resolves from source and from the built package alike.
 */
export interface WorkerModule<Task, Outcome> {
  readonly url: string;
  readonly run: (task: Task) => Outcome | Promise<Outcome>;
}

/** Runs a task in some worker thread. Outcomes never depend on which, nor on how many there are. */
export type RunTask = <Task, Outcome>(worker: WorkerModule<Task, Outcome>, task: Task) => Promise<Outcome>;

/** Called as a stage goes on: `done` of `total` units. */
export type OnProgress = (stage: string, done: number, total: number) => void;
