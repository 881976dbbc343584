/**
 * Turns the services' records into the JSON of the API. A feed is joined from cached fragments: tweet views and basic
 * profiles. A fragment is only used for the very value that it was made from, or for one with the same content, so no
 * cached fragment can be stale. What differs between readers is added to it.
 *
 * Each fragment is made from a value of a part of the route's schema, and its type goes with it into the response
 * (`http/json.ts`): a field that is in the schema but never sent does not compile.
 */
import type { Static } from 'typebox';
import type { ProfileBasic, TweetImage, ViewerState } from '#domain/records.ts';
import {
  arrayOf,
  completed,
  type Ending,
  endingOf,
  flat,
  type Json,
  joined,
  jsonOf,
  type Members,
  memberOf,
  membersOf,
  type Opening,
  objectOf,
  openingOf,
  type Whole,
} from '#http/json.ts';
import { type RawJson, rawJson } from '#http/route.ts';
import { createTimestamps, type Timestamps } from '#http/timestamps.ts';
import { mediaUrl } from '#media/media.ts';
import { NEVER_CHANGES } from '#platform/change-source.ts';
import { createCoherentCache } from '#platform/coherent-cache.ts';
import type { FeedItem, FeedPage, TweetView } from '#timeline/timeline.ts';
import type * as common from './schemas/common.ts';
import type * as schemas from './schemas/tweets.ts';
import { TweetViewer } from './schemas/tweets.ts';

export type ProfileBasicJson = Static<typeof common.UserHead>;
export type Users = Static<typeof common.Users>;
type Image = Static<typeof schemas.Image>;
type Tweet = Static<typeof schemas.Tweet>;
type TweetContent = Static<typeof schemas.TweetContent>;
type TweetEngagement = Static<typeof schemas.TweetEngagement>;
type TweetReader = Static<typeof schemas.TweetReader>;
type TweetPage = Static<typeof schemas.TweetPage>;
type TweetWithUsers = Static<typeof schemas.TweetWithUsers>;
type Flaws = Static<typeof schemas.Flaws>;

export interface Serializers {
  /** The `users` of a response. */
  users(users: readonly ProfileBasic[]): Users;
  /** `{tweets, users, nextCursor}`, with `degraded` and `partial` where they apply. */
  feed(page: FeedPage<unknown>, nextCursor: string | null): RawJson<TweetPage>;
  /** The Tweet itself with `users`. */
  tweet(page: FeedPage<unknown>): RawJson<TweetWithUsers>;
  /** Milliseconds since 1970 as RFC 3339. */
  time(time_ms: number): string;
}

interface TweetFragment {
  id: number;
  /** What `json` was made from. */
  tweetView: TweetView;
  /** The tweet's own part of `json`. */
  content: Members<TweetContent>;
  /** What all readers of this tweet view see. */
  json: Opening<TweetContent & TweetEngagement>;
  users: ProfileFragment[];
}
/** The values that a fragment was made from are in the fragment itself, so that comparing follows no reference. */
interface ProfileFragment {
  id: number;
  handle: string;
  name: string;
  picture: string;
  json: Members<Users>;
}

/** 32,768 tweets of some 800 bytes are 26 MB; at their longest 128 MB. */
const TWEETS = { max: 32_768, maxCharacters: 4 * 1024 };
/** 65,536 users of some 100 bytes. */
const USERS = { max: 65_536, maxCharacters: 1024 };

const VIEWER_FIELDS = Object.keys(TweetViewer.properties) as (keyof ViewerState)[];

/** What a reader did with a tweet, as a number: 0 without a reader, otherwise one bit a field. */
function stateOf(viewer: ViewerState | null): number {
  if (viewer === null) return 0;
  let state = 1;
  for (const field of VIEWER_FIELDS) state = state * 2 + (viewer[field] ? 1 : 0);
  return state;
}

interface FragmentBounds {
  max: number;
  /** Longer JSON is not cached. */
  maxCharacters: number;
}

/** A fragment is compared with its source whenever it is found, so no change can make it wrong. */
function createFragments<Fragment extends { id: number; json: string }>({
  max,
  maxCharacters,
}: FragmentBounds) {
  const fragments = createCoherentCache<number, Fragment>({ changes: [NEVER_CHANGES], max });
  return {
    get: fragments.get,
    keep(fragment: Fragment): Fragment {
      if (fragment.json.length <= maxCharacters) fragments.fill((keep) => keep(fragment.id, fragment));
      return fragment;
    },
  };
}

