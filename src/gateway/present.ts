/**
 * From the services' records to the JSON of the API. Feeds are put together as text: what of a tweet, a comment or
 * a person never changes is a fragment that is kept, bounded by bytes, under its id and version.
 */
import { LRUCache } from 'lru-cache';
import type { Snowflake, UserId } from '#contract/ids.ts';
import type { PersonHead, TweetRecord } from '#contract/records.ts';
import type { FeedItem, FeedPage } from '#timeline/timeline.ts';
import { mediaUrl } from './media/media.ts';
import { type RawJson, rawJson } from './route.ts';
import { createTimestamps } from './timestamps.ts';

export interface UserHead {
  handle: string;
  name: string;
  pictureUrl: string | null;
}

export interface Presenter {
  /** The `users` of an answer, in the order given; the same person twice is one. */
  users(people: readonly PersonHead[]): Record<string, UserHead>;
  /** `{tweets, users, nextCursor}`, with `degraded` and `partial` where they apply. */
  feed(page: FeedPage<unknown>, nextCursor: string | null): RawJson;
  /** The Tweet itself with `users`. */
  tweet(page: FeedPage<unknown>): RawJson;
  /** Milliseconds since 1970 as RFC 3339. */
  time(time_ms: number): string;
}

/** Characters of JSON that are kept; a tweet's fragment has some 300. */
const TWEETS_CHARACTERS = 48 * 1024 * 1024;
const COMMENTS_CHARACTERS = 16 * 1024 * 1024;
const PEOPLE_CHARACTERS = 16 * 1024 * 1024;

interface Fragment<Of> {
  /** What the text was made of. */
  of: Of;
  json: string;
}

function fragments<Of>(most: number): LRUCache<number, Fragment<Of>> {
  return new LRUCache<number, Fragment<Of>>({
    maxSize: most,
    sizeCalculation: ({ json }) => json.length + OVERHEAD_CHARACTERS,
  });
}
/** An entry's own cost, about. */
const OVERHEAD_CHARACTERS = 100;

export function createPresenter(): Presenter {
  const { format } = createTimestamps();
  const tweets = fragments<number>(TWEETS_CHARACTERS);
  const comments = fragments<string>(COMMENTS_CHARACTERS);
  const people = fragments<PersonHead>(PEOPLE_CHARACTERS);

  function tweetFragment(tweet: TweetRecord): string {
    const kept = tweets.get(tweet.id);
    if (kept !== undefined && kept.of === tweet.version) return kept.json;
    const json = tweetJson(tweet, format(tweet.time));
    tweets.set(tweet.id, { of: tweet.version, json });
    return json;
  }

  function commentFragment(comment: FeedItem['comments'][number]): string {
    const kept = comments.get(comment.commentId);
    if (kept !== undefined && kept.of === comment.content) return kept.json;
    const json = commentJson(comment, format(comment.time));
    comments.set(comment.commentId, { of: comment.content, json });
    return json;
  }

  function personFragment(person: PersonHead): string {
    const kept = people.get(person.userId);
    if (kept !== undefined && sameHead(kept.of, person)) return kept.json;
    const { userId, handle, name, picture } = person;
    const json = `"${userId}":${JSON.stringify(userHead(person))}`;
    people.set(userId, { of: { userId, handle, name, picture }, json });
    return json;
  }

  function itemJson(item: FeedItem): string {
    let json = `{${tweetFragment(item.tweet)},"likes":[`;
    let separator = '';
    for (const like of item.likes) {
      json += `${separator}{"userId":"${like.userId}","time":"${format(like.time)}"}`;
      separator = ',';
    }
    json += '],"comments":[';
    separator = '';
    for (const comment of item.comments) {
      json += separator + commentFragment(comment);
      separator = ',';
    }
    json += `],"likeCount":${item.likeCount},"commentCount":${item.commentCount},"repostCount":${item.repostCount}`;
    json += `,"viewer":${viewerJson(item.viewer)},"repostedBy":${idsJson(item.repostedBy)}`;
    return `${json},"repostTime":${item.repostTime === null ? 'null' : `"${format(item.repostTime)}"`}`;
  }

  function usersJson(heads: readonly PersonHead[]): string {
    let json = '';
    const named = new Set<UserId>();
    for (const head of heads) {
      if (named.has(head.userId)) continue;
      named.add(head.userId);
      json += (json === '' ? '' : ',') + personFragment(head);
    }
    return `{${json}}`;
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
      json += `],"users":${usersJson(page.people)},"nextCursor":${nextCursor === null ? 'null' : `"${nextCursor}"`}`;
      return rawJson(`${json}${flawsJson(page)}}`);
    },
    tweet(page) {
      const item = page.items[0]!;
      return rawJson(`${itemJson(item)},"users":${usersJson(page.people)}${flawsJson(page)}}`);
    },
  };
}

/** How somebody stands in `users`. */
export function userHead({ handle, name, picture }: PersonHead): UserHead {
  return { handle, name, pictureUrl: picture === '' ? null : mediaUrl(picture) };
}

function sameHead(a: PersonHead, b: PersonHead): boolean {
  return a.handle === b.handle && a.name === b.name && a.picture === b.picture;
}

/** The part of a tweet that never changes while its version does not, without braces. */
function tweetJson({ id, author, content, entities, images }: TweetRecord, time: string): string {
  const mentions = entities.mentions.map(({ start, end, handle, userId }) => ({
    start,
    end,
    handle,
    userId: userId === null ? null : String(userId),
  }));
  const shown = images.map(({ image, width, height, alt }) => ({
    image,
    url: mediaUrl(image),
    width,
    height,
    alt,
  }));
  return (
    `"tweetId":"${id}","userId":"${author}","content":${JSON.stringify(content)},"entities":` +
    `${JSON.stringify({ mentions, hashtags: entities.hashtags, links: entities.links })},"images":` +
    `${JSON.stringify(shown)},"time":"${time}"`
  );
}

function commentJson(
  comment: { commentId: Snowflake; userId: UserId; content: string },
  time: string,
): string {
  const { commentId, userId, content } = comment;
  return `{"commentId":"${commentId}","userId":"${userId}","content":${JSON.stringify(content)},"time":"${time}"}`;
}

function viewerJson(viewer: FeedItem['viewer']): string {
  return viewer === null ? 'null' : `{"liked":${viewer.liked},"reposted":${viewer.reposted}}`;
}

function idsJson(ids: readonly number[]): string {
  return ids.length === 0 ? '[]' : `["${ids.join('","')}"]`;
}

/** What the page could not show. */
function flawsJson({ degraded, partial }: FeedPage<unknown>): string {
  const missing = degraded.length === 0 ? '' : `,"degraded":${JSON.stringify(degraded)}`;
  return partial ? `${missing},"partial":true` : missing;
}
