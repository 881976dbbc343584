import { notFound } from '#domain/errors.ts';
import type { Snowflake, TweetId, UserId } from '#domain/ids.ts';
import {
  mayReadPerson,
  mayShowActor,
  type Page,
  type PersonView,
  type TweetRecord,
} from '#domain/records.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';

export interface VisibilityDeps {
  tweets: Pick<Tweets, 'get'>;
  social: Pick<Social, 'view'>;
}

/** A tweet that its reader may read, and who wrote it as they stand to each other. */
export interface ReadableTweet {
  tweet: TweetRecord;
  author: PersonView;
}

interface ListRow {
  id: Snowflake;
  userId: UserId;
}
export interface VisibleList<Row extends ListRow> {
  viewer: UserId | null;
  before: Snowflake | null;
  limit: number;
  /** Rows with an id below `before`, newest first, at most `limit`. */
  read: (request: { before: Snowflake | null; limit: number }) => Promise<Row[]>;
}

export interface Visibility {
  /** Throws not_found where the tweet is gone, is a comment, or is hidden from this reader. */
  readable(request: { viewer: UserId | null; tweetId: TweetId }): Promise<ReadableTweet>;
  /** Whether this viewer is shown what that person did. */
  shows(request: { viewer: UserId | null; actor: UserId }): Promise<boolean>;
  /** A full page of those rows whose people the viewer is shown. */
  page<Row extends ListRow>(list: VisibleList<Row>): Promise<Page<Row>>;
}

/** Rounds, and rows a round, after which a page that still is not full is given as it is. */
const MOST_ROUNDS = 20;
const MOST_ROWS = 1_000;

export function createVisibility({ tweets, social }: VisibilityDeps): Visibility {
  async function visibleAmong<Row extends ListRow>(viewer: UserId | null, rows: Row[]): Promise<Row[]> {
    if (rows.length === 0) return rows;
    const views = await social.view({ viewer, userIds: [...new Set(rows.map((row) => row.userId))] });
    const shown = new Set<UserId>();
    for (const view of views) if (mayShowActor(view, viewer)) shown.add(view.userId);
    return rows.filter((row) => shown.has(row.userId));
  }

  return {
    async readable({ viewer, tweetId }) {
      const [tweet] = await tweets.get({ ids: [tweetId] });
      if (tweet === undefined || tweet.kind !== 'tweet') throw notFound();
      const [author] = await social.view({ viewer, userIds: [tweet.author] });
      if (author === undefined || !mayReadPerson(author, viewer)) throw notFound();
      return { tweet, author };
    },
    async shows({ viewer, actor }) {
      const [view] = await social.view({ viewer, userIds: [actor] });
      return view !== undefined && mayShowActor(view, viewer);
    },
    async page({ viewer, before, limit, read }) {
      const items: Awaited<ReturnType<typeof read>> = [];
      let place = before;
      // One row more than fits tells whether the list goes on. Where people are hidden, each round reads more.
      let size = limit + 1;
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const rows = await read({ before: place, limit: size });
        items.push(...(await visibleAmong(viewer, rows)));
        if (items.length > limit) return { items: items.slice(0, limit), next: items[limit - 1]!.id };
        if (rows.length < size) return { items, next: null };
        place = rows.at(-1)!.id;
        size = Math.min(size * 2, MOST_ROWS);
      }
      return { items, next: place };
    },
  };
}
