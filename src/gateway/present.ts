/**
 * From the services' records to the JSON of the API. A feed is put together from fragments that are kept: a tweet
 * with its counts and previews, a person's head. A fragment is checked against the record before it is used, so
 * that no kept one can show what is not so any more; what differs from reader to reader is added to it.
 *
 * Fragments are bytes of UTF-8 in strings of one byte a character ("latin1"): joining and sending such strings is
 * copying, whatever script the texts are in. 20 tweets with three likes and comments each and 60 people (23 KB) took
 * 93 µs with every part formatted or looked up in an LRU cache and encoded at the end, 33 to 45 µs of CPU so; 20
 * tweets with one like each and 40 people (12 KB) 17 to 19 µs (Node 26, two cores busy with other work).
 */
import type { PersonHead, TweetRecord } from '#contract/records.ts';
import type { FeedItem, FeedPage } from '#timeline/timeline.ts';
import { createFragmentCache } from './fragment-cache.ts';
import { mediaUrl } from './media/media.ts';
import { type RawJson, rawJson } from './route.ts';
import { createTimestamps, type Timestamps } from './timestamps.ts';

export interface UserHead {
  handle: string;
  name: string;
  pictureUrl: string | null;
}

export interface Presenter {
  /** The `users` of an answer. */
  users(people: readonly PersonHead[]): Record<string, UserHead>;
  /** `{tweets, users, nextCursor}`, with `degraded` and `partial` where they apply. */
  feed(page: FeedPage<unknown>, nextCursor: string | null): RawJson;
  /** The Tweet itself with `users`. */
  tweet(page: FeedPage<unknown>): RawJson;
  /** Milliseconds since 1970 as RFC 3339. */
  time(time_ms: number): string;
}

/**
 * What a text was made of lies in the fragment itself: following the item that it came from to its record cost more
 * than the comparison, for the CPU has seldom seen either lately.
 */
interface TweetFragment extends Engagement {
  id: number;
  version: number;
  /** The tweet's own part of `json`. */
  tweet: string;
  json: string;
}
type Engagement = Pick<FeedItem, 'likeCount' | 'commentCount' | 'repostCount' | 'likes' | 'comments'>;
interface PersonFragment {
  id: number;
  handle: string;
  name: string;
  picture: string;
  json: string;
}

/** 32,768 tweets of some 800 bytes are 26 MB; at their longest 128 MB. */
const TWEETS = { bits: 15, characters: 4 * 1024 };
/** 65,536 people of some 100 bytes. */
const PEOPLE = { bits: 16, characters: 1024 };

export function createPresenter(): Presenter {
  const { format } = createTimestamps();
  const tweets = createFragmentCache<TweetFragment>(TWEETS);
  const people = createFragmentCache<PersonFragment>(PEOPLE);

  /** A tweet without its closing brace. */
  function itemJson(item: FeedItem): string {
    const { viewer, repostedBy, repostTime } = item;
    const shown = viewer === null ? 'null' : `{"liked":${viewer.liked},"reposted":${viewer.reposted}}`;
    const by = repostedBy.length === 0 ? '[]' : `["${repostedBy.join('","')}"]`;
    const at = repostTime === null ? 'null' : `"${format(repostTime)}"`;
    return `${sharedJson(item)},"viewer":${shown},"repostedBy":${by},"repostTime":${at}`;
  }

  function sharedJson(item: FeedItem): string {
    const { tweet, likeCount, commentCount, repostCount, likes, comments } = item;
    const { id, version } = tweet;
    const kept = tweets.get(id);
    const sameTweet = kept !== undefined && kept.version === version;
    if (sameTweet && sameEngagement(kept, item)) return kept.json;
    const own = sameTweet ? kept.tweet : asBytes(tweetJson(tweet, format));
    const json = flat(`{${own}${asBytes(engagementJson(item, format))}`);
    tweets.set({ id, version, likeCount, commentCount, repostCount, likes, comments, tweet: own, json });
    return json;
  }

  function personJson(person: PersonHead): string {
    const { userId: id, handle, name, picture } = person;
    const kept = people.get(id);
    if (kept?.handle === handle && kept.name === name && kept.picture === picture) return kept.json;
    const json = asBytes(`"${id}":${JSON.stringify(userHead(person))}`);
    people.set({ id, handle, name, picture, json });
    return json;
  }

  function usersJson(heads: readonly PersonHead[]): string {
    let json = '{';
    let separator = '';
    for (const head of heads) {
      json += separator + personJson(head);
      separator = ',';
    }
    return `${json}}`;
  }

  return {
    time: format,
    users: (heads) => Object.fromEntries(heads.map((head) => [String(head.userId), userHead(head)])),
    feed(page, nextCursor) {
      let json = '{"tweets":[';
      let separator = '';
      for (const item of page.items) {
        json += `${separator}${itemJson(item)}}`;
        separator = ',';
      }
      const next = nextCursor === null ? 'null' : `"${nextCursor}"`;
      json += `],"users":${usersJson(page.people)},"nextCursor":${next}${flawsJson(page)}}`;
      return rawJson(Buffer.from(json, 'latin1'));
    },
    tweet(page) {
      const item = page.items[0]!;
      const json = `${itemJson(item)},"users":${usersJson(page.people)}${flawsJson(page)}}`;
      return rawJson(Buffer.from(json, 'latin1'));
    },
  };
}

