import { partitionOf } from '#domain/events.ts';
import type { TextId, TweetId, UserId } from '#domain/ids.ts';
import type { DeletedBy } from '#domain/names.ts';
import type { TweetRecord } from '#domain/records.ts';
import { createCommitChanges } from '#platform/commit-changes.ts';
import { createMemoryCommits, type MemoryCommits, withCommitFaults } from '#platform/memory-commits.ts';
import type { CommitFaults } from '#platform/sqlite/database.ts';
import { createMemoryOutbox, type MemoryOutbox } from '#queue/stores/memory/outbox.ts';
import type { TailRequest, TweetTail } from '../tweets.ts';
import type {
  Authorship,
  Deletion,
  Inserted,
  OpenedTweetsStore,
  TweetInsert,
  TweetsStore,
} from '../tweets-store.ts';

/** A tweet or comment. A deleted one keeps its author, and nothing of its text. */
interface Row {
  /** Of a tweet or a comment. */
  record: TweetRecord<number>;
  /** Of its event on topic `tweets`; comments have none. */
  position: number;
  deletedBy: DeletedBy | null;
}

interface Key {
  bodyHash: string;
  tweetId: TweetId;
  firstUsed: number;
}

interface Data {
  /** By id, in the order of writing. */
  rows: Map<number, Row>;
  byAuthor: Map<UserId, Row[]>;
  /** Comments that still have their text, by tweet. */
  comments: Map<TweetId, Row[]>;
  /** Deleted tweets that have such comments. */
  deletedThreads: Map<TweetId, DeletedBy>;
  /** Ids of comments that were removed before they were written. */
  neverWritten: Set<number>;
  keys: Map<UserId, Map<string, Key>>;
}

export interface MemoryTweetsBackend {
  /** Opens one more handle. `faults` are those of the process that holds it. */
  open(faults?: CommitFaults): OpenedTweetsStore;
}

/** A tweets store in this process's memory. All its open handles share everything. */
export function createMemoryTweetsBackend(): MemoryTweetsBackend {
  const commits = createMemoryCommits();
  const outbox = createMemoryOutbox({ commits, topics: ['tweets'] });
  const { source, changed } = createCommitChanges(commits);
  const data: Data = {
    rows: new Map(),
    byAuthor: new Map(),
    comments: new Map(),
    deletedThreads: new Map(),
    neverWritten: new Set(),
    keys: new Map(),
  };
  return {
    open(faults) {
      const handle = withCommitFaults(commits, faults);
      return {
        log: outbox.log,
        highWater: commits.highWater,
        close: async () => {},
        changes: source,
        ...createTweetChanges({ data, commits: handle, outbox, changed }),
        ...createKeyChanges(data, handle),
        ...createReads(data),
      };
    },
  };
}

function exists({ record, deletedBy }: Row, { rows }: Data): boolean {
  if (deletedBy !== null) return false;
  return record.rootId === null || rows.get(record.rootId)?.deletedBy === null;
}

function insert(data: Data, row: Row): void {
  const { id, author, rootId } = row.record;
  data.rows.set(id, row);
  listIn(data.byAuthor, author).push(row);
  if (rootId !== null) listIn(data.comments, rootId).push(row);
}

function listIn<T>(lists: Map<number, T[]>, key: number): T[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}

interface ChangesDeps {
  data: Data;
  commits: MemoryCommits;
  outbox: MemoryOutbox;
  changed: (id: number) => void;
}

type TweetChanges = Pick<
  TweetsStore,
  'insertTweet' | 'removeTweet' | 'insertComment' | 'removeComments' | 'eraseAuthor' | 'sweepComments'
>;

