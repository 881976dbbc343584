/**
 * From the services' records to the JSON of the API. A feed is put together from fragments that are kept: a
 * tweet view, a person's head. A fragment is used for the very tweet view or head that it was made from, or for one with the same
 * content, so that no kept one can show what is not so any more; what differs from reader to reader is added to it.
 *
 * Fragments are bytes of UTF-8 in strings of one byte a character ("latin1"): joining and sending such strings is
 * copying, whatever script the texts are in. 20 tweets with three likes and comments each and 60 people (23 KB) took
 * 93 µs with every part formatted or looked up in an LRU cache and encoded at the end, 33 to 45 µs of CPU so; 20
 * tweets with one like each and 40 people (12 KB) 17 to 19 µs (Node 26, two cores busy with other work).
 */
import type { PersonHead } from '#domain/records.ts';
import { type RawJson, rawJson } from '#http/route.ts';
import { createTimestamps, type Timestamps } from '#http/timestamps.ts';
import { mediaUrl } from '#media/media.ts';
import type { FeedItem, FeedPage, TweetView } from '#timeline/timeline.ts';
import { createFragmentCache } from './fragment-cache.ts';

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

interface TweetFragment {
  id: number;
  /** What `json` was made from. */
  tweetView: TweetView;
  /** The tweet's own part of `json`. */
  tweet: string;
  /** As most readers see it, without its closing brace. */
  json: string;
  people: PersonFragment[];
}
/** What a text was made of lies in the fragment itself: it is compared without following the head that it came from. */
interface PersonFragment {
  id: number;
  handle: string;
  name: string;
  picture: string;
  json: string;
}

/** How a tweet ends that its reader did nothing with, and that nobody reposted whom they follow. */
const UNTOUCHED = ',"viewer":{"liked":false,"reposted":false},"repostedBy":[],"repostTime":null';

/** 32,768 tweets of some 800 bytes are 26 MB; at their longest 128 MB. */
const TWEETS = { bits: 15, characters: 4 * 1024 };
/** 65,536 people of some 100 bytes. */
const PEOPLE = { bits: 16, characters: 1024 };

export function createPresenter(): Presenter {
  const { format } = createTimestamps();
  const tweets = createFragmentCache<TweetFragment>(TWEETS);
  const people = createFragmentCache<PersonFragment>(PEOPLE);

  /** A tweet without its closing brace; puts whom it names into `users`. */
  function itemJson({ tweetView, viewer, repostedBy, repostTime }: FeedItem, users: Users): string {
    const fragment = fragmentOf(tweetView);
    for (const person of fragment.people) nameOnce(person, users);
    const untouched = viewer !== null && !viewer.liked && !viewer.reposted;
    if (untouched && repostedBy.length === 0) return fragment.json;
    for (const person of repostedBy) nameOnce(personFragment(person), users);
    const shown = viewer === null ? 'null' : `{"liked":${viewer.liked},"reposted":${viewer.reposted}}`;
    const by = repostedBy.length === 0 ? '[]' : `["${repostedBy.map(({ userId }) => userId).join('","')}"]`;
    const at = repostTime === null ? 'null' : `"${format(repostTime)}"`;
    const shared = fragment.json.slice(0, -UNTOUCHED.length);
    return `${shared},"viewer":${shown},"repostedBy":${by},"repostTime":${at}`;
  }

  function fragmentOf(tweetView: TweetView): TweetFragment {
    const { tweet } = tweetView;
    const kept = tweets.get(tweet.id);
    if (kept?.tweetView === tweetView) return kept;
    const sameTweet =
      kept !== undefined &&
      kept.tweetView.tweet.version === tweet.version &&
      sameIds(kept.tweetView.hiddenMentions, tweetView.hiddenMentions);
    const own = sameTweet ? kept.tweet : asBytes(tweetJson(tweetView, format));
    const json =
      sameTweet && sameEngagement(kept.tweetView, tweetView)
        ? kept.json
        : flat(`{${own}${asBytes(engagementJson(tweetView, format))}${UNTOUCHED}`);
    const fragment = {
      id: tweet.id,
      tweetView,
      tweet: own,
      json,
      people: tweetView.people.map(personFragment),
    };
    tweets.set(fragment);
    return fragment;
  }

  function personFragment(person: PersonHead): PersonFragment {
    const { userId: id, handle, name, picture } = person;
    const kept = people.get(id);
    if (kept?.handle === handle && kept.name === name && kept.picture === picture) return kept;
    const fragment = {
      id,
      handle,
      name,
      picture,
      json: asBytes(`"${id}":${JSON.stringify(userHead(person))}`),
    };
    people.set(fragment);
    return fragment;
  }

  return {
    time: format,
    users: (heads) => Object.fromEntries(heads.map((head) => [String(head.userId), userHead(head)])),
    feed(page, nextCursor) {
      const users = createUsers();
      let json = '{"tweets":[';
      let separator = '';
      for (const item of page.items) {
        json += `${separator}${itemJson(item, users)}}`;
        separator = ',';
      }
      const next = nextCursor === null ? 'null' : `"${nextCursor}"`;
      json += `],"users":{${users.json}},"nextCursor":${next}${flawsJson(page)}}`;
      return rawJson(json);
    },
    tweet(page) {
      const users = createUsers();
      const item = itemJson(page.items[0]!, users);
      return rawJson(`${item},"users":{${users.json}}${flawsJson(page)}}`);
    },
  };
}

/** The `users` of a page, as far as they are named. */
interface Users {
  ids: Set<number>;
  /** Without braces. */
  json: string;
}

function createUsers(): Users {
  return { ids: new Set(), json: '' };
}

function nameOnce({ id, json }: PersonFragment, users: Users): void {
  if (users.ids.has(id)) return;
  users.ids.add(id);
  users.json += users.json === '' ? json : `,${json}`;
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
function sameEngagement(a: TweetView, b: TweetView): boolean {
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

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

/** The part of a tweet that is the same while its version and its hidden mentions are, without braces. */
function tweetJson({ tweet, hiddenMentions }: TweetView, format: Timestamps['format']): string {
  const { id, author, content, entities, images, time } = tweet;
  const mentions = entities.mentions.map(({ start, end, handle, userId }) => ({
    start,
    end,
    handle,
    userId: userId === null || hiddenMentions.includes(userId) ? null : String(userId),
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
function engagementJson(tweetView: TweetView, format: Timestamps['format']): string {
  const likes = tweetView.likes.map(({ userId, time }) => `{"userId":"${userId}","time":"${format(time)}"}`);
  const comments = tweetView.comments.map(
    ({ commentId, userId, content, time }) =>
      `{"commentId":"${commentId}","userId":"${userId}","content":${JSON.stringify(content)},"time":"${format(time)}"}`,
  );
  const { likeCount, commentCount, repostCount } = tweetView;
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
