/**
 * Which tweet or profile uses which picture, folded from the events of their changes. So nothing is lost between a post and
 * its pictures, or between a deletion and the pictures that it frees: whoever posts or deletes, in any process, need not
 * tell the media service.
 */
import { partitionOf, type WarbleEvent } from '#domain/events.ts';
import { LIMITS } from '#domain/limits.ts';
import { inBatches } from '#platform/batches.ts';
import type { View } from '#queue/view.ts';
import type { Social } from '#social/social.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { MediaUse } from './media.ts';

export const MEDIA_USES_VIEW = 'media-uses';
export const MEDIA_USES_TOPICS = ['tweets', 'accounts'] as const;

/** From now on `usedBy` uses these pictures and no others. */
export type UsesPatch = { usedBy: MediaUse; names: string[] }[];

export interface MediaUsesViewDeps {
  tweets: Pick<Tweets, 'get' | 'scan'>;
  social: Pick<Social, 'view' | 'scanUsers'>;
}

const SCAN_PAGE = 500;

export function createMediaUsesView({ tweets, social }: MediaUsesViewDeps): View<UsesPatch> {
  /** What these tweets use now: nothing if they are gone. */
  async function usesOfTweets(ids: number[]): Promise<UsesPatch> {
    const standing = await inBatches(ids, LIMITS.batch, (batch) => tweets.get({ ids: batch }));
    const found = new Map(standing.map((tweet) => [tweet.id, tweet]));
    return ids.map((id) => ({
      usedBy: `tweet:${id}`,
      names: found.get(id)?.images.map(({ image }) => image) ?? [],
    }));
  }

  async function usesOfUsers(ids: number[]): Promise<UsesPatch> {
    const users = await inBatches(ids, LIMITS.batch, (userIds) => social.view({ viewer: null, userIds }));
    return users.map(({ userId, picture }) => ({
      usedBy: `person:${userId}`,
      names: picture === '' ? [] : [picture],
    }));
  }

  return {
    name: MEDIA_USES_VIEW,
    topics: MEDIA_USES_TOPICS,
    async fold({ events }) {
      return [
        ...(await usesOfTweets(unique(events, (event) => event.topic === 'tweets', 'entityId'))),
        ...(await usesOfUsers(unique(events, changesPicture, 'key'))),
      ];
    },
    async scan({ partition, cursor }) {
      const [stage, after] = cursor === '' ? ['tweets', 0] : readCursor(cursor);
      if (stage === 'tweets') {
        const page = await tweets.scan({ after, limit: SCAN_PAGE });
        const mine = page.tweets.filter(({ author }) => partitionOf(author) === partition);
        const patch = withUses(await usesOfTweets(mine.map(({ id }) => id)));
        return { patch, next: page.next === null ? 'people:0' : `tweets:${page.next}` };
      }
      const page = await social.scanUsers({ after, limit: SCAN_PAGE });
      const mine = page.users.map(({ userId }) => userId).filter((id) => partitionOf(id) === partition);
      const patch = withUses(await usesOfUsers(mine));
      return { patch, next: page.next === null ? null : `people:${page.next}` };
    },
  };
}

function changesPicture(event: WarbleEvent): boolean {
  return event.type === 'profile.changed' || event.type === 'account.changed';
}

function unique(
  events: readonly WarbleEvent[],
  wanted: (event: WarbleEvent) => boolean,
  field: 'entityId' | 'key',
): number[] {
  return [...new Set(events.filter(wanted).map((event) => event[field]))];
}

function withUses(patch: UsesPatch): UsesPatch {
  return patch.filter(({ names }) => names.length > 0);
}

function readCursor(cursor: string): [string, number] {
  const [stage, after] = cursor.split(':') as [string, string];
  return [stage, Number(after)];
}
