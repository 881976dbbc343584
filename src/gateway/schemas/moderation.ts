/** Reports and their resolutions. */
import { Type } from 'typebox';
import { LIMITS } from '#domain/limits.ts';
import { MODERATION_ACTS } from '#domain/names.ts';
import { Id, NextCursor, named, namedEnum, nullable, Time, Users } from './common.ts';
import { Image } from './tweets.ts';

/** The reason of a report or resolution. The text rule, not this schema, answers with `invalid_text`. */
export const Reason = Type.String({
  description: `Why: 1 to ${LIMITS.reasonGraphemes} extended grapheme clusters, with the rules of a tweet's text.`,
  examples: ['Sells things in every thread'],
});

export const ModerationAct = namedEnum(
  'ModerationAct',
  MODERATION_ACTS,
  '`dismiss`: nothing is wrong. `remove`: deletes the tweet or comment for everybody. `suspend`: suspends its author, or the user.',
);

export const Resolution = Type.Object(
  { act: ModerationAct, by: Id, reason: Type.String(), time: Time },
  { additionalProperties: false, title: 'Resolution', description: 'What a moderator did.' },
);

export const Report = Type.Object(
  {
    reportId: Id,
    tweetId: nullable(Id),
    commentId: nullable(Id),
    userId: { ...Id, description: 'Whom it concerns: the author, or the reported user.' },
    suspended: Type.Boolean({ description: 'That account is suspended.' }),
    content: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'The text of the tweet or comment as it stands; null for a user, and where it is gone.',
    }),
    images: Type.Array(Image),
    reporterId: Id,
    reason: Type.String(),
    time: Time,
    resolution: Type.Union([Resolution, Type.Null()], { description: 'null while the report is open.' }),
  },
  { additionalProperties: false, title: 'Report' },
);

export const ReportPage = named('ReportPage', {
  reports: Type.Array(Report),
  users: Users,
  nextCursor: NextCursor,
});
