export { inBatches } from '#platform/batches.ts';