function createTweetChanges({ data, commits, outbox, changed }: ChangesDeps): TweetChanges {
  const { rows, comments, deletedThreads, neverWritten, keys } = data;

  function announce(
    type: 'tweet.posted' | 'tweet.deleted',
    record: TweetRecord<number>,
    of: EventDetails,
  ): number {
    const { id: entityId, author, version: entityVersion } = record;
    const who = { key: author, actorId: author };
    return outbox.append({ topic: 'tweets', type, entityId, entityVersion, itemId: 0, ...who, ...of })
      .position;
  }

  function insertTweet({ tweet, idempotency, now, keysSince, traceId }: TweetInsert): Inserted {
    const earlier = idempotency && keys.get(tweet.author)?.get(idempotency.key);
    if (earlier && earlier.firstUsed >= keysSince) {
      if (earlier.bodyHash !== idempotency?.bodyHash) return { outcome: 'mismatch' };
      return { outcome: 'repeated', tweetId: earlier.tweetId };
    }
    if (idempotency !== null) {
      const { key, bodyHash } = idempotency;
      const used = { bodyHash, tweetId: tweet.id, firstUsed: now };
      keys.set(tweet.author, (keys.get(tweet.author) ?? new Map<string, Key>()).set(key, used));
    }
    const record = structuredClone(tweet);
    insert(data, {
      record,
      position: announce('tweet.posted', record, { time: tweet.time, traceId }),
      deletedBy: null,
    });
    return { outcome: 'inserted', tweetId: tweet.id };
  }

  function overwrite(row: Row, by: DeletedBy): void {
    const { id, author, kind, parentId, rootId, visibility, version, time } = row.record;
    row.record = {
      ...{ id, author, kind, parentId, rootId, visibility, version: version + 1, time },
      ...{ quoteOf: null, lang: null, labels: [], appId: null, content: '', images: [] },
      entities: { mentions: [], hashtags: [], links: [] },
    };
    row.deletedBy = by;
    changed(id);
    if (rootId === null) return;
    const left = comments.get(rootId)!.filter((comment) => comment !== row);
    comments.set(rootId, left);
    if (left.length === 0) deletedThreads.delete(rootId);
  }

  /** Deletes a tweet. The comments on it are hidden from now on; the sweeper overwrites their texts. */
  function deleteTweet(row: Row, { by, now, traceId }: Deletion): void {
    const { id } = row.record;
    overwrite(row, by);
    announce('tweet.deleted', row.record, { time: now, traceId });
    if ((comments.get(id) ?? []).length > 0) deletedThreads.set(id, by);
  }

  function eraseSome({ author, limit, ...deletion }: { author: UserId; limit: number } & Deletion) {
    const own = data.byAuthor.get(author) ?? [];
    const found = own.filter(({ deletedBy }) => deletedBy === null).slice(0, limit);
    const media = new Set(found.flatMap(({ record }) => record.images.map(({ image }) => image)));
    for (const row of found) {
      if (row.record.kind === 'tweet') deleteTweet(row, deletion);
      else overwrite(row, deletion.by);
    }
    const done = found.length < limit;
    if (done) keys.delete(author);
    return { done, media: [...media] };
  }

  return {
    insertTweet: (request) => commits.write(() => insertTweet(request)),
    removeTweet: ({ tweetId, author, ...deletion }) =>
      commits.write(() => {
        const row = rows.get(tweetId);
        if (row === undefined || row.record.kind !== 'tweet' || row.record.author !== author) return 'absent';
        if (row.deletedBy !== null) return 'already';
        deleteTweet(row, deletion);
        return 'removed';
      }),
    insertComment: (comment) =>
      commits.write(() => {
        if (rows.has(comment.id) || neverWritten.has(comment.id)) return 'repeated';
        const tweet = rows.get(comment.rootId!);
        if (tweet?.record.kind !== 'tweet' || tweet.deletedBy !== null) return 'no_tweet';
        insert(data, { record: structuredClone(comment), position: 0, deletedBy: null });
        return 'inserted';
      }),
    removeComments: ({ commentIds, by }) =>
      commits.write(() => {
        for (const id of commentIds) {
          const row = rows.get(id);
          if (row === undefined) neverWritten.add(id);
          else if (row.record.kind === 'comment' && row.deletedBy === null) overwrite(row, by);
        }
      }),
    eraseAuthor: (request) => commits.write(() => eraseSome(request)),
    sweepComments: ({ limit }) =>
      commits.write(() => {
        const left = [...deletedThreads].flatMap(([id, by]) => comments.get(id)!.map((row) => ({ row, by })));
        for (const { row, by } of left.slice(0, limit)) overwrite(row, by);
        return left.length > limit;
      }),
  };
}

interface EventDetails {
  time: number;
  traceId: string;
}

function createKeyChanges({ keys }: Data, commits: MemoryCommits): Pick<TweetsStore, 'pruneKeys'> {
  return {
    pruneKeys: ({ before, limit }) =>
      commits.write(() => {
        const all = [...keys.values()].flatMap((own) => [...own].map(([name, key]) => ({ own, name, key })));
        const old = all.filter(({ key }) => key.firstUsed < before).slice(0, limit);
        for (const { own, name } of old) own.delete(name);
        return old.length === limit;
      }),
  };
}

type Reads = Pick<TweetsStore, 'get' | 'authorsOf' | 'byAuthor' | 'tails' | 'counts' | 'scan'>;

function createReads(data: Data): Reads {
  const { rows } = data;
  const rowsOf = (ids: readonly number[]) => ids.flatMap((id) => rows.get(id) ?? []);

  /** Newest first. */
  function tweetsOf(author: UserId, keep: (row: Row) => boolean = () => true): TweetId[] {
    const own = (data.byAuthor.get(author) ?? []).filter(
      (row) => row.record.kind === 'tweet' && row.deletedBy === null && keep(row),
    );
    return own.map(({ record }) => record.id).sort((a, b) => b - a);
  }

  function tail(author: UserId, request: TailRequest): TweetTail[] {
    const { before, atLeast, afterPositions, limit } = request;
    const after = afterPositions?.[partitionOf(author)] ?? 0;
    const ids = tweetsOf(author, ({ record, position }) => {
      return position > after && record.id >= atLeast && (before === null || record.id < before);
    });
    return ids.length === 0 ? [] : [{ author, ids: ids.slice(0, limit), truncated: ids.length > limit }];
  }

  return {
    get: async <Id extends TextId>({ ids }: { ids: readonly Id[] }) =>
      rowsOf(ids)
        .filter((row) => exists(row, data))
        .map(({ record }) => record as TweetRecord<Id>),
    authorsOf: async ({ ids }) =>
      rowsOf(ids).map(
        (row): Authorship => ({
          id: row.record.id,
          author: row.record.author,
          deleted: !exists(row, data),
        }),
      ),
    byAuthor: async ({ author, before, limit }) =>
      tweetsOf(author, ({ record }) => before === null || record.id < before).slice(0, limit),
    tails: async (request) => request.authors.flatMap((author) => tail(author, request)),
    counts: async ({ authors }) => authors.map((author) => ({ author, count: tweetsOf(author).length })),
    async scan({ after, limit }) {
      const ids = [...rows.keys()].filter((id) => id > after).sort((a, b) => a - b);
      const page = rowsOf(ids.slice(0, limit));
      const tweets = page.filter(({ record, deletedBy }) => record.kind === 'tweet' && deletedBy === null);
      return {
        tweets: tweets.map(({ record: { id, author } }) => ({ id, author })),
        next: page.length < limit ? null : page.at(-1)!.record.id,
      };
    },
  };
}
