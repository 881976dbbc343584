import { createMemoryCommits } from '#platform/memory-commits.ts';
import { describeLog } from '../../log.conformance.ts';
import { createMemoryOutbox } from './outbox.ts';

describeLog('in memory', async () => {
  const commits = createMemoryCommits();
  const { log, append } = createMemoryOutbox({ commits, topics: ['tweets'] });
  return {
    open: async () => ({
      log,
      append: (drafts) =>
        commits.write(() => {
          for (const draft of drafts) append(draft);
        }),
      appendAndFail: (draft) =>
        commits.write(() => {
          append(draft);
          throw new Error('the fact could not be made');
        }),
      close: async () => {},
    }),
    remove: async () => {},
  };
});
