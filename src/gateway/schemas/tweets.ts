/** Tweets, their lists, and pages of them. */
import { type TBoolean, Type } from 'typebox';
import { LIMITS, WINDOWS } from '#domain/limits.ts';
import { DEGRADABLE_SERVICES } from '#domain/names.ts';
import type { ViewerState } from '#domain/records.ts';
import { PATTERNS } from '#http/schema-faults.ts';
import {
  Cursor,
  Id,
  Ids,
  NextCursor,
  named,
  namedEnum,
  nullable,
  strictObject,
  Time,
  Users,
} from './common.ts';

const TextRange = { start: Type.Integer({ minimum: 0 }), end: Type.Integer({ minimum: 0 }) };

export const Entities = Type.Object(
  {
    mentions: Type.Array(named('Mention', { ...TextRange, handle: Type.String(), userId: nullable(Id) })),
    hashtags: Type.Array(named('Hashtag', { ...TextRange, tag: Type.String() })),
    links: Type.Array(named('Link', { ...TextRange, url: Type.String() })),
  },
  {
    additionalProperties: false,
    title: 'Entities',
    description: 'Positions in UTF-16 units; `end` is exclusive.',
  },
);

export const Image = Type.Object(
  {
    image: Type.String(),
    url: Type.String(),
    width: Type.Integer(),
    height: Type.Integer(),
    alt: Type.String(),
  },
  { additionalProperties: false, title: 'Image' },
);

export const Like = Type.Object({ userId: Id, time: Time }, { additionalProperties: false, title: 'Like' });
export const Repost = named('Repost', Like.properties);
export const Comment = Type.Object(
  { commentId: Id, userId: Id, content: Type.String(), time: Time },
  { additionalProperties: false, title: 'Comment' },
);

const Count = Type.Unsafe<number | null>({
  type: ['integer', 'null'],
  minimum: 0,
  description: 'null: engagement is not available just now.',
});
/**
 * The fields of a tweet, by how long their JSON holds (`serializers.ts`): until its version changes, or which users
 * its reader may see; until its likes, comments or reposts change; for one reader. Responses have them in this order.
 */
const contentFields = {
  tweetId: Id,
  userId: Id,
  content: Type.String(),
  entities: Entities,
  images: Type.Array(Image),
  time: Time,
};
const engagementFields = {
  likes: Type.Array(Like, { maxItems: LIMITS.previewShown, description: 'The newest that you may see.' }),
  comments: Type.Array(Comment, {
    maxItems: LIMITS.previewShown,
    description: 'The newest that you may see.',
  }),
  likeCount: Count,
  commentCount: Count,
  repostCount: Count,
};
const viewerFields = { liked: Type.Boolean(), reposted: Type.Boolean() };
export const TweetViewer = named('TweetViewer', viewerFields satisfies Record<keyof ViewerState, TBoolean>);
const readerFields = {
  viewer: Type.Union([TweetViewer, Type.Null()], { description: 'null without a token.' }),
  repostedBy: Type.Array(Id, {
    description: 'In a home: who reposted it among those you follow, newest first.',
  }),
  repostTime: nullable(Time),
};
export const TweetContent = strictObject(contentFields);
export const TweetEngagement = strictObject(engagementFields);
export const TweetReader = strictObject(readerFields);

const tweetFields = { ...contentFields, ...engagementFields, ...readerFields };
export const Tweet = Type.Object(tweetFields, { additionalProperties: false, title: 'Tweet' });

/** What a response says if a part of the system is down. */
export const flaws = {
  degraded: Type.Optional(
    Type.Array(namedEnum('DegradableService', DEGRADABLE_SERVICES), {
      description: 'Services whose part is missing because they are not available.',
    }),
  ),
  partial: Type.Optional(Type.Boolean({ description: 'Something could not be checked and was left out.' })),
};
export const Flaws = strictObject(flaws);

export const TweetWithUsers = named('TweetWithUsers', { ...tweetFields, users: Users, ...flaws });
export const TweetPage = Type.Object(
  { tweets: Type.Array(Tweet), users: Users, nextCursor: NextCursor, ...flaws },
  { additionalProperties: false, title: 'TweetPage' },
);

const Window = namedEnum('Window', WINDOWS, 'Counts from the posting time; default all.');

/** For a call of several lists, some of which do not take it, so it must have no default. */
const PageLimit = Type.Integer({
  minimum: 1,
  maximum: LIMITS.pageMax,
  description: `How many at most; default ${LIMITS.pageDefault}.`,
});

/** What `GET /tweets` accepts: the top list's parameters, or `ids` alone. */
export const TweetsQuery = strictObject({
  window: Type.Optional(Window),
  cursor: Type.Optional(Cursor),
  limit: Type.Optional(PageLimit),
  ids: Type.Optional(Ids),
});

/** What `GET /{userId}/tweets` accepts. Each of its three lists takes a part of it. */
export const UserTweetsQuery = strictObject({
  followed: Type.Optional(Type.Boolean({ description: 'true: the home feed; for oneself only.' })),
  own: Type.Optional(Type.Boolean({ description: "With `followed`: one's own tweets too." })),
  order: Type.Optional(Type.Literal('top', { description: 'With `followed`: the top `k` at once.' })),
  window: Type.Optional({ ...Window, description: 'With `order=top`; default all.' }),
  k: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIMITS.topMax,
      description: `With \`order=top\`: how many; default ${LIMITS.topDefault}.`,
    }),
  ),
  cursor: Type.Optional(Cursor),
  limit: Type.Optional(PageLimit),
});

/** The text of a tweet or comment. The text rule, not this schema, answers with `invalid_text`. */
export const Content = Type.String({
  description: `1 to ${LIMITS.textGraphemes} extended grapheme clusters, at most ${LIMITS.textBytes.toLocaleString('en')} bytes of UTF-8, after NFC, LF for CRLF and CR, and trimming.`,
  examples: ['Hello, world'],
});
export const ImageName = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'The name that `/media` gave, or the file name under which you uploaded it.',
});
export const PostTweet = named('PostTweet', {
  userId: Type.Optional(Id),
  content: Content,
  images: Type.Optional(Type.Array(ImageName, { maxItems: LIMITS.imagesPerTweet, default: [] })),
});
export const PostComment = named('PostComment', { tweetId: Id, userId: Type.Optional(Id), content: Content });
export const ActOnTweet = named('ActOnTweet', { tweetId: Id, userId: Type.Optional(Id) });

/** `Idempotency-Key`: 1 to 255 printable ASCII characters. */
export const IdempotencyHeaders = strictObject({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LIMITS.idempotencyKeyCharacters,
      pattern: PATTERNS.printableAscii.pattern,
      description: 'The same key and body within 24 h: the same response, done once.',
    }),
  ),
});
