/** Users, their relationships, and their notifications. */
import { type TSchema, Type } from 'typebox';
import {
  ACCOUNT_NOTICE_TYPES,
  AUDIENCES,
  BELL_LEVELS,
  NOTIFICATION_TYPES,
  type NotificationType as NotificationTypeName,
} from '#domain/names.ts';
import { Id, NextCursor, named, namedEnum, nullable, Time, Users } from './common.ts';
import { flaws } from './tweets.ts';

export const BellLevel = namedEnum('BellLevel', BELL_LEVELS);

const NullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });

/** Fields that are given are set, absent ones kept; null or '' clears one. */
export const ProfileChange = named('ProfileChange', {
  userId: Type.Optional(Id),
  name: Type.Optional({ ...NullableText, description: 'At most 50 grapheme clusters.' }),
  bio: Type.Optional({ ...NullableText, description: 'At most 160 grapheme clusters.' }),
  picture: Type.Optional(
    Type.Unsafe<string | null>({
      type: ['string', 'null'],
      maxLength: 255,
      description: 'The name that `/media` gave, or the file name under which you uploaded it.',
    }),
  ),
  protected: Type.Optional(
    Type.Boolean({ description: 'Followers need your consent, and only they read your tweets.' }),
  ),
});

export const ProfileViewer = named('ProfileViewer', {
  following: Type.Boolean(),
  followedBy: Type.Boolean(),
  requested: Type.Boolean(),
  blocking: Type.Boolean(),
  muting: Type.Boolean(),
  bell: BellLevel,
});
export const Profile = Type.Object(
  {
    userId: Id,
    handle: Type.String(),
    name: Type.String(),
    bio: Type.String(),
    picture: Type.String(),
    pictureUrl: nullable(Type.String()),
    protected: Type.Boolean(),
    followers: Type.Array(Id, { maxItems: 100, description: 'Newest first; public ones only.' }),
    followersCursor: NextCursor,
    tweets: Type.Array(Id, { maxItems: 100, description: 'Newest first.' }),
    tweetsCursor: NextCursor,
    followerCount: Type.Integer({ minimum: 0 }),
    followingCount: Type.Integer({ minimum: 0 }),
    tweetCount: nullable(
      Type.Integer({ minimum: 0, description: 'null: tweets are not available just now.' }),
    ),
    viewer: Type.Union([ProfileViewer, Type.Null()], { description: 'null without a token.' }),
    users: Users,
    degraded: flaws.degraded,
  },
  { additionalProperties: false, title: 'Profile' },
);

export const NotificationType = namedEnum('NotificationType', [
  ...NOTIFICATION_TYPES,
  ...ACCOUNT_NOTICE_TYPES,
]);
export const Notification = Type.Object(
  {
    id: Id,
    type: NotificationType,
    actors: Type.Array(Id, {
      maxItems: 10,
      description: 'Newest first; none for `signIn` and `passwordChanged`.',
    }),
    actorCount: Type.Integer({ minimum: 0 }),
    tweetId: nullable(Id),
    commentId: nullable(Id),
    time: Time,
    read: Type.Boolean(),
  },
  { additionalProperties: false, title: 'Notification' },
);
export const NotificationPage = named('NotificationPage', {
  notifications: Type.Array(Notification),
  unread: Type.Integer({ minimum: 0 }),
  users: Users,
  nextCursor: NextCursor,
  partial: flaws.partial,
});

const Audience = namedEnum('Audience', AUDIENCES);
const TypeSettings = named('TypeSettings', {
  audience: Audience,
  channels: named('Channels', { inApp: Type.Boolean() }),
});
const TypeSettingsChange = named('TypeSettingsChange', {
  audience: Type.Optional(Audience),
  channels: Type.Optional(named('ChannelsChange', { inApp: Type.Optional(Type.Boolean()) })),
});

/** The same schema for each type of notification that can be turned off. */
function byType<Of extends TSchema>(schema: Of) {
  const fields = NOTIFICATION_TYPES.map((type) => [type, schema]);
  return Object.fromEntries(fields) as Record<NotificationTypeName, Of>;
}

export const Settings = named('Settings', { types: named('SettingsByType', byType(TypeSettings)) });
/** The response of a write, which has `status` and `time` too. */
export const ChangedSettings = named('ChangedSettings', Settings.properties);
export const SettingsChange = named('SettingsChange', {
  types: named('SettingsChangeByType', byType(Type.Optional(TypeSettingsChange))),
});
