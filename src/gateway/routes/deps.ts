/** What the routes of the five services depend on. */
import type { Engagement } from '#engagement/engagement.ts';
import type { Cursors } from '#http/cursors.ts';
import type { Media } from '#media/media.ts';
import type { Notifications } from '#notifications/notifications.ts';
import type { Clock } from '#platform/clock.ts';
import type { Social } from '#social/social.ts';
import type { Timeline } from '#timeline/timeline.ts';
import type { Tweets } from '#tweets/tweets.ts';
import type { ProfileBasicJson, Serializers } from '../serializers.ts';

export interface Services {
  tweets: Tweets;
  social: Social;
  engagement: Engagement;
  timeline: Timeline;
  notifications: Notifications;
}

export interface RouteDeps {
  services: Services;
  media: Pick<Media, 'hold'>;
  cursors: Cursors;
  serializers: Serializers;
  clock: Clock;
}

/** The `users` of a response for these users, without those that never existed. At most 1,000. */
export async function usersOf(
  { services, serializers }: Pick<RouteDeps, 'services' | 'serializers'>,
  viewer: number | null,
  userIds: readonly number[],
): Promise<Record<string, ProfileBasicJson>> {
  if (userIds.length === 0) return {};
  const users = await services.social.view({ viewer, userIds: [...new Set(userIds)] });
  return serializers.users(users);
}