/** A text's UTF-8, one byte a character. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The same string in one piece: kept in pieces, it would be walked through each time it is used. */
function flat(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('latin1');
}

/** How somebody stands in `users`. */
export function userHead({ handle, name, picture }: PersonHead): UserHead {
  return { handle, name, pictureUrl: picture === '' ? null : mediaUrl(picture) };
}

/** Whether two readers are shown the same counts and previews of a tweet. */
function sameEngagement(a: Engagement, b: Engagement): boolean {
  if (a.likeCount !== b.likeCount || a.commentCount !== b.commentCount || a.repostCount !== b.repostCount) {
    return false;
  }
  if (a.likes.length !== b.likes.length || a.comments.length !== b.comments.length) return false;
  for (let i = 0; i < a.likes.length; i++) {
    const like = a.likes[i]!;
    const other = b.likes[i]!;
    if (like.userId !== other.userId || like.time !== other.time) return false;
  }
  for (let i = 0; i < a.comments.length; i++) {
    const comment = a.comments[i]!;
    const other = b.comments[i]!;
    if (comment.commentId !== other.commentId || comment.content !== other.content) return false;
  }
  return true;
}

/** The part of a tweet that never changes while its version does not, without braces. */
function tweetJson(tweet: TweetRecord, format: Timestamps['format']): string {
  const { id, author, content, entities, images, time } = tweet;
  const mentions = entities.mentions.map(({ start, end, handle, userId }) => ({
    start,
    end,
    handle,
    userId: userId === null ? null : String(userId),
  }));
  const { hashtags, links } = entities;
  const shown = images.map(({ image, width, height, alt }) => ({
    image,
    url: mediaUrl(image),
    width,
    height,
    alt,
  }));
  return (
    `"tweetId":"${id}","userId":"${author}","content":${JSON.stringify(content)},"entities":` +
    `${JSON.stringify({ mentions, hashtags, links })},"images":${JSON.stringify(shown)},"time":"${format(time)}"`
  );
}

/** The counts and previews of a tweet, beginning with a comma. */
function engagementJson(item: FeedItem, format: Timestamps['format']): string {
  const likes = item.likes.map(({ userId, time }) => `{"userId":"${userId}","time":"${format(time)}"}`);
  const comments = item.comments.map(
    ({ commentId, userId, content, time }) =>
      `{"commentId":"${commentId}","userId":"${userId}","content":${JSON.stringify(content)},"time":"${format(time)}"}`,
  );
  const { likeCount, commentCount, repostCount } = item;
  return (
    `,"likes":[${likes.join(',')}],"comments":[${comments.join(',')}],"likeCount":${likeCount}` +
    `,"commentCount":${commentCount},"repostCount":${repostCount}`
  );
}

/** What the page could not show. */
function flawsJson({ degraded, partial }: FeedPage<unknown>): string {
  const missing = degraded.length === 0 ? '' : `,"degraded":${JSON.stringify(degraded)}`;
  return partial ? `${missing},"partial":true` : missing;
}
