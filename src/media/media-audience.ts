import type { UserId } from '#domain/ids.ts';
import { canReadUser } from '#domain/visibility.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { MediaIndex } from './media-index.ts';
import type { MediaUses } from './media-uses.ts';

export interface MediaAudienceDeps {
  index: Pick<MediaIndex, 'find'>;
  uses: Pick<MediaUses, 'usesOf'>;
  social: Pick<Social, 'view'>;
  tweets: Pick<Tweets, 'get'>;
  /** Whether somebody is a moderator who has a report of one of these tweets to resolve. */
  resolves: (request: { userId: UserId; tweetIds: number[] }) => Promise<boolean>;
}

/**
 * Who may see a picture at this moment, decided at each read: `everybody`; `some`, including this viewer; or null, not this
 * viewer.
 */
export type MediaAudience = (request: {
  name: string;
  viewer: UserId | null;
}) => Promise<'everybody' | 'some' | null>;

/** The most tweets to check for one that still exists: the view lists deleted ones only for a moment. */
const MAX_USES = 20;

/**
 * A picture may be seen by those who may see what shows it: a profile's picture by everybody whom its user has not blocked,
 * a tweet's by those who may read its author, as long as the account is active and the tweet or profile shows it. A
 * moderator sees the pictures of reported tweets and profiles in any case. A picture that nothing shows yet has a name that
 * only its owner knows; it is served to those who may read the owner's tweets.
 *
 * The view of uses says which tweets to check. It lags a little, so the use that was noted last is checked, too.
 */
export function createMediaAudience(deps: MediaAudienceDeps): MediaAudience {
  const { index, uses, social, tweets, resolves } = deps;

  /** The owner's tweets that show it now. */
  async function tweetsWith(name: string, owner: UserId, lastUse: string): Promise<number[]> {
    const noted: string[] = [lastUse, ...(await uses.usesOf({ name, limit: MAX_USES }))];
    const ids = noted
      .filter((use) => use.startsWith('tweet:'))
      .map((use) => Number(use.slice('tweet:'.length)));
    if (ids.length === 0) return [];
    const tweetsFound = await tweets.get({ ids: [...new Set(ids)] });
    return tweetsFound
      .filter(({ author, images }) => author === owner && images.some(({ image }) => image === name))
      .map(({ id }) => id);
  }

  async function isReported(name: string, viewer: UserId): Promise<boolean> {
    const row = await index.find({ name });
    if (row === undefined || row.lastUse === null) return false;
    const tweetIds = await tweetsWith(name, row.owner, row.lastUse);
    return tweetIds.length > 0 && (await resolves({ userId: viewer, tweetIds }));
  }

  async function forReader(name: string, viewer: UserId | null): ReturnType<MediaAudience> {
    const row = await index.find({ name });
    if (row === undefined) return null;
    const [owner] = await social.view({ viewer, userIds: [row.owner] });
    if (owner === undefined || owner.state !== 'active' || owner.blockedBy) return null;
    // A user who blocks another still sees the blocked user's profile.
    if (owner.picture === name) return 'everybody';
    if (!canReadUser(owner, viewer)) return null;
    if (row.lastUse === null) return 'some';
    if ((await tweetsWith(name, row.owner, row.lastUse)).length === 0) return null;
    return owner.protected ? 'some' : 'everybody';
  }

  return async ({ name, viewer }) => {
    const audience = await forReader(name, viewer);
    if (audience !== null || viewer === null) return audience;
    return (await isReported(name, viewer)) ? 'some' : null;
  };
}
