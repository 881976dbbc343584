/** Every limit of the domain. Request limits that a host may change are in the configuration. */
export const LIMITS = {
  /** Extended grapheme clusters and UTF-8 bytes of a tweet or comment. */
  textGraphemes: 140,
  textBytes: 1_400,
  nameGraphemes: 50,
  bioGraphemes: 160,
  /** Of the reason for a report, or for what an administrator or moderator does. */
  reasonGraphemes: 500,
  /** Extended grapheme clusters of a picture's description, too. */
  altCharacters: 1_000,
  imagesPerTweet: 4,
  handleCharacters: 15,
  passwordMin: 8,
  passwordMax: 128,
  idempotencyKeyCharacters: 255,
  idempotencyKept_ms: 24 * 3_600_000,
  followees: 5_000,
  pageDefault: 20,
  pageMax: 100,
  topDefault: 10,
  topMax: 100,
  /** Newest likes and comments that a tweet shows, and how many are fetched because the viewer may not see all. */
  previewShown: 3,
  previewFetched: 8,
  /** How many likes, or comments, of a tweet are searched for previews where the first ones fetched are hidden. */
  previewSearched: 200,
  /** Newest followers and tweets in a profile. */
  profileList: 100,
  /** Ids in a service call; larger sets are split into several calls. */
  batch: 1_000,
  /** Activities that a cached home timeline holds. */
  homeTimeline: 800,
  /** Ids in a global top list, and how long a snapshot serves cursors. */
  globalTop: 1_000,
  topSnapshotKept_ms: 10 * 60_000,
  /** An author's best tweets kept per window. */
  authorTop: 100,
  seenLately_ms: 7 * 86_400_000,
  notificationActors: 10,
  streamsPerUser: 5,
  mediaBytes: 8 * 1024 * 1024,
  mediaPixels: 50_000_000,
  /** Width or height of a picture: the largest that JPEG and GIF allow. Decoders keep whole rows in memory. */
  mediaSide: 65_535,
  mediaUnattached_ms: 24 * 3_600_000,
  /** A session ends after this long without use, and at the latest this long after it began. */
  sessionIdle_ms: 30 * 86_400_000,
  sessionLife_ms: 365 * 86_400_000,
} as const;

/** Length of a top list's window in milliseconds; `all` has none. */
export const WINDOW_MS = {
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  all: Number.POSITIVE_INFINITY,
} as const;
export type Window = keyof typeof WINDOW_MS;
export const WINDOWS = Object.keys(WINDOW_MS) as readonly Window[];
