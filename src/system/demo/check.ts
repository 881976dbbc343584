/** Compares every home and every top list of a loaded community with a plain computation over its actions. */
import { deepStrictEqual } from 'node:assert';
import { type Snowflake, snowflakeTime, type TweetId, type UserId } from '#domain/ids.ts';
import { LIMITS, WINDOW_MS, WINDOWS, type Window } from '#domain/limits.ts';
import type { Services } from '../system.ts';
import type { Loaded } from './load.ts';

export interface CheckDeps {
  services: Services;
  loaded: Loaded;
  now_ms: number;
  onProgress: (done: number, of: number) => void;
}

export interface Checked {
  homes: number;
  homeTweets: number;
  topLists: number;
}

/** Throws AssertionError at the first difference. */
export async function checkCommunity({ services, loaded, now_ms, onProgress }: CheckDeps): Promise<Checked> {
  const community = await plainCommunity(services, loaded);
  const checked: Checked = { homes: 0, homeTweets: 0, topLists: 0 };
  for (const window of WINDOWS) {
    const ranked = rank(community, loaded.tweets, window, now_ms).slice(0, LIMITS.globalTop);
    deepStrictEqual(await wholeTop(services, window), ranked, `the top list of window ${window}`);
    checked.topLists++;
  }
  for (const reader of loaded.userIds) {
    const expected = plainHome(community, reader);
    deepStrictEqual(await wholeHome(services, reader), expected, `the home of ${reader}`);
    checked.homes++;
    checked.homeTweets += expected.length;
    const followees = community.followees.get(reader) ?? new Set();
    const theirs = loaded.tweets.filter((tweet) => followees.has(tweet.author));
    for (const window of WINDOWS) {
      const top = await services.timeline.homeTop({ reader, window, k: LIMITS.topMax, own: false });
      const expectedTop = rank(community, theirs, window, now_ms).slice(0, LIMITS.topMax);
      deepStrictEqual(
        top.items.map((item) => item.tweetView.tweet.id),
        expectedTop,
        `the home's top list of ${reader}, window ${window}`,
      );
      checked.topLists++;
    }
    onProgress(checked.homes, loaded.userIds.length);
  }
  return checked;
}

interface PlainCommunity {
  followees: Map<UserId, Set<UserId>>;
  followers: Map<UserId, number>;
  likes: Map<TweetId, number>;
  authorOf: Map<TweetId, UserId>;
  /** Everything that belongs in a home, newest first. */
  activities: { id: Snowflake; actor: UserId; tweetId: TweetId; repost: boolean }[];
}

async function plainCommunity(services: Services, loaded: Loaded): Promise<PlainCommunity> {
  const followees = new Map<UserId, Set<UserId>>();
  for (const { follower, followee } of loaded.follows)
    entry(followees, follower, () => new Set()).add(followee);
  const followers = new Map<UserId, number>();
  for (const set of followees.values()) for (const id of set) followers.set(id, (followers.get(id) ?? 0) + 1);
  const likers = new Map<TweetId, Set<UserId>>();
  for (const { tweetId, actor } of loaded.likes) entry(likers, tweetId, () => new Set()).add(actor);
  const activities = loaded.tweets.map(({ tweetId, author }) => ({
    id: tweetId,
    actor: author,
    tweetId,
    repost: false,
  }));
  for (const { tweetId, userId, id } of await allReposts(services, loaded)) {
    activities.push({ id, actor: userId, tweetId, repost: true });
  }
  return {
    followees,
    followers,
    likes: new Map([...likers].map(([tweetId, set]) => [tweetId, set.size])),
    authorOf: new Map(loaded.tweets.map(({ tweetId, author }) => [tweetId, author])),
    activities: activities.sort((a, b) => b.id - a.id),
  };
}

/** Checks that the right users reposted the right tweets; the ids of reposts are known to the service only. */
async function allReposts(services: Services, loaded: Loaded) {
  const wanted = new Set(loaded.reposts.map(({ tweetId, actor }) => `${tweetId} ${actor}`));
  const found = [];
  for (const tweetId of new Set(loaded.reposts.map((repost) => repost.tweetId))) {
    let before: Snowflake | null = null;
    do {
      const page = await services.engagement.reposts({
        tweetId,
        viewer: null,
        before,
        limit: LIMITS.pageMax,
      });
      found.push(...page.items);
      before = page.next;
    } while (before !== null);
  }
  deepStrictEqual(new Set(found.map(({ tweetId, userId }) => `${tweetId} ${userId}`)), wanted, 'the reposts');
  return found;
}

/** Tweets and their reposters: each tweet once, at its newest activity by a followee. */
function plainHome({ followees, activities }: PlainCommunity, reader: UserId): [TweetId, UserId[]][] {
  const circle = followees.get(reader) ?? new Set();
  const home = new Map<TweetId, UserId[]>();
  for (const { actor, tweetId, repost } of activities) {
    if (!circle.has(actor)) continue;
    const by = entry(home, tweetId, () => []);
    if (repost) by.push(actor);
  }
  return [...home];
}

async function wholeHome(services: Services, reader: UserId): Promise<[TweetId, UserId[]][]> {
  const home: [TweetId, UserId[]][] = [];
  let position = null;
  do {
    const page = await services.timeline.home({ reader, own: false, position, limit: LIMITS.pageMax });
    home.push(
      ...page.items.map((item): [TweetId, UserId[]] => [
        item.tweetView.tweet.id,
        item.repostedBy.map(({ userId }) => userId),
      ]),
    );
    position = page.next;
  } while (position !== null);
  return home;
}

function rank(
  { likes, followers, authorOf }: PlainCommunity,
  tweets: readonly { tweetId: TweetId }[],
  window: Window,
  now_ms: number,
): TweetId[] {
  const oldest_ms = now_ms - WINDOW_MS[window];
  const weight = (tweetId: TweetId) => ({
    likes: likes.get(tweetId) ?? 0,
    followers: followers.get(authorOf.get(tweetId)!) ?? 0,
  });
  return tweets
    .map(({ tweetId }) => tweetId)
    .filter((tweetId) => snowflakeTime(tweetId) >= oldest_ms)
    .sort((a, b) => {
      const [left, right] = [weight(a), weight(b)];
      return right.likes - left.likes || right.followers - left.followers || b - a;
    });
}

async function wholeTop(services: Services, window: Window): Promise<TweetId[]> {
  const ids: TweetId[] = [];
  let position = null;
  do {
    const page = await services.timeline.top({ viewer: null, window, position, limit: LIMITS.pageMax });
    ids.push(...page.items.map((item) => item.tweetView.tweet.id));
    position = page.next;
  } while (position !== null);
  return ids;
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
