/** Runs a job that holds `bytes` bytes once there is room for it. */
export type Limiter = <Outcome>(bytes: number, job: () => Promise<Outcome>) => Promise<Outcome>;

/**
 * Keeps at most `jobs` jobs and, unless one alone exceeds it, `bytes` bytes in flight; jobs start in the order they
 * are handed in. After a job has failed no other starts.
 */
export function limiter(jobs: number, bytes: number): Limiter {
  const waiting: { bytes: number; start: () => void }[] = [];
  let running = 0;
  let held = 0;
  let failed = false;
  const startNext = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (failed || running >= jobs || (running > 0 && held + next.bytes > bytes)) return;
      waiting.shift();
      next.start();
    }
  };
  return (cost, job) =>
    new Promise((resolve, reject) => {
      const start = async () => {
        running++;
        held += cost;
        try {
          resolve(await job());
        } catch (error) {
          failed = true;
          reject(error);
        }
        running--;
        held -= cost;
        startNext();
      };
      waiting.push({ bytes: cost, start });
      startNext();
    });
}
