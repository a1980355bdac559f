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
    while (!failed && waiting.length > 0 && running < jobs && (running === 0 || held + waiting[0].bytes <= bytes))
      waiting.shift()?.start();
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
