/** What a data directory holds. Everything that must treat facts and derived data differently asks here. */

/** SQLite files of facts: nothing else has what they hold, so a server never starts without one of them. */
export const FACTS_FILES = [
  'tweets.db',
  'social.db',
  'engagement.db',
  'notifications.db',
  'gateway.db',
] as const;

/** The directory of uploaded pictures; facts too. */
export const MEDIA_DIRECTORY = 'media';

/** The directory of uploads that are under way; emptied at each start. */
export const UPLOADS_DIRECTORY = 'uploads';

/** SQLite files that can be made again from facts while the server serves. */
export const DERIVED_FILES = [
  'timeline.db',
  'top-lists.db',
  'notifications-items.db',
  'media-uses.db',
] as const;
