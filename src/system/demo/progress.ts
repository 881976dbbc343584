/** Reports the progress of long work on standard error, at most ten times. */
export function createProgress(what: string, total: number): (done: number) => void {
  const started = performance.now();
  let told = 0;
  return (done) => {
    const tenth = Math.floor((done / Math.max(1, total)) * 10);
    if (tenth <= told) return;
    told = tenth;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.error(`  ${what}: ${Math.round((done / total) * 100)}% of ${total}, ${seconds} s`);
  };
}