export function createSerializers(): Serializers {
  const { format } = createTimestamps();
  const tweets = createFragments<TweetFragment>(TWEETS);
  const users = createFragments<ProfileFragment>(USERS);
  /** For a tweet without reposts by users whom its reader follows: by what the reader did with it. */
  const endings: Ending<TweetReader>[] = [];

  /** The part of a tweet that all readers of this tweet view see. Adds the users that it names to `named`. */
  function opening(
    { tweetView, repostedBy }: FeedItem,
    named: Named,
  ): Opening<TweetContent & TweetEngagement> {
    const fragment = fragmentOf(tweetView);
    for (const user of fragment.users) nameOnce(user, named);
    for (const user of repostedBy) nameOnce(profileFragment(user), named);
    return fragment.json;
  }

  function readerMembers({ viewer, repostedBy, repostTime }: FeedItem): Members<TweetReader> {
    return membersOf<TweetReader>({
      viewer: viewer && { liked: viewer.liked, reposted: viewer.reposted },
      repostedBy: repostedBy.map(({ userId }) => String(userId)),
      repostTime: repostTime === null ? null : format(repostTime),
    });
  }

  function readerEnding(item: FeedItem): Ending<TweetReader> {
    if (item.repostedBy.length > 0) return endingOf(readerMembers(item));
    const state = stateOf(item.viewer);
    endings[state] ??= flat(endingOf(readerMembers(item)));
    return endings[state];
  }

  function fragmentOf(tweetView: TweetView): TweetFragment {
    const { tweet } = tweetView;
    const kept = tweets.get(tweet.id);
    if (kept?.tweetView === tweetView) return kept;
    const sameTweet =
      kept !== undefined &&
      kept.tweetView.tweet.version === tweet.version &&
      sameIds(kept.tweetView.hiddenMentions, tweetView.hiddenMentions);
    const content = sameTweet ? kept.content : contentMembers(tweetView, format);
    const json =
      sameTweet && sameEngagement(kept.tweetView, tweetView)
        ? kept.json
        : flat(openingOf(joined(content, engagementMembers(tweetView, format))));
    return tweets.keep({
      id: tweet.id,
      tweetView,
      content,
      json,
      users: tweetView.users.map(profileFragment),
    });
  }

  function profileFragment(user: ProfileBasic): ProfileFragment {
    const { userId: id, handle, name, picture } = user;
    const kept = users.get(id);
    if (kept?.handle === handle && kept.name === name && kept.picture === picture) return kept;
    const json = flat(memberOf(String(id), jsonOf<ProfileBasicJson>(profileBasicJson(user))));
    return users.keep({ id, handle, name, picture, json });
  }

  return {
    time: format,
    users: (heads) => Object.fromEntries(heads.map((head) => [String(head.userId), profileBasicJson(head)])),
    feed(page, nextCursor) {
      const named = createNamed();
      const shown = page.items.map(
        (item): Json<Tweet> => completed(opening(item, named), readerEnding(item)),
      );
      const lists = joined(memberOf('tweets', arrayOf(shown)), usersMember(named));
      const rest = membersOf<Omit<TweetPage, 'tweets' | 'users'>>({ nextCursor, ...flawsOf(page) });
      return rawJson<TweetPage>(objectOf(joined(lists, rest)));
    },
    tweet(page) {
      const named = createNamed();
      const item = page.items[0]!;
      const start = opening(item, named);
      const rest = joined(usersMember(named), membersOf<Flaws>(flawsOf(page)));
      return rawJson<TweetWithUsers>(completed(start, endingOf(joined(readerMembers(item), rest))));
    },
  };
}

/** The `users` of a page: those that it names. */
interface Named {
  ids: Set<number>;
  json: Members<Users>;
}

function createNamed(): Named {
  return { ids: new Set(), json: membersOf<Users>({}) };
}

function nameOnce({ id, json }: ProfileFragment, named: Named): void {
  if (named.ids.has(id)) return;
  named.ids.add(id);
  named.json = joined(named.json, json);
}

function usersMember({ json }: Named) {
  return memberOf('users', objectOf(json));
}

/** A user's entry in `users`. */
export function profileBasicJson({ handle, name, picture }: ProfileBasic): ProfileBasicJson {
  return { handle, name, pictureUrl: picture === '' ? null : mediaUrl(picture) };
}

/** Whether two tweet views have the same counts and previews. A test changes each field in turn. */
function sameEngagement(a: TweetView, b: TweetView): boolean {
  return (
    a.likeCount === b.likeCount &&
    a.commentCount === b.commentCount &&
    a.repostCount === b.repostCount &&
    sameRows(a.likes, b.likes, (one, other) => one.userId === other.userId && one.time === other.time) &&
    sameRows(a.comments, b.comments, sameComment)
  );
}

function sameComment(a: TweetView['comments'][number], b: TweetView['comments'][number]): boolean {
  return a.commentId === b.commentId && a.userId === b.userId && a.content === b.content && a.time === b.time;
}

function sameRows<Row>(a: readonly Row[], b: readonly Row[], same: (a: Row, b: Row) => boolean): boolean {
  return a.length === b.length && a.every((row, i) => same(row, b[i]!));
}

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

/** The part that stays the same while a tweet's version and its hidden mentions do. */
function contentMembers(
  { tweet, hiddenMentions }: TweetView,
  format: Timestamps['format'],
): Members<TweetContent> {
  const { id, author, content, entities, images, time } = tweet;
  return membersOf<TweetContent>({
    tweetId: String(id),
    userId: String(author),
    content,
    entities: {
      mentions: entities.mentions.map(({ start, end, handle, userId }) => ({
        start,
        end,
        handle,
        userId: userId === null || hiddenMentions.includes(userId) ? null : String(userId),
      })),
      hashtags: entities.hashtags.map(({ start, end, tag }) => ({ start, end, tag })),
      links: entities.links.map(({ start, end, url }) => ({ start, end, url })),
    },
    images: images.map(presentImage),
    time: format(time),
  });
}

/** The counts and previews of a tweet. */
function engagementMembers(tweetView: TweetView, format: Timestamps['format']): Members<TweetEngagement> {
  const { likes, comments, likeCount, commentCount, repostCount } = tweetView;
  return membersOf<TweetEngagement>({
    likes: likes.map(({ userId, time }) => ({ userId: String(userId), time: format(time) })),
    comments: comments.map(({ commentId, userId, content, time }) => ({
      commentId: String(commentId),
      userId: String(userId),
      content,
      time: format(time),
    })),
    likeCount,
    commentCount,
    repostCount,
  });
}

/** A tweet's image as JSON. */
export function presentImage({ image, width, height, alt }: TweetImage): Image {
  return { image, url: mediaUrl(image), width, height, alt };
}

/** What the page could not show; absent if there is nothing. */
function flawsOf({ degraded, partial }: FeedPage<unknown>): Whole<Flaws> {
  return { degraded: degraded.length === 0 ? undefined : degraded, partial: partial || undefined };
}
