/** The files of a data directory, for everything that must treat facts and derived data differently. */

/** SQLite files of facts: their content is nowhere else, so a server never starts without one of them. */
export const FACTS_FILES = [
  'tweets.db',
  'social.db',
  'engagement.db',
  'notifications.db',
  'gateway.db',
] as const;

/** The directory of uploaded pictures, which are facts too. */
export const MEDIA_DIRECTORY = 'media';

/** The directory of unfinished uploads, which each start empties. */
export const UPLOADS_DIRECTORY = 'uploads';

/** SQLite files of derived data: they can be rebuilt from facts while the server serves. */
export const DERIVED_FILES = [
  'timeline.db',
  'top-lists.db',
  'notifications-items.db',
  'media-uses.db',
] as const;
