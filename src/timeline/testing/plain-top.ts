/** Top lists by plain computation over a world, to compare the served ones with. */
import type { TweetId, UserId } from '#domain/ids.ts';
import { firstSnowflakeAt } from '#domain/ids.ts';
import { WINDOW_MS, type Window } from '#domain/limits.ts';
import type { World, WorldTweet } from './world.ts';

function ordered(world: World, tweets: WorldTweet[]): TweetId[] {
  const followers = new Map<UserId, number>();
  for (const { author } of tweets) followers.set(author, world.followersOf(author));
  return tweets
    .sort(
      (a, b) =>
        b.likes.size - a.likes.size || followers.get(b.author)! - followers.get(a.author)! || b.id - a.id,
    )
    .map(({ id }) => id);
}

function tweetsIn(world: World, window: Window, now: number): WorldTweet[] {
  const windowStart = window === 'all' ? 0 : firstSnowflakeAt(now - WINDOW_MS[window]);
  return [...world.items.values()].filter(
    (item) => item.kind === 'tweet' && !item.deleted && item.id >= windowStart,
  );
}

export function plainGlobalTop(world: World, window: Window, now: number, max: number): TweetId[] {
  const listed = tweetsIn(world, window, now).filter(({ author }) => {
    const user = world.users.get(author)!;
    return user.state === 'active' && !user.protected;
  });
  return ordered(world, listed).slice(0, max);
}

export function plainHomeTop(
  world: World,
  request: { reader: UserId; window: Window; own: boolean; now: number; k: number },
): TweetId[] {
  const { reader, window, own, now, k } = request;
  const me = world.users.get(reader)!;
  const mine = tweetsIn(world, window, now).filter(({ author }) => {
    if (world.users.get(author)!.state !== 'active') return false;
    return author === reader ? own : me.following.has(author) && !me.muting.has(author);
  });
  return ordered(world, mine).slice(0, k);
}
