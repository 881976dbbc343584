/** How notifications of each type behave, where that is more than what they say. A new type has to say it here. */
import type { NotificationType } from '#domain/names.ts';

interface TypeRule {
  /** Those of one type and tweet (or of none) form one group while they are unread; others stand alone. */
  grouped: boolean;
  /** The same can be taken back and done again; what is not is a new one each time, as a comment is. */
  repeatable: boolean;
}

export const TYPE_RULES: Readonly<Record<NotificationType, TypeRule>> = {
  like: { grouped: true, repeatable: true },
  comment: { grouped: false, repeatable: false },
  repost: { grouped: true, repeatable: true },
  mention: { grouped: false, repeatable: false },
  follow: { grouped: true, repeatable: true },
  followRequest: { grouped: false, repeatable: true },
  // Unread tweets become one group when they are read (`tweetGroup`); a bell's stand alone.
  tweet: { grouped: false, repeatable: false },
};
